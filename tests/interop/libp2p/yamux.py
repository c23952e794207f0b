"""Many streams over one connection, as the side that was called (yamux, version 0)."""

import struct
from collections.abc import Awaitable, Callable

import trio

from tests.interop.libp2p.bytes import Gone, PeerFault, Reader

NAME = "/yamux/1.0.0"
WINDOW = 256 << 10
SLICE = 16 << 10
# smoldot 3.4.1 over TCP now and then leaves what has arrived unread until more arrives: its own ping, after 2 s.
PING_S = 0.05
_HEADER = struct.Struct(">BBHII")
_DATA, _WINDOW, _PING, _BYE = range(4)
_SYN, _ACK, _FIN, _RST = 1, 2, 4, 8


class Substream:
    """One of them: bytes both ways, each with a window."""

    def __init__(self, session: "Session", number: int) -> None:
        self.number, self._session = number, session
        self._credit, self._waiting, self._ended, self._gone = WINDOW, bytearray(), False, False
        self._arrived, self._opened = trio.Event(), trio.Event()

    async def receive_some(self, most: int | None = None) -> bytes:
        """Some bytes; none at the end."""
        while not self._waiting and not self._ended:
            await self._arrived.wait()
        count = most or len(self._waiting)
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        if taken:
            await self._session.send(_WINDOW, 0, self.number, len(taken))
        return taken

    async def send_all(self, data: bytes) -> None:
        """Send these as the other side makes room; Gone when it has turned away."""
        at = 0
        while at < len(data):
            while self._credit <= 0:
                if self._gone:
                    raise Gone
                self._opened = trio.Event()
                await self._opened.wait()
            part = data[at : at + min(self._credit, SLICE)]
            self._credit -= len(part)
            at += len(part)
            await self._session.send(_DATA, 0, self.number, len(part), part)

    async def close(self) -> None:
        """Say that no more will come."""
        await self._session.send(_WINDOW, _FIN, self.number, 0)

    async def reset(self) -> None:
        """Give it up."""
        await self._session.send(_WINDOW, _RST, self.number, 0)

    def arrived(self, data: bytes) -> None:
        self._waiting += data
        self._wake()

    def end(self, *, gone: bool) -> None:
        """Nothing more comes; and `gone`, nothing may go either."""
        self._ended, self._gone = True, self._gone or gone
        self._wake()
        self._opened.set()

    def credit(self, more: int) -> None:
        self._credit += more
        self._opened.set()

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = trio.Event()


Opened = Callable[[Substream], Awaitable[None]]


class Session:
    """The connection. `opened` is run, each in a task, for the streams that the other side opens."""

    def __init__(self, stream, nursery: trio.Nursery, opened: Opened) -> None:
        self._stream, self._nursery, self._on_open = stream, nursery, opened
        self._streams: dict[int, Substream] = {}
        self._next, self._sending = 2, trio.Lock()

    async def open(self) -> Substream:
        """A stream of our own."""
        number, self._next = self._next, self._next + 2
        self._streams[number] = stream = Substream(self, number)
        await self.send(_WINDOW, _SYN, number, 0)
        return stream

    async def send(self, kind: int, flags: int, number: int, length: int, data: bytes = b"") -> None:
        """One frame."""
        async with self._sending:
            await self._stream.send_all(_HEADER.pack(0, kind, flags, number, length) + data)

    async def keep_alive(self) -> None:
        """Say now and then that somebody is here."""
        while True:
            await trio.sleep(PING_S)
            await self.send(_PING, _SYN, 0, 0)

    async def run(self) -> None:
        """Read frames until the connection ends."""
        reader = Reader(self._stream)
        try:
            while True:
                version, kind, flags, number, length = _HEADER.unpack(await reader.exactly(_HEADER.size))
                if version != 0 or kind > _BYE or (kind == _DATA and length > WINDOW):
                    raise PeerFault(f"a frame of version {version}, kind {kind}, length {length}")
                if kind == _BYE:
                    return
                if kind == _PING:
                    if flags & _SYN:
                        await self.send(_PING, _ACK, 0, length)
                    continue
                data = await reader.exactly(length) if kind == _DATA else b""
                await self._frame(kind, flags, number, length, data)
        except Gone:
            return
        finally:
            for stream in self._streams.values():
                stream.end(gone=True)

    async def _frame(self, kind: int, flags: int, number: int, length: int, data: bytes) -> None:
        if flags & _SYN:
            self._streams[number] = stream = Substream(self, number)
            await self.send(_WINDOW, _ACK, number, 0)
            self._nursery.start_soon(self._on_open, stream)
        known = self._streams.get(number)
        if known is None:
            return  # what was said to a stream that is closed already
        if data:
            known.arrived(data)
        if kind == _WINDOW:
            known.credit(length)
        if flags & (_FIN | _RST):
            known.end(gone=bool(flags & _RST))
        if flags & _RST:
            del self._streams[number]
