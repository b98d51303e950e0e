import os

from openstack import exceptions

from kit import NETWORKS, PORTS, STATE, TAG, check, later, made, tenon, until

b = tenon.block_storage


def status(resource, wanted='available'):
    return b.wait_for_status(resource, wanted, ['error'], interval=0.5, wait=240)


def create(**kw):
    v = b.create_volume(**kw)
    later(PORTS, lambda: (b.delete_volume(v, ignore_missing=True), b.wait_for_delete(v, interval=0.5, wait=120)))
    return status(v)


@check('zones az1 az2 az3 and the default type', 'command_line')
def volume_zones():
    have = {z['Zone Name'] for z in made.tenon_cli('availability zone list --volume')}
    assert have >= {'az1', 'az2', 'az3'}, have
    assert any(t['Name'] == 'standard' for t in made.tenon_cli('volume type list'))


@check('create in a zone, list, extend')
def volume():
    v = made.volume = create(name=TAG, size=1, availability_zone='az2')
    assert v.availability_zone == 'az2'
    assert any(x.id == v.id for x in b.volumes(name=TAG))
    b.extend_volume(v, 2)
    until('2 GiB', lambda: (lambda x: x.status == 'available' and x.size == 2)(b.get_volume(v.id)))
    assert os.path.getsize('%s/cinder/volumes/az2/volume-%s' % (STATE, v.id)) == 2 << 30


@check('snapshot, volume from snapshot, clone, delete', 'volume')
def snapshot():
    snap = b.create_snapshot(volume_id=made.volume.id, name=TAG)
    status(snap)
    v = create(name=TAG + '-snap', size=3, snapshot_id=snap.id, availability_zone='az2')
    w = create(name=TAG + '-clone', size=2, source_volume_id=made.volume.id)
    assert v.size == 3 and w.availability_zone == 'az2'
    try:
        b.delete_volume(made.volume.id)
        raise AssertionError('a volume with snapshots was deleted')
    except exceptions.BadRequestException:
        pass
    b.delete_snapshot(snap)
    b.wait_for_delete(snap, interval=0.5, wait=120)


@check('attach to a server, extend in use, second attach refused, detach', 'snapshot', 'servers')
def attach():
    c, v = tenon.compute, made.volume
    a = c.create_volume_attachment(made.server[2], volume_id=v.id)
    status(b.get_volume(v.id), 'in-use')
    att = b.get_volume(v.id).attachments[0]
    assert att['server_id'] == made.server[2].id and att['device'].startswith('/dev/'), att
    assert [x.volume_id for x in c.volume_attachments(made.server[2])] == [v.id]
    link = '%s/nova/compute2/guests/%s/virtio-%s' % (STATE, made.server[2].id, v.id[:20])
    assert os.path.getsize(link) == 2 << 30
    try:
        c.create_volume_attachment(made.server[1], volume_id=v.id)
        raise AssertionError('a second attachment was accepted')
    except exceptions.BadRequestException:
        pass
    b.post('/volumes/%s/action' % v.id, json={'os-extend': {'new_size': 4}}, microversion='3.42')
    until('4 GiB in use', lambda: (lambda x: x.status == 'in-use' and x.size == 4)(b.get_volume(v.id)))
    assert os.path.getsize(link) == 4 << 30
    c.delete_volume_attachment(v.id, made.server[2])
    status(b.get_volume(v.id))
    assert a.volume_id == v.id and not os.path.lexists(link)


@check('image to volume, volume to image')
def volume_image():
    v = create(name=TAG + '-img', size=1, image_id=tenon.image.find_image('tiny').id)
    # qcow2: of a sparse gigabyte only what was written is read, hashed and kept
    r = b.post('/volumes/%s/action' % v.id, json={'os-volume_upload_image': {
        'image_name': TAG, 'disk_format': 'qcow2', 'container_format': 'bare'}}).json()
    image = r['os-volume_upload_image']['image_id']
    later(NETWORKS, tenon.image.delete_image, image)
    until('image active', lambda: tenon.image.get_image(image).status == 'active')
