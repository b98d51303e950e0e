"""What this test cloud changes in Neutron."""


def shorten_waits():
    """When OVN says that a port is up, Neutron asks ten times, half a second apart, whether it is bound to a host by now,
    and hands on no other port's status meanwhile. A router's interface never is, so it is not asked for here. A router's
    gateway is bound by another event, which may take longer on a busy machine: it is asked for more often, because one
    whose binding comes too late never becomes ACTIVE."""
    from neutron.plugins.ml2 import plugin
    from neutron_lib import constants
    from neutron_lib.callbacks import registry, resources

    wait_and_activate = plugin.Ml2Plugin._port_provisioned
    plugin.MAX_PROVISIONING_TRIES = 60

    @registry.receives(resources.PORT, [plugin.provisioning_blocks.PROVISIONING_COMPLETE])
    def port_provisioned(self, rtype, event, trigger, payload=None):
        port = plugin.db.get_port(payload.context, payload.resource_id)
        if port is None or port.device_owner not in constants.ROUTER_INTERFACE_OWNERS:
            wait_and_activate(self, rtype, event, trigger, payload=payload)

    plugin.Ml2Plugin._port_provisioned = port_provisioned


def miss_no_events():
    """Neutron writes down on which host a router's way out is when the row of that port changes. OVN takes such a port
    up within milliseconds; a worker with much else to do gets row and host in one message, as a new row, of which it
    takes no notice: the port stays DOWN for ever. Here new rows count as well.

    Each event is handled by one of the workers that have shown within a minute that they live, and is lost where a
    loaded machine has let all of them be late. They get ten; those of an earlier start are forgotten at each."""
    from neutron.common.ovn import constants, utils
    from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.ovsdb_monitor import PortBindingChassisEvent as Event
    constants.HASH_RING_NODES_TIMEOUT = 600
    initialize, changed = Event.__init__, Event.match_fn

    def initialize_for_both(self, driver):
        initialize(self, driver)
        self.events += (self.ROW_CREATE,)

    def match(self, event, row, old):
        if event != self.ROW_CREATE:
            return changed(self, event, row, old)
        return bool(row.type == constants.OVN_CHASSIS_REDIRECT and row.chassis and utils.is_ovn_l3(self.l3_plugin))

    Event.__init__, Event.match_fn = initialize_for_both, match
