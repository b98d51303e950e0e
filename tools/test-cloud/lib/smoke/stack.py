from kit import TAG, check, made, tenon, until


TEMPLATE = {
    'heat_template_version': '2021-04-16',
    'resources': {
        'net': {'type': 'OS::Neutron::Net'},
        'subnet': {'type': 'OS::Neutron::Subnet',
                   'properties': {'network': {'get_resource': 'net'}, 'cidr': '10.78.0.0/24'}},
        'port': {'type': 'OS::Neutron::Port', 'depends_on': 'subnet',
                 'properties': {'network': {'get_resource': 'net'}}},
        'server': {'type': 'OS::Nova::Server',
                   'properties': {'image': 'tiny', 'flavor': 'm1.tiny', 'availability_zone': 'az1',
                                  'networks': [{'port': {'get_resource': 'port'}}]}}},
    'outputs': {'address': {'value': {'get_attr': ['server', 'first_address']}}}}


@check('a stack of network, port and server reaches CREATE_COMPLETE, then deletes', 'command_line')
def stack():
    o = tenon.orchestration
    s = o.create_stack(name=TAG, template=TEMPLATE, timeout_mins=10)

    def status():
        return made.tenon_cli('stack show ' + TAG)

    def ended():
        answer = status()
        assert not answer['stack_status'].endswith('FAILED'), answer['stack_status_reason']
        return answer['stack_status'] == 'CREATE_COMPLETE' and answer
    try:
        answer = until('CREATE_COMPLETE', ended, 300, 1)
        assert answer['outputs'][0]['output_value'].startswith('10.78.0.'), answer['outputs']
    finally:
        o.delete_stack(s)
        until('deleted', lambda: (lambda x: not x or x.status == 'DELETE_COMPLETE')(
            o.find_stack(s.id, ignore_missing=True)), 300, 1)
