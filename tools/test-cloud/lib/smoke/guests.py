"""Namespaces that play guests, and what they say to each other."""
import subprocess

from kit import PORTS, TAG, TOOLS, USERS, admin, later, made, sh, tenon, until

n = tenon.network
SERVER = '''
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.0'
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(sys.argv[2].encode())
    def log_message(self, *a): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 100
    def server_bind(self):
        # the stock one asks the resolver for a name of the address, and there is none to ask
        http.server.socketserver.TCPServer.server_bind(self)
Server(('', int(sys.argv[1])), Handler).serve_forever()
'''


class Guest:
    """A guest on a port of its own, or on a server's port."""

    def __init__(self, name, net, host='compute1', groups=('web',), port=None):
        if port is None:
            port = n.create_port(network_id=made.net[net].id, name='%s-%s' % (TAG, name),
                                 security_groups=[made.group[g].id for g in groups])
            later(PORTS, n.delete_port, port)
            # without a host a port never becomes ACTIVE, though its traffic passes
            admin.network.update_port(port, binding_host_id=host)
        self.namespace, self.port, self.address = '%s-%s' % (TAG, name), port, port.fixed_ips[0]['ip_address']
        gateway = n.get_subnet(port.fixed_ips[0]['subnet_id']).gateway_ip
        sh(TOOLS + '/plug', host, self.namespace, port.id, port.mac_address, self.address + '/24', gateway)
        later(USERS, lambda: (sh(TOOLS + '/plug', '-d', host, self.namespace, port.id),
                              sh('ip', 'netns', 'del', self.namespace)))

    def active(self):
        """Waits until OVN has set the port's flows up on its host, and Neutron knows."""
        until('port of %s ACTIVE' % self.namespace, lambda: n.get_port(self.port.id).status == 'ACTIVE')
        return self

    def run(self, *command, **kw):
        return sh('ip', 'netns', 'exec', self.namespace, *command, **kw)

    def serve(self, tcp_port=8080):
        p = subprocess.Popen(['ip', 'netns', 'exec', self.namespace, '/usr/bin/python3', '-c', SERVER,
                              str(tcp_port), self.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        later(USERS, lambda: (p.kill(), p.wait()))
        until('server in %s' % self.namespace, lambda: self.run(
            'curl', '-s', '-o', '/dev/null', '-m', '5', '127.0.0.1:%d' % tcp_port, ok=False) == 0)
        return self

    def pings(self, address, *options):
        """One echo request, answered within the time."""
        return self.run('ping', '-n', '-c', '1', '-W', '1', *options, address, ok=False) == 0


def fetch(guest, address, wait=5):
    """What the address answers a guest, or the machine itself; None where it does not answer in time."""
    r = subprocess.run((['ip', 'netns', 'exec', guest.namespace] if guest else []) +
                       ['curl', '-s', '-m', str(wait), 'http://%s/' % address], stdout=subprocess.PIPE, text=True)
    return r.stdout if r.returncode == 0 else None


def blocked(guest, address):
    """No answer: twice the time that a first packet takes to be answered or to be sent again."""
    return fetch(guest, address, 2) is None
