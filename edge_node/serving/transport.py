"""Bytes to and from one client: a plain socket by the shortest way, or any trio stream (TLS, tests)."""

import socket
from collections.abc import Callable
from typing import Protocol

import trio

from edge_node.base.limits import KIB
from edge_node.serving.refusals import ServingError

SEND_STEP_BYTES = 64 * KIB  # how much a stream takes before progress is noted


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
        """Up to `size` bytes; b"" when the client closed or vanished."""
        ...

    def send_now(self, data: bytes) -> int:
        """Hand over what fits without waiting and say how much that was; PeerGone."""
        ...

    async def send(self, data: memoryview, progress: Callable[[], None]) -> None:
        """Send everything, calling `progress` whenever some of it was taken; PeerGone."""
        ...

    async def finish(self) -> None:
        """Say that nothing more will be sent."""
        ...

    async def close(self) -> None:
        """Let go of the socket; never raises."""
        ...


class PlainTransport:
    """A TCP or Unix socket, used directly: trio's socket objects cost two more trips through the scheduler a turn."""

    secure = False

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self._socket = sock
        self.peer = peer

    async def open(self) -> None:
        """See Transport."""

    async def receive(self, size: int) -> bytes:
        """See Transport. Waits before it reads: on a kept-alive connection there is nothing to read yet."""
        sock = self._socket
        while True:
            await trio.lowlevel.wait_readable(sock)
            try:
                return sock.recv(size)
            except BlockingIOError:
                continue
            except OSError:
                return b""  # reset by the peer: it is as gone as if it had closed

    def send_now(self, data: bytes) -> int:
        """See Transport."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise PeerGone(str(error)) from None

    async def send(self, data: memoryview, progress: Callable[[], None]) -> None:
        """See Transport."""
        while data:
            try:
                data = data[self._socket.send(data) :]
                progress()
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._socket)
            except OSError as error:
                raise PeerGone(str(error)) from None

    async def finish(self) -> None:
        """See Transport."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise PeerGone(str(error)) from None

    async def close(self) -> None:
        """See Transport."""
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()


class StreamTransport:
    """Any trio stream."""

    def __init__(self, stream: trio.abc.Stream, peer: str, *, secure: bool) -> None:
        self._stream = stream
        self.peer = peer
        self.secure = secure

    async def open(self) -> None:
        """See Transport."""

    async def receive(self, size: int) -> bytes:
        """See Transport."""
        try:
            return bytes(await self._stream.receive_some(size))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return b""

    def send_now(self, data: bytes) -> int:
        """See Transport. A stream can only wait."""
        return 0

    async def send(self, data: memoryview, progress: Callable[[], None]) -> None:
        """See Transport."""
        try:
            for start in range(0, len(data), SEND_STEP_BYTES):
                await self._stream.send_all(data[start : start + SEND_STEP_BYTES])
                progress()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PeerGone(str(error)) from None

    async def finish(self) -> None:
        """See Transport. A TLS stream cannot close one direction only; closing follows anyway."""
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            try:
                await self._stream.send_eof()
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise PeerGone(str(error)) from None

    async def close(self) -> None:
        """See Transport. Forceful: a goodbye would wait on a peer that owes us nothing."""
        await trio.aclose_forcefully(self._stream)
