"""A transport over any trio stream: connections in memory, under a clock that jumps."""

from collections.abc import Callable

import trio

from edge_node.base.limits import KIB
from edge_node.serving.transport import NOTHING, PeerGone, rest_of

SEND_STEP_BYTES = 64 * KIB  # how much goes before progress is noted


class StreamTransport:
    """Any trio stream."""

    def __init__(self, stream: trio.abc.Stream, peer: str = "", *, secure: bool = False) -> None:
        self._stream = stream
        self._rest = NOTHING
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

    def offer(self, data: bytes | memoryview) -> bool:
        """See Transport. A stream can only wait."""
        self._rest = memoryview(data)
        return False

    async def flush(self, progress: Callable[[], None]) -> None:
        """See Transport."""
        try:
            while self._rest:
                await self._stream.send_all(self._rest[:SEND_STEP_BYTES])
                self._rest = rest_of(self._rest, SEND_STEP_BYTES)
                progress()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PeerGone(str(error)) from None

    def finish(self) -> None:
        """See Transport. A stream says so by closing, which follows."""

    async def close(self) -> None:
        """See Transport. Forceful: a goodbye would wait on a peer that owes us nothing."""
        await trio.aclose_forcefully(self._stream)
