from openstack import exceptions

from kit import TAG, USERS, admin, check, later, made, tenon, until

c = tenon.compute


@check('a server in each zone ACTIVE with address, zone and a port bound to its host', 'nets')
def servers():
    image, flavor = tenon.image.find_image('tiny'), c.find_flavor('m1.tiny')
    made.server, made.server_port = {}, {}
    for i in 1, 2, 3:
        made.server[i] = c.create_server(name='%s-%d' % (TAG, i), image_id=image.id, flavor_id=flavor.id,
                                         networks=[{'uuid': made.net[1].id}], availability_zone='az%d' % i,
                                         metadata={'role': 'node'})
        later(USERS, lambda s: (c.delete_server(s, ignore_missing=True), c.wait_for_delete(s, interval=1, wait=120)),
              made.server[i])
    for i in 1, 2, 3:
        s = made.server[i] = c.wait_for_server(made.server[i], interval=0.5, wait=240)
        assert s.status == 'ACTIVE' and s.availability_zone == 'az%d' % i, (s.status, s.availability_zone)
        address = s.addresses[made.net[1].name][0]
        assert address['addr'].startswith('10.77.1.') and address['OS-EXT-IPS:type'] == 'fixed'
        port = next(admin.network.ports(device_id=s.id))
        assert port.binding_host_id == 'compute%d' % i and port.binding_vif_type == 'ovs', \
            (port.binding_host_id, port.binding_vif_type)
        made.server_port[i] = port


@check('image active, flavors m1.tiny and m1.small', 'command_line')
def images():
    assert made.tenon_cli('image show tiny')['status'] == 'active'
    assert {'m1.tiny', 'm1.small'} <= {f['Name'] for f in made.tenon_cli('flavor list')}


@check('zones az1 az2 az3 available', 'command_line')
def zones():
    have = {z['Zone Name'] for z in made.tenon_cli('availability zone list --compute')}
    assert {'az1', 'az2', 'az3'} <= have, have


@check('server with a prepared port; stop, start, reboot, metadata, interfaces', 'nets', 'groups')
def lifecycle():
    n = tenon.network
    p = n.create_port(network_id=made.net[2].id, name=TAG + '-own', security_groups=[made.group['web'].id])
    s = c.create_server(name=TAG + '-own', image_id=tenon.image.find_image('tiny').id,
                        flavor_id=c.find_flavor('m1.small').id, networks=[{'port': p.id}])
    s = c.wait_for_server(s, interval=0.5, wait=240)

    def state(status):
        until(status, lambda: (lambda x: x.status == status and not x.task_state)(c.get_server(s.id)))
    try:
        assert n.get_port(p.id).device_id == s.id
        c.stop_server(s)
        state('SHUTOFF')
        c.start_server(s)
        state('ACTIVE')
        c.reboot_server(s, 'SOFT')
        state('ACTIVE')
        c.set_server_metadata(s, key='v')
        assert c.get_server(s.id).metadata['key'] == 'v'
        iface = c.create_server_interface(s, net_id=made.net[1].id)
        until('second interface', lambda: len(list(c.server_interfaces(s))) == 2)
        c.delete_server_interface(iface.port_id, server=s)
        until('second interface gone', lambda: len(list(c.server_interfaces(s))) == 1)
    finally:
        c.delete_server(s)
        c.wait_for_delete(s, interval=0.5, wait=120)
        assert n.get_port(p.id).device_id == ''
        n.delete_port(p)


@check('unknown zone: server goes to ERROR or is refused')
def unknown_zone():
    try:
        s = c.create_server(name=TAG + '-nozone', image_id=tenon.image.find_image('tiny').id,
                            flavor_id=c.find_flavor('m1.tiny').id, networks='none', availability_zone='az9')
    except exceptions.BadRequestException:
        return
    try:
        until('ERROR', lambda: c.get_server(s.id).status == 'ERROR')
    finally:
        c.delete_server(s)
