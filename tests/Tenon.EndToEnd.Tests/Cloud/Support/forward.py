"""Makes a port of this machine's loopback one of another network namespace's too: forward.py NAMESPACE PORT

Prints "ready" once it listens there, and ends with its input.
"""
import ctypes
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000


def enter(namespace):
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'cannot enter ' + namespace.name)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One side has gone, so the other has nobody to speak to.
        for s in (source, target):
            s.close()


def accept(listener, port):
    while True:
        near, _ = listener.accept()
        try:
            far = socket.create_connection(('127.0.0.1', port))
        except OSError:
            near.close()
            continue
        for a, b in ((near, far), (far, near)):
            threading.Thread(target=pump, args=(a, b), daemon=True).start()


home = open('/proc/self/ns/net', 'rb')
with open('/run/netns/' + sys.argv[1], 'rb') as there:
    enter(there)
listener = socket.create_server(('127.0.0.1', int(sys.argv[2])))
enter(home)
threading.Thread(target=accept, args=(listener, int(sys.argv[2])), daemon=True).start()
print('ready', flush=True)
sys.stdin.read()
