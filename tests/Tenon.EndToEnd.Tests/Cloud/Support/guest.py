"""What runs on a guest: serves what it is told to, line by line, until its input ends.

  http PORT [STATUS]   answers HTTP requests with "NAME CLIENT-ADDRESS"
  udp PORT             answers datagrams with the same
  sctp PORT            answers the first message of an SCTP association, as a server does that accepts it
  close PROTOCOL PORT  ends one of the first two
  probe TARGET...      tries PROTOCOL/ADDRESS/PORT each, all at once, and answers with a 1 or 0 for each

Every line is answered with "ok" and what is asked for, or with what went wrong.
"""
import concurrent.futures
import http.server
import os
import socket
import socketserver
import sys
import threading

# The kernel has no SCTP, so its packets are made here.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sctp

NAME = sys.argv[1]
servers = {}


def http_handler(status):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = ('%s %s' % (NAME, self.client_address[0])).encode()
            self.send_response(status)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    return Handler


class UdpHandler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(('%s %s' % (NAME, self.client_address[0])).encode(), self.client_address)


def serve(key, server):
    servers[key] = server
    threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()


PATIENCE = 1.5


def reaches_tcp(address, port):
    with socket.create_connection((address, port), timeout=PATIENCE):
        return True


def reaches_udp(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((address, port))
        s.settimeout(PATIENCE / 3)
        for _ in range(3):
            s.send(b'?')
            try:
                return bool(s.recv(2048))
            except socket.timeout:
                pass
    return False


REACHES = {'tcp': reaches_tcp, 'udp': reaches_udp, 'sctp': lambda address, port: sctp.reaches(address, port, PATIENCE)}


def reaches(target):
    protocol, address, port = target.split('/')
    try:
        return REACHES[protocol](address, int(port))
    except OSError:
        return False


def probe(targets):
    with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
        return ''.join('1' if r else '0' for r in pool.map(reaches, targets))


def obey(command, *arguments):
    if command == 'http':
        port, status = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 200
        serve(('http', port), http.server.ThreadingHTTPServer(('', port), http_handler(status)))
    elif command == 'udp':
        serve(('udp', int(arguments[0])), socketserver.UDPServer(('', int(arguments[0])), UdpHandler))
    elif command == 'sctp':
        threading.Thread(target=sctp.serve, args=(int(arguments[0]),), daemon=True).start()
    elif command == 'probe':
        return ' ' + probe(arguments)
    elif command == 'close':
        server = servers.pop((arguments[0], int(arguments[1])))
        server.shutdown()
        server.server_close()
    else:
        raise ValueError('unknown command ' + command)
    return ''


for line in sys.stdin:
    try:
        print('ok' + obey(*line.split()), flush=True)
    except Exception as e:
        print(repr(e), flush=True)
