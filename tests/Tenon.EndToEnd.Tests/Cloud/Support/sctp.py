"""The beginning of an SCTP association (RFC 9260), from raw packets, where the kernel knows nothing of SCTP."""
import os
import socket
import struct
import time

PROTOCOL = 132
INIT, INIT_ACK = 1, 2
COOKIE = struct.pack('!HH4s', 7, 8, b'cake')


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def packet(source, destination, tag, chunk, parameters=b''):
    """A packet with an INIT or an INIT ACK in it."""
    body = struct.pack('!BBHIIHHI', chunk, 0, 20 + len(parameters), 1 + int.from_bytes(os.urandom(3), 'big'), 65535, 1, 1, 1) + parameters
    unsigned = struct.pack('!HHII', source, destination, tag, 0) + body
    return unsigned[:8] + struct.pack('<I', crc32c(unsigned)) + unsigned[12:]


def read(data):
    """Source port, destination port, kind of the first chunk, its initiate tag; of an IPv4 packet."""
    payload = data[(data[0] & 15) * 4:]
    if len(payload) < 32:
        return None
    source, destination = struct.unpack('!HH', payload[:4])
    return source, destination, payload[12], struct.unpack('!I', payload[16:20])[0]


def serve(port):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) as s:
        while True:
            data, (address, _) = s.recvfrom(2048)
            seen = read(data)
            if seen and seen[1:3] == (port, INIT):
                s.sendto(packet(port, seen[0], seen[3], INIT_ACK, COOKIE), (address, 0))


def reaches(address, port, patience):
    """Whether an INIT is answered by an INIT ACK."""
    own = 32768 + int.from_bytes(os.urandom(2), 'big') % 28000
    end = time.monotonic() + patience
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) as s:
        s.connect((address, 0))
        again = 0
        while (now := time.monotonic()) < end:
            if now >= again:
                s.send(packet(own, port, 0, INIT))
                again = now + patience / 3
            s.settimeout(max(0.01, min(again, end) - now))
            try:
                seen = read(s.recv(2048))
            except socket.timeout:
                continue
            if seen and seen[:3] == (port, own, INIT_ACK):
                return True
    return False
