"""Bytes to and from one client: a plain socket by the shortest way, or any trio stream (pipes in memory, tests)."""

import socket
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import trio

from edge_node.serving.refusals import ServingError

RETRY_AFTER_WAITS = 16  # a miss costs about a third of a wait, so that hoping costs a quiet server 2 %
NOTHING = memoryview(b"")


def rest_of(view: memoryview, taken: int) -> memoryview:
    """What is left of a view. An empty slice would hold all of the bytes it was cut from for as long as it is kept."""
    return view[taken:] if taken < len(view) else NOTHING


class PeerGone(ServingError):
    """The client is no longer there to read; nobody is to blame and nothing is to be answered."""


class HandshakeRefused(ServingError):
    """A client did not manage TLS: it spoke something else, or nothing the two sides share."""


class Transport(Protocol):
    """One client's bytes. Only one task uses it at a time."""

    peer: str
    secure: bool

    async def open(self) -> None:
        """Whatever must happen before the first byte; HandshakeRefused."""
        ...

    async def receive(self, size: int) -> bytes:
        """Some bytes, about `size` at most; b"" when the client closed or vanished."""
        ...

    def offer(self, data: bytes | memoryview) -> bool:
        """Send what goes without waiting; False when a rest is kept that `flush` must send. PeerGone."""
        ...

    async def flush(self, progress: Callable[[], None]) -> None:
        """Send the kept rest, calling `progress` whenever some of it was taken; PeerGone."""
        ...

    def finish(self) -> None:
        """Say that nothing more will be sent; PeerGone."""
        ...

    async def close(self) -> None:
        """Let go of the socket; never raises."""
        ...


@runtime_checkable
class LiveTransport(Transport, Protocol):
    """A transport that can also be used without waiting, by whoever is told that its socket is ready."""

    @property
    def settled(self) -> bool:
        """Whether everything offered so far has gone; `offer` nothing more before."""
        ...

    def fileno(self) -> int:
        """The socket's descriptor."""
        ...

    def take(self, size: int) -> bytes | None:
        """What has arrived, about `size` bytes at most; None when that is nothing, b"" when the client is gone."""
        ...

    def push(self) -> bool:
        """Send what goes of the kept rest; whether all of it went. PeerGone."""
        ...


class PlainTransport:
    """A TCP or Unix socket, used directly: trio's socket objects cost two more trips through the scheduler a turn.

    Telling epoll about a wait is a quarter of what a short request costs. On a busy server the next request is
    already there once the other connections have had their turn, so a connection first yields and then just reads,
    as long as that keeps succeeding; after a miss it waits by epoll, and tries again every RETRY_AFTER_WAITS waits.
    """

    secure = False

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self._socket = sock
        self._hopeful = True
        self._waits = 0
        self._rest = NOTHING
        self.peer = peer

    @property
    def settled(self) -> bool:
        """Whether everything offered so far has gone."""
        return not self._rest

    async def open(self) -> None:
        """See Transport."""

    async def receive(self, size: int) -> bytes:
        """See Transport."""
        try:
            if self._hopeful:
                await trio.lowlevel.checkpoint()
                try:
                    return self._socket.recv(size)
                except BlockingIOError:
                    self._hopeful = False
            return await self._wait_and_receive(size)
        except OSError:
            return b""  # reset by the peer: it is as gone as if it had closed

    async def _wait_and_receive(self, size: int) -> bytes:
        self._waits += 1
        self._hopeful = self._waits % RETRY_AFTER_WAITS == 0
        while True:
            await trio.lowlevel.wait_readable(self._socket)
            try:
                return self._socket.recv(size)
            except BlockingIOError:
                continue

    def fileno(self) -> int:
        """See LiveTransport."""
        return self._socket.fileno()

    def take(self, size: int) -> bytes | None:
        """See LiveTransport."""
        try:
            return self._socket.recv(size)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def push(self) -> bool:
        """See LiveTransport."""
        rest, self._rest = self._rest, NOTHING
        return not rest or self.offer(rest)

    def offer(self, data: bytes | memoryview) -> bool:
        """See Transport."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise PeerGone(str(error)) from None
        if sent == len(data):
            return True
        self._rest = memoryview(data)[sent:]
        return False

    async def flush(self, progress: Callable[[], None]) -> None:
        """See Transport."""
        while self._rest:
            try:
                self._rest = rest_of(self._rest, self._socket.send(self._rest))
                progress()
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._socket)
            except OSError as error:
                raise PeerGone(str(error)) from None

    def finish(self) -> None:
        """See Transport."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise PeerGone(str(error)) from None

    async def close(self) -> None:
        """See Transport."""
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()
