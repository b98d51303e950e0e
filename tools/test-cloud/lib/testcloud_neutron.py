"""What this test cloud changes in Neutron."""


def shorten_waits():
    """A router's port is never bound to a host under OVN. Neutron asks ten times, half a second apart, whether it is by
    now, and hands on no other port's status meanwhile; twice is enough here, and ends the same."""
    from neutron.plugins.ml2 import plugin
    plugin.MAX_PROVISIONING_TRIES = 2
