"""Ask a server over its socket whether it takes connections: the start-up of the protocol and no more.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
"""

import socket
import struct
from pathlib import Path

READY = "00000"
STARTING = "57P03"
PROTOCOL = 3 << 16
LONGEST = 100_000


def state(path: Path, role: str, database: str) -> str:
    """Return READY, or the SQLSTATE with which the server refuses, or "" if nobody answers there."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(path))
            words = "\0".join(("user", role, "database", database, "", "")).encode()
            connection.sendall(struct.pack("!II", 8 + len(words), PROTOCOL) + words)
            answer = outcome(connection)
            if answer == READY:
                connection.sendall(b"X\0\0\0\4")
            return answer
    except OSError:
        return ""


def outcome(connection: socket.socket) -> str:
    """Read messages until the server is ready or refuses."""
    while True:
        kind, length = struct.unpack("!cI", exactly(connection, 5))
        if not 4 <= length <= LONGEST:
            raise ConnectionError
        body = exactly(connection, length - 4)
        if kind == b"Z":
            return READY
        if kind == b"E":
            fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
            return fields.get(b"C", b"XX000").decode("ascii", "replace")


def exactly(connection: socket.socket, count: int) -> bytes:
    """Read so many bytes; ConnectionError if the server hangs up before."""
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError
        parts += part
    return bytes(parts)
