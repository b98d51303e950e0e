from openstack import exceptions
import openstack

from kit import TAG, CommandLine, check, made, tenon


@check('openstack CLI: token issue as admin and as tenon')
def command_line():
    for who in 'admin', 'tenon':
        cli = CommandLine(who)
        setattr(made, who + '_cli', cli)
        assert cli('token issue')['id']


@check('catalogue: image placement network compute load-balancer volumev3 block-storage orchestration', 'command_line')
def catalogue():
    kinds = {s['Type'] for s in made.tenon_cli('catalog list')}
    want = {'identity', 'image', 'placement', 'network', 'compute', 'load-balancer', 'volumev3',
            'block-storage', 'orchestration'}
    assert want <= kinds, want - kinds


@check('roles of tenon: member and load-balancer_member, no admin')
def roles():
    auth = tenon.session.auth.get_access(tenon.session)
    assert {'member', 'load-balancer_member'} <= set(auth.role_names) and 'admin' not in auth.role_names


@check('tenon may not list hypervisors or users (403)')
def forbidden():
    for call in (lambda: list(tenon.compute.hypervisors()), lambda: list(tenon.identity.users())):
        try:
            call()
        except exceptions.HttpException as e:
            assert e.status_code == 403, e
            continue
        raise AssertionError('was allowed')


@check('application credential: create, use, delete, refused afterwards')
def application_credential():
    uid = tenon.current_user_id
    ac = tenon.identity.create_application_credential(uid, TAG)
    args = dict(auth_type='v3applicationcredential', region_name='RegionOne', load_yaml_config=False,
                auth=dict(auth_url=tenon.config.auth['auth_url'], application_credential_id=ac.id,
                          application_credential_secret=ac.secret))
    try:
        assert list(openstack.connect(**args).network.networks())
    finally:
        tenon.identity.delete_application_credential(uid, ac)
    try:
        openstack.connect(**args).authorize()
    except exceptions.SDKException:
        return
    raise AssertionError('the deleted credential still works')
