from openstack import exceptions

from kit import INTERFACES, NETWORKS, TAG, admin, check, later, made, tenon, until

n = tenon.network


@check('two networks with subnets on one router with a gateway')
def nets():
    public = n.find_network('public')
    made.router = n.create_router(name=TAG, external_gateway_info={'network_id': public.id})
    later(NETWORKS, n.delete_router, made.router)
    made.net, made.subnet = {}, {}
    for i in 1, 2:
        net = made.net[i] = n.create_network(name='%s-%d' % (TAG, i))
        later(NETWORKS, n.delete_network, net)
        sub = made.subnet[i] = n.create_subnet(name='%s-%d' % (TAG, i), network_id=net.id, ip_version=4,
                                               cidr='10.77.%d.0/24' % i)
        n.add_interface_to_router(made.router, subnet_id=sub.id)
        later(INTERFACES, n.remove_interface_from_router, made.router, subnet_id=sub.id)
    assert made.net[1].mtu == 1442, made.net[1].mtu
    gw = next(admin.network.ports(device_id=made.router.id, device_owner='network:router_gateway'))
    until('gateway bound', lambda: admin.network.get_port(gw.id).binding_vif_type == 'ovs')


@check('security groups and rules, remote group and address group')
def groups():
    made.group = {}
    for g in 'web', 'closed':
        made.group[g] = n.create_security_group(name='%s-%s' % (TAG, g))
        later(NETWORKS, n.delete_security_group, made.group[g])
    web, closed = made.group['web'].id, made.group['closed'].id
    n.create_security_group_rule(security_group_id=web, direction='ingress', protocol='tcp',
                                 port_range_min=8080, port_range_max=8080, ethertype='IPv4')
    n.create_security_group_rule(security_group_id=web, direction='ingress', protocol='icmp', ethertype='IPv4')
    n.create_security_group_rule(security_group_id=web, direction='ingress', ethertype='IPv4', protocol='udp',
                                 remote_group_id=web)
    ag = n.create_address_group(name=TAG, addresses=['10.77.1.0/24'])
    r = n.create_security_group_rule(security_group_id=closed, direction='ingress', protocol='tcp',
                                     ethertype='IPv4', port_range_min=9, port_range_max=9,
                                     remote_address_group_id=ag.id)
    n.delete_security_group_rule(r)
    n.delete_address_group(ag)


@check('extensions the project needs are loaded')
def extensions():
    have = {e.alias for e in n.extensions()}
    want = {'extraroute', 'allowed-address-pairs', 'port-security', 'security-group', 'trunk', 'trunk-details',
            'external-net', 'provider', 'availability_zone', 'network_availability_zone', 'router_availability_zone',
            'standard-attr-tag', 'standard-attr-revisions', 'quotas', 'router', 'address-group', 'qos',
            'floating-ip-port-forwarding', 'binding', 'net-mtu'}
    assert want <= have, want - have


@check('OVN controllers of the three hosts alive', 'command_line')
def agents():
    # A controller that answers the last question but one late is taken for dead until it answers.
    until('alive', lambda: {a['Host'] for a in made.admin_cli('network agent list') if a['Alive']} >=
          {'compute1', 'compute2', 'compute3'})


@check('port: allowed address pairs, port security off, tags, revision conflict', 'nets')
def port():
    p = n.create_port(network_id=made.net[1].id, name=TAG, allowed_address_pairs=[{'ip_address': '10.244.0.0/24'}])
    try:
        assert p.allowed_address_pairs[0]['ip_address'] == '10.244.0.0/24'
        n.set_tags(p, ['a', 'b'])
        assert [x.id for x in n.ports(tags='a,b')] == [p.id]
        r = n.put('/ports/' + p.id, json={'port': {'description': 'x'}}, headers={'If-Match': 'revision_number=0'})
        assert r.status_code == 412, r.status_code
        p = n.update_port(p, allowed_address_pairs=[], security_groups=[], port_security_enabled=False)
        assert p.is_port_security_enabled is False
    finally:
        n.delete_port(p)


@check('router: extra routes', 'nets')
def extra_routes():
    r = n.update_router(made.router, routes=[{'destination': '10.99.1.0/24', 'nexthop': '10.77.1.50'}])
    assert len(r.routes) == 1
    r = n.update_router(made.router, routes=[])
    assert not r.routes


@check('trunk with a VLAN subport', 'nets')
def trunk():
    parent = n.create_port(network_id=made.net[1].id, name=TAG)
    child = n.create_port(network_id=made.net[2].id, name=TAG)
    t = n.create_trunk(name=TAG, port_id=parent.id,
                       sub_ports=[{'port_id': child.id, 'segmentation_type': 'vlan', 'segmentation_id': 101}])
    try:
        n.delete_trunk_subports(t, [{'port_id': child.id}])
        n.add_trunk_subports(t, [{'port_id': child.id, 'segmentation_type': 'vlan', 'segmentation_id': 102}])
        assert n.get_trunk(t.id).sub_ports[0]['segmentation_id'] == 102
        assert n.get_port(parent.id).trunk_details['sub_ports'][0]['port_id'] == child.id
    finally:
        n.delete_trunk(t)
        n.delete_port(child)
        n.delete_port(parent)


@check('quota: limit reached gives 409 OverQuota')
def quota():
    p = admin.identity.create_project(name=TAG, domain_id='default')
    try:
        admin.network.update_quota(p.id, networks=1)
        one = admin.network.create_network(name=TAG + '-q', project_id=p.id)
        try:
            admin.network.create_network(name=TAG + '-q', project_id=p.id)
            raise AssertionError('second network was created')
        except exceptions.ConflictException as e:
            assert 'uota' in str(e)
        finally:
            admin.network.delete_network(one)
    finally:
        admin.identity.delete_project(p)
