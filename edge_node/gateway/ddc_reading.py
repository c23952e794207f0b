"""One getFile under way: data goes out, acknowledgements come in, rights are looked at again (docs/specs/ddc.md)."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import aclosing

import trio

from edge_node.activity import Reading
from edge_node.base.errors import Refusal
from edge_node.gateway.ack_habits import AckHabits
from edge_node.gateway.ack_window import AckWindow
from edge_node.gateway.ddc_errors import AcksMissing, MessageOutOfOrder
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.serving.call import Call, CallEnded
from edge_node.settings import DdcSettings
from edge_node.trust.activity_request import open_acknowledgment
from edge_node.wire.ddc_messages import FileRequest, file_data_head, read_get_file

# Below the 4 MiB at which grpc-js refuses a message; each costs a reader that acknowledges one signature.
DATA_BYTES = 4_000_000
CONFIRM_S = 1.0  # how long a right that ended may still serve a reader that is slower than a message a second
LAST_ACK_S = 1.0  # an acknowledgement comes with the reader's next pull: at once, or its program has stopped reading


class FileReading:
    """Sends one file or range to one reader; `run` once."""

    def __init__(
        self,
        call: Call,
        gate: DdcGate,
        admitted: Admitted,
        reading: Reading,
        habits: AckHabits,
        settings: DdcSettings,
    ) -> None:
        self._call, self._gate, self._admitted, self._reading, self._habits = call, gate, admitted, reading, habits
        self._reader = None if admitted.request is None else admitted.request.signer
        self._window = AckWindow(settings.unacked_bytes_max)
        self._ack_wait_s = settings.ack_wait_s
        self._message_max = min(DATA_BYTES, settings.unacked_bytes_max)
        self._stirred = trio.Event()

    async def run(self, chunks: AsyncIterable[bytes]) -> None:
        """Send `chunks` as data messages and wait a moment for their last acknowledgement.

        Raises the refusal that ended it: of the rights, of the store, of an acknowledgement or its absence.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hear)
                nursery.start_soon(self._watch)
                await self._send_all(chunks)
                await self._wait_for_last()
                nursery.cancel_scope.cancel()
        except ExceptionGroup as group:
            raise _true_end(group) from None

    async def _send_all(self, chunks: AsyncIterable[bytes]) -> None:
        async with aclosing(cut_messages(chunks, self._message_max)) as messages:
            async for parts, size in messages:
                await self._gate.confirm(self._admitted)
                await self._wait_for_room(size)
                await self._call.send(file_data_head(size), *parts)
                self._window.note_sent(size)
                self._reading.sent(size)

    async def _hear(self) -> None:
        while (message := await self._call.receive()) is not None:
            raw = read_get_file(message)
            if isinstance(raw, FileRequest):
                raise MessageOutOfOrder("a second request")
            ack = open_acknowledgment(raw)
            self._reading.acked(ack)
            self._window.note_acked(ack.bytes)
            self._habits.note_ack(ack.signer)
            self._stir()
        self._window.close()
        self._stir()

    async def _watch(self) -> None:
        while True:
            await trio.sleep(CONFIRM_S)
            await self._gate.confirm(self._admitted)

    def _stir(self) -> None:
        self._stirred.set()
        self._stirred = trio.Event()

    async def _wait_for_room(self, size: int) -> None:
        while not self._window.has_room(size):
            acked = self._window.acked
            if not self._window.deaf:
                with trio.move_on_after(self._ack_wait_s):
                    await self._stirred.wait()
            if self._window.acked == acked:
                raise AcksMissing(self._window.unacked, self._ack_wait_s)

    async def _wait_for_last(self) -> None:
        # After the trailers no acknowledgement is heard.
        expected = self._habits.expects(self._reader)
        with trio.move_on_after(LAST_ACK_S):
            while self._window.awaits_last(expected=expected):
                await self._stirred.wait()
        if self._reader is not None and 0 == self._window.acked < self._window.sent:
            self._habits.note_silence(self._reader)


async def cut_messages(
    chunks: AsyncIterable[bytes], size_max: int
) -> AsyncGenerator[tuple[list[memoryview], int], None]:
    """The chunks in messages of `size_max` bytes, the last one shorter, as views: nothing is copied or joined."""
    parts: list[memoryview] = []
    held = 0
    async for chunk in chunks:
        view = memoryview(chunk)
        while view:
            part = view[: size_max - held]
            parts.append(part)
            held += len(part)
            view = view[len(part) :]
            if held == size_max:
                yield parts, held
                parts, held = [], 0
    if parts:
        yield parts, held


def _true_end(group: ExceptionGroup[Exception]) -> Exception:
    """What to end with: two may come in one turn of the loop, and then a refusal says more than that all is over."""
    leaves = list(_leaves(group))
    if not all(isinstance(one, Refusal | CallEnded) for one in leaves):
        return group  # our own fault is never covered by another's
    return next((one for one in leaves if isinstance(one, Refusal)), leaves[0])


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for one in group.exceptions:
        if isinstance(one, ExceptionGroup):
            yield from _leaves(one)
        else:
            yield one
