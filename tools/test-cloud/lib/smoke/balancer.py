from collections import Counter

from openstack import exceptions

from guests import Guest, fetch
from kit import BALANCERS, TAG, USERS, check, later, made, tenon, until

lb = tenon.load_balancer


def settled(x, status='ACTIVE'):
    def done():
        now = lb.get_load_balancer(x.id)
        assert now.provisioning_status != 'ERROR', 'load balancer in ERROR'
        return now.provisioning_status == status and now
    return until('load balancer ' + status, done)


def drop(x):
    lb.delete_load_balancer(x, cascade=True)
    until('load balancer gone', lambda: not lb.find_load_balancer(x.id))


@check('providers: ovn, also the default', 'command_line')
def providers():
    assert 'ovn' in {p['name'] for p in made.tenon_cli('loadbalancer provider list')}


@check('load balancer, TCP listener, pool SOURCE_IP_PORT, two members', 'group_rules')
def balancer():
    x = made.lb = lb.create_load_balancer(name=TAG, vip_subnet_id=made.subnet[1].id, provider='ovn')
    later(BALANCERS, drop, x)
    made.m2 = Guest('m2', 1).serve().active()
    settled(x)
    listener = lb.create_listener(name=TAG, load_balancer_id=x.id, protocol='TCP', protocol_port=80)
    settled(x)
    made.pool = lb.create_pool(name=TAG, listener_id=listener.id, protocol='TCP', lb_algorithm='SOURCE_IP_PORT')
    settled(x)
    for member in made.b, made.m2:
        # Without a health monitor every member gets its share: it must be able to answer.
        until('member answers', lambda: fetch(made.c, member.address + ':8080') == member.address)
        lb.create_member(made.pool, address=member.address, protocol_port=8080, subnet_id=made.subnet[1].id)
        settled(x)
    assert len(list(lb.members(made.pool))) == 2


@check('VIP balances TCP connections over both members (from another network)', 'balancer')
def vip():
    members = {made.b.address, made.m2.address}

    def both():
        return {fetch(made.c, made.lb.vip_address + ':80') for _ in range(5)} & members == members
    until('both members answer at the VIP', both)
    seen = Counter(fetch(made.c, made.lb.vip_address + ':80') for _ in range(40))
    assert set(seen) == members, seen


@check('VIP reachable from a guest on the members\' own network', 'balancer')
def vip_here():
    until('vip', lambda: fetch(made.a, made.lb.vip_address + ':80'))


@check('floating IP on the VIP reachable from the host', 'balancer')
def vip_floating():
    n = tenon.network
    f = n.create_ip(floating_network_id=n.find_network('public').id, port_id=made.lb.vip_port_id)
    later(USERS, n.delete_ip, f)
    until('http', lambda: fetch(None, f.floating_ip_address + ':80') in (made.b.address, made.m2.address))


@check('UDP listener and pool on the same load balancer', 'balancer')
def udp():
    listener = lb.create_listener(name=TAG + '-udp', load_balancer_id=made.lb.id, protocol='UDP', protocol_port=53)
    settled(made.lb)
    p = lb.create_pool(name=TAG + '-udp', listener_id=listener.id, protocol='UDP', lb_algorithm='SOURCE_IP_PORT')
    settled(made.lb)
    lb.create_member(p, address='10.77.1.203', protocol_port=5353, subnet_id=made.subnet[1].id)
    settled(made.lb)


@check('ROUND_ROBIN and an HTTP listener are refused by the provider', 'udp')
def refusals():
    for call in (lambda: lb.create_listener(load_balancer_id=made.lb.id, protocol='HTTP', protocol_port=81),
                 lambda: lb.create_pool(load_balancer_id=made.lb.id, protocol='TCP', lb_algorithm='ROUND_ROBIN')):
        try:
            call()
        except exceptions.HttpException as e:
            assert e.status_code in (400, 501), e.status_code
        else:
            raise AssertionError('accepted')
        settled(made.lb)


@check('TCP health monitor: a dead member goes to ERROR and out of service', 'refusals', 'vip', 'vip_here', 'vip_floating')
def monitor():
    hm = lb.create_health_monitor(pool_id=made.pool.id, type='TCP', delay=2, timeout=1, max_retries=2,
                                  max_retries_down=2)
    settled(made.lb)
    dead = lb.create_member(made.pool, address=made.a.address, protocol_port=8080, subnet_id=made.subnet[1].id)
    settled(made.lb)
    live = (made.b.address, made.m2.address)
    want = {made.a.address: 'ERROR', live[0]: 'ONLINE', live[1]: 'ONLINE'}
    until('dead member in ERROR, live ones ONLINE', lambda: want == {
        m.address: m.operating_status for m in lb.members(made.pool)}, pause=1)
    until('live members answer', lambda: all(
        fetch(made.c, made.lb.vip_address + ':80', 2) in live for _ in range(10)))
    lb.delete_member(dead, made.pool)
    settled(made.lb)
    lb.delete_health_monitor(hm)
    settled(made.lb)


@check('cascade delete', 'nets')
def cascade():
    x = lb.create_load_balancer(name=TAG + '-x', vip_subnet_id=made.subnet[2].id)
    settled(x)
    listener = lb.create_listener(load_balancer_id=x.id, protocol='TCP', protocol_port=80)
    settled(x)
    lb.create_pool(listener_id=listener.id, protocol='TCP', lb_algorithm='SOURCE_IP_PORT')
    settled(x)
    drop(x)
    assert not list(tenon.network.ports(device_id='lb-' + x.id))
