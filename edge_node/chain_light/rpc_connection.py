"""One WebSocket of JSON-RPC: calls out, answers matched, subscriptions fed, and everybody told when it ends.

It ends when the other side ends it, when it says what no node says (then the end is a BadAnswer), and by `end`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from edge_node.base.limits import TokenBucket
from edge_node.base.offload import offload
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.json_rpc import (
    Answer,
    Call,
    Frame,
    Notice,
    Refused,
    Result,
    encode_calls,
    read_message,
)
from edge_node.chain_light.rpc_answers import subscription_of
from edge_node.chain_light.rpc_dial import GuardedStream
from edge_node.chain_light.rpc_feeds import INLINE_MAX_BYTES, Feed, Feeds, Topic
from edge_node.chain_light.source_errors import (
    EndpointBusy,
    EndpointGone,
    EndpointSilent,
    MalformedAnswer,
)

IN_FLIGHT_MAX: Final = 4  # messages under way: public nodes cut off who asks more, and one slow answer holds up few
WAITING_MAX: Final = 64  # tasks that wait for their turn
UNASKED_BURST, UNASKED_PER_S = 256, 1.0  # late answers, notices of what was just ended: more is a flood

_SMALL_S: Final = 10.0

T = TypeVar("T")


class _Waiter:
    """A message's calls that are waited for: one answer for each, or one refusal for all."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.results: dict[int | str, Result] = {}
        self.refused: Refused | None = None
        self.settled = trio.Event()

    def answer(self, answer: Answer) -> None:
        self.results[answer.id] = answer.result
        if len(self.results) == self.count:
            self.settled.set()

    def refuse(self, refused: Refused) -> None:
        self.refused = self.refused or refused
        self.settled.set()


