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
