"""Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED, unix(7))."""

import re
import socket
import struct
from typing import NamedTuple, Self

_UCRED = struct.Struct("3i")  # pid, uid, gid
_TEXT = re.compile(r"uid=(-?\d+) gid=(-?\d+) pid=(-?\d+)")


class Credentials(NamedTuple):
    """The process that connected, at the moment it did. Its pid may be another's by now."""

    uid: int
    gid: int
    pid: int

    def __str__(self) -> str:
        """The form it has as a connection's peer and in the audit log."""
        return f"uid={self.uid} gid={self.gid} pid={self.pid}"

    @classmethod
    def parse(cls, peer: str) -> Self | None:
        """Read what `str` made; None for the peer of another kind of socket."""
        found = _TEXT.fullmatch(peer)
        return None if found is None else cls(*map(int, found.groups()))


def read_credentials(sock: socket.socket) -> Credentials:
    """The peer of a connected Unix socket; OSError when it is gone."""
    pid, uid, gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Credentials(uid, gid, pid)


def peer_of(sock: socket.socket, name: object) -> str:
    """How a connection's peer is called: its address, or at a Unix socket its credentials. OSError."""
    return str(name[0]) if isinstance(name, tuple) else str(read_credentials(sock))