class RpcConnection:
    """The connection of `run`: any number of tasks may call and subscribe while that runs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._next_id = 1
        self._waiters: dict[int | str, _Waiter] = {}
        self._turns = trio.Semaphore(IN_FLIGHT_MAX)
        self._batches = True
        self._outgoing, self._to_send = trio.open_memory_channel[str](IN_FLIGHT_MAX)
        self._feeds = Feeds()
        self._unasked = TokenBucket.full(UNASKED_PER_S, UNASKED_BURST, trio.current_time())
        self._over = trio.Event()
        self.ending: ChainError | None = None
        """Why it ended; None while it goes on."""
        self.unasked = 0
        """Answers and notices that nobody waited for."""

    async def run(self, socket: WebSocketConnection, stream: GuardedStream) -> None:
        """Carry messages until the connection has ended, then tell all who wait."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, socket)
                nursery.start_soon(self._read, socket, stream)
                await self._over.wait()
                nursery.cancel_scope.cancel()
        finally:
            self.end(EndpointGone(self._url, "it was closed here"))

    def end(self, why: ChainError) -> None:
        """End the connection: all who wait raise `why`, and streams end. Again, it does nothing."""
        if self.ending is not None:
            return
        self.ending = why
        for waiter in self._waiters.values():
            waiter.settled.set()
        self._feeds.end()
        self._over.set()

    async def wait_ended(self) -> None:
        """Return when the connection has ended."""
        await self._over.wait()

    async def call(self, call: Call, within_s: float = _SMALL_S) -> Result:
        """The result of one call; what `call_all` raises."""
        return (await self.call_all([call], within_s))[0]

    async def call_all(self, calls: Sequence[Call], within_s: float = _SMALL_S) -> list[Result]:
        """Their results in order: one batch, or one message each where the endpoint takes no batches.

        Raises EndpointSilent, EndpointGone or what the connection ended with, EndpointBusy, MethodMissing,
        EndpointRefused for the first call that was refused.
        """
        if self._batches or len(calls) == 1:
            waiter, first = await self._together(calls, within_s)
            if waiter.refused is None:
                return [waiter.results[number] for number in range(first, first + len(calls))]
            if not waiter.refused.wants_no_batch or len(calls) == 1:
                place = waiter.refused.id
                call = calls[place - first] if isinstance(place, int) else calls[0]
                raise waiter.refused.error(call.method)
            self._batches = False
        return [await self.call(call, within_s) for call in calls]

    async def _together(self, calls: Sequence[Call], within_s: float) -> tuple[_Waiter, int]:
        if self._turns.statistics().tasks_waiting >= WAITING_MAX:
            raise EndpointBusy(self._url, WAITING_MAX)
        async with self._turns:
            self._raise_if_ended()
            first, waiter = self._next_id, _Waiter(len(calls))
            self._next_id += len(calls)
            ids = range(first, self._next_id)
            self._waiters.update(dict.fromkeys(ids, waiter))
            try:
                with trio.move_on_after(within_s):
                    await self._outgoing.send(encode_calls(first, calls))
                    await waiter.settled.wait()
            finally:
                for number in ids:
                    self._waiters.pop(number, None)
        if not waiter.refused and len(waiter.results) < len(calls):
            self._raise_if_ended()
            raise EndpointSilent(self._url, calls[0].method, within_s)
        return waiter, first

    @asynccontextmanager
    async def subscribe(self, topic: Topic, read: Callable[[Result], T]) -> AsyncIterator[trio.MemoryReceiveChannel[T]]:
        """What comes for a subscription, each read by `read`, from its beginning to the end of the `with`.

        A notice that `read` refuses ends the connection. Raises what `call_all` does.
        """
        feed = Feed(read)
        self._feeds.expect(topic.notice)
        try:
            name = subscription_of(await self.call(Call(topic.subscribe)))
            self._feeds.begin((topic.notice, name), feed)
        finally:
            early = self._feeds.settle(topic.notice)
        try:
            if self.ending is not None:
                feed.end()
            for notice in early:
                await self._take(notice)
            async with feed.receive:
                yield feed.receive
        finally:
            self._feeds.remove((topic.notice, name))
            self._say_soon(Call(topic.unsubscribe, (name,)))

    def _raise_if_ended(self) -> None:
        if self.ending is not None:
            raise self.ending.with_traceback(None)

    def _say_soon(self, call: Call) -> None:
        """Send a call whose answer nobody needs; when the line is busy it is left out, and notices go unasked."""
        try:
            self._outgoing.send_nowait(encode_calls(self._next_id, [call]))
            self._next_id += 1
        except (trio.WouldBlock, trio.ClosedResourceError, trio.BrokenResourceError):
            return

    # --- what comes and goes

    async def _write(self, socket: WebSocketConnection) -> None:
        # One task writes: a caller that is cancelled in the middle of a frame would leave half of it on the line.
        try:
            async for text in self._to_send:
                await socket.send_message(text)
        except ConnectionClosed:
            await trio.sleep_forever()  # the reader sees it too, and knows why

    async def _read(self, socket: WebSocketConnection, stream: GuardedStream) -> None:
        try:
            while True:
                message = await socket.get_message()
                frames = await offload(_read, message) if len(message) > INLINE_MAX_BYTES else _read(message)
                for frame in frames:
                    await self._take(frame)
        except ConnectionClosed as closed:
            self.end(_end_of(self._url, closed, stream))
        except BadAnswer as wrong:
            self.end(wrong)

    async def _take(self, frame: Frame) -> None:
        if isinstance(frame, Notice):
            if not await self._feeds.take(frame):
                self._count_unasked()
        elif isinstance(frame, Refused) and frame.id is None:
            self._refuse_any(frame)
        elif frame.id is None or (waiter := self._waiters.pop(frame.id, None)) is None:
            self._count_unasked()
        elif isinstance(frame, Refused):
            waiter.refuse(frame)
        else:
            waiter.answer(frame)

    def _refuse_any(self, refused: Refused) -> None:
        """A refusal without an id is meant for a message that was not understood: whose that was, nobody can say."""
        waiters = set(self._waiters.values())
        batches = {waiter for waiter in waiters if waiter.count > 1}
        for waiter in batches if refused.wants_no_batch and batches else waiters:
            waiter.refuse(refused)
        if not waiters:
            self._count_unasked()

    def _count_unasked(self) -> None:
        self.unasked += 1
        if not self._unasked.take(1, trio.current_time()):
            raise MalformedAnswer("answers that nobody asked for, again and again")


def _read(message: str | bytes) -> list[Frame]:
    return read_message(message.encode() if isinstance(message, str) else message)


def _end_of(url: str, closed: ConnectionClosed, stream: GuardedStream) -> ChainError:
    reason = closed.reason
    if stream.fault is not None:
        return stream.fault
    if reason is None or stream.why:
        return EndpointGone(url, stream.why or "it was closed here")
    return EndpointGone(url, f"it closed the WebSocket with {reason.code} {reason.name}: {reason.reason or 'no word'}")
