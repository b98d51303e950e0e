from guests import Guest, blocked, fetch
from kit import USERS, check, later, made, sh, tenon, until

n = tenon.network


@check('guests plugged in: ports become ACTIVE', 'nets', 'groups', 'servers')
def guests():
    made.a, made.b = Guest('a', 1), Guest('b', 1)
    made.c, made.d = Guest('c', 2), Guest('d', 2, groups=('closed',))
    # the servers in az2 and az3 get guests on their own hosts
    made.e = Guest('e', 1, host='compute2', port=n.get_port(made.server_port[2].id))
    made.f = Guest('f', 1, host='compute3', port=n.get_port(made.server_port[3].id))
    for guest in made.a, made.b, made.c, made.d, made.e, made.f:
        guest.active()


@check('ping on one network', 'guests')
def ping_here():
    until('ping', lambda: made.a.pings(made.b.address))


@check('ping across two subnets through the router', 'guests')
def ping_across():
    until('ping', lambda: made.a.pings(made.c.address))


@check('ping and TCP between hosts over the Geneve tunnel', 'guests')
def tunnel():
    # both ports hold the default group: its members reach each other
    until('ping', lambda: made.e.pings(made.f.address))
    made.f.serve(8081)
    until('http', lambda: fetch(made.e, made.f.address + ':8081') == made.f.address)


@check('security groups: TCP 8080 allowed, 8081 blocked, closed group blocks all', 'guests')
def group_rules():
    made.b.serve(8080).serve(8081)
    made.d.serve(8080)
    until('8080', lambda: fetch(made.a, made.b.address + ':8080') == made.b.address)
    assert blocked(made.a, made.b.address + ':8081')
    assert blocked(made.a, made.d.address + ':8080') and not made.a.pings(made.d.address)


@check('security groups: a new rule opens, its removal closes again', 'group_rules')
def rule_changes():
    r = n.create_security_group_rule(security_group_id=made.group['web'].id, direction='ingress', protocol='tcp',
                                     port_range_min=8081, port_range_max=8081, ethertype='IPv4')
    until('open', lambda: fetch(made.a, made.b.address + ':8081', 1) == made.b.address)
    n.delete_security_group_rule(r)
    until('closed', lambda: fetch(made.a, made.b.address + ':8081', 1) is None)


@check('allowed address pairs: a foreign source address passes only when allowed', 'ping_here')
def address_pairs():
    sh('ip', '-n', made.a.namespace, 'addr', 'add', '10.77.1.240/32', 'dev', 'eth0')

    def foreign():
        return made.a.pings(made.b.address, '-I', '10.77.1.240')
    assert not foreign()
    n.update_port(made.a.port, allowed_address_pairs=[{'ip_address': '10.77.1.240'}])
    until('allowed', foreign)
    n.update_port(made.a.port, allowed_address_pairs=[])
    until('refused again', lambda: not foreign())


@check('router extra route carries traffic to a pod network behind a guest', 'ping_across', 'extra_routes')
def routed_pods():
    # 10.99.0.1 lives inside guest b; guest b's port lets that network through
    sh('ip', '-n', made.b.namespace, 'addr', 'add', '10.99.0.1/32', 'dev', 'lo')
    n.update_port(made.b.port, allowed_address_pairs=[{'ip_address': '10.99.0.0/24'}])
    assert not made.c.pings('10.99.0.1')
    n.update_router(made.router, routes=[{'destination': '10.99.0.0/24', 'nexthop': made.b.address}])
    try:
        until('route', lambda: made.c.pings('10.99.0.1'))
    finally:
        n.update_router(made.router, routes=[])
        n.update_port(made.b.port, allowed_address_pairs=[])


@check('floating IP reachable from the host side of br-ex; TCP and ping', 'group_rules')
def floating_ip():
    f = n.create_ip(floating_network_id=n.find_network('public').id, port_id=made.b.port.id)
    later(USERS, n.delete_ip, f)
    until('ping', lambda: sh('ping', '-n', '-c', '1', '-W', '1', f.floating_ip_address, ok=False) == 0)
    until('http', lambda: fetch(None, f.floating_ip_address + ':8080') == made.b.address)


@check('guest reaches the outside through the router (source NAT)', 'guests')
def source_nat():
    until('ping', lambda: made.c.pings('172.24.4.1'))
