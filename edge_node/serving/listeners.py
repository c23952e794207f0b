"""The doors a server accepts at: bound sockets, and the loop that takes connections from one of them."""

import errno
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

import trio

from edge_node.base.log import get_log
from edge_node.serving.counters import ACCEPTS_DELAYED
from edge_node.serving.credentials import peer_of
from edge_node.serving.refusals import ServingError
from edge_node.serving.tls import TlsIdentity
from edge_node.settings.tree import HttpSettings

BACKLOG = 1_024  # a fleet that reconnects after a power cut; the kernel caps it at somaxconn
ACCEPT_BURST = 64  # connections taken before others get the loop
ACCEPT_PAUSE_S = 0.25  # out of descriptors: long enough for some connection to end, short for a client

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = get_log("serving")


class AddressMalformed(ServingError):
    """A listen setting is not `host:port`."""

    slug = "address-malformed"
    remedy = "Write a numeric address and a port, like 127.0.0.1:8091 or [::1]:8091."

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"{text!r} is not an address and a port")


class AddressUnavailable(ServingError):
    """The system refuses to bind an address: mostly, another process holds the port."""

    slug = "address-unavailable"
    remedy = "Stop the process that holds the port (`ss -ltnp` names it), or choose another in the settings."

    def __init__(self, address: str, why: str) -> None:
        self.address, self.why = address, why
        super().__init__(f"cannot listen at {address}: {why}")


class PlainDoorExposed(ServingError):
    """Plain HTTP outside this machine was asked for without saying so."""

    slug = "plain-door-exposed"
    remedy = 'Bind a loopback address, use http.listen_tls, or set http.plain = "lan".'

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address} would offer plain HTTP beyond this machine")


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket, non-blocking; `identity` makes it a TLS door."""

    listener: socket.socket
    identity: TlsIdentity | None = None

    @property
    def address(self) -> str:
        """Where clients connect, as `host:port` (a path for a Unix socket)."""
        return format_address(self.listener.getsockname())

    @property
    def url(self) -> str:
        """The door's URL without a path."""
        return f"{'https' if self.identity else 'http'}://{self.address}"


def open_listeners(settings: HttpSettings, identity: TlsIdentity | None = None) -> list[Door]:
    """Bind the doors of the settings; AddressMalformed, AddressUnavailable, PlainDoorExposed, none left open.

    Without an identity there is no TLS door.
    """
    doors: list[Door] = []
    try:
        if settings.listen:
            doors.append(Door(listen_at(_checked(settings))))
        if settings.listen_tls and identity is not None:
            doors.append(Door(listen_at(settings.listen_tls), identity))
    except ServingError:
        for door in doors:
            door.listener.close()
        raise
    return doors


def listen_at(address: str) -> socket.socket:
    """A non-blocking TCP listener at `host:port`; port 0 takes a free one."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise AddressUnavailable(address, error.strerror or str(error)) from None
    return sock


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:80`, `[::1]:80` or `localhost:80`; no name is ever looked up."""
    host, colon, port = text.rpartition(":")
    host = {"localhost": "127.0.0.1"}.get(host, host).removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise AddressMalformed(text) from None
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise AddressMalformed(text)
    return host, int(port)


def format_address(name: object) -> str:
    """A socket name as text."""
    if not isinstance(name, tuple):
        return str(name)
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


async def accept_forever(listener: socket.socket, welcome: Callable[[socket.socket, str], None]) -> None:
    """Take connections until cancelled; `welcome` gets the socket and what `peer_of` calls it, and must not block.

    Running out of descriptors pauses the loop instead of ending it or spinning.
    """
    while True:
        await trio.lowlevel.wait_readable(listener)
        for _ in range(ACCEPT_BURST):
            try:
                sock, name = listener.accept()
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    continue  # this client was gone before it was taken (accept(2): treat like no connection)
                await _pause(error)
                break
            sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
            try:
                peer = peer_of(sock, name)
                if sock.family != socket.AF_UNIX:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                sock.close()  # it was gone before anything was known of it
                continue
            welcome(sock, peer)


async def _pause(error: OSError) -> None:
    ACCEPTS_DELAYED.inc()
    log.warning("accept.paused", why=error.strerror, pause_s=ACCEPT_PAUSE_S)
    await trio.sleep(ACCEPT_PAUSE_S)


def _checked(settings: HttpSettings) -> str:
    host, _ = parse_address(settings.listen)
    if settings.plain != "lan" and not ipaddress.ip_address(host).is_loopback:
        raise PlainDoorExposed(settings.listen)
    return settings.listen
