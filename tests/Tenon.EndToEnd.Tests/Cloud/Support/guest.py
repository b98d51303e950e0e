"""What runs on a guest: serves what it is told to, line by line, until its input ends.

  http PORT [STATUS]   answers HTTP requests with "NAME CLIENT-ADDRESS"
  udp PORT             answers datagrams with the same
  close PROTOCOL PORT  ends one of them

Every line is answered with "ok", or with what went wrong.
"""
import http.server
import socketserver
import sys
import threading

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


def obey(command, *arguments):
    if command == 'http':
        port, status = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 200
        serve(('http', port), http.server.ThreadingHTTPServer(('', port), http_handler(status)))
    elif command == 'udp':
        serve(('udp', int(arguments[0])), socketserver.UDPServer(('', int(arguments[0])), UdpHandler))
    elif command == 'close':
        server = servers.pop((arguments[0], int(arguments[1])))
        server.shutdown()
        server.server_close()
    else:
        raise ValueError('unknown command ' + command)


for line in sys.stdin:
    try:
        obey(*line.split())
        print('ok', flush=True)
    except Exception as e:
        print(repr(e), flush=True)
