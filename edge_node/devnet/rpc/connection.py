"""One client: its requests answered in order, its subscriptions fed through a queue that a slow reader cannot grow."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from edge_node.base.errors import EdgeNodeError
from edge_node.base.log import get_log
from edge_node.devnet.faults import Lie
from edge_node.devnet.rpc.control import PREFIX
from edge_node.devnet.rpc.json_rpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    NO_SUCH_METHOD,
    Asked,
    BadRequest,
    Request,
    RpcError,
    read_message,
    write_batch,
    write_error,
    write_result,
)
from edge_node.devnet.rpc.methods import ENDS, METHODS, TOPICS
from edge_node.devnet.rpc.refusals import error_of
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.subscriptions import SUBSCRIPTIONS_MAX, Subscription

log = get_log("devnet")

NOTES_MAX: Final = 4_096  # some 2 MB of headers: who is this far behind reads no more
LATE_MAX: Final = 64  # requests under way while answers come late
_ID_BYTES: Final = 8
_TOO_MANY: Final = -32_006


class Connection:
    """One of them, from its first request until it ends."""

    def __init__(self, served: Served, socket: WebSocketConnection) -> None:
        self._served, self._socket = served, socket
        self._held = dict[str, Subscription]()
        self._notes_in, self._notes_out = trio.open_memory_channel[bytes](NOTES_MAX)
        self._late = trio.Semaphore(LATE_MAX)
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Answer until the client goes, or reads too slowly."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._feed)
                    await self._answer_all(nursery)
                    nursery.cancel_scope.cancel()
        finally:
            for subscription in self._held.values():
                subscription.on_end()

    async def _answer_all(self, nursery: trio.Nursery) -> None:
        while True:
            try:
                message = await self._socket.get_message()
            except ConnectionClosed:
                return
            asked, batch = read_message(message)
            if self._served.lies.delay_s and not _spared(asked):
                await self._late.acquire()
                nursery.start_soon(self._answer_late, asked, batch)
            elif not await self._answer(asked, batch):
                return

    async def _answer_late(self, asked: list[Asked], batch: bool) -> None:  # noqa: FBT001 (start_soon takes no names)
        try:
            await trio.sleep(self._served.lies.delay_s)
            if not await self._answer(asked, batch):
                self._scope.cancel()
        finally:
            self._late.release()

    async def _answer(self, asked: list[Asked], batch: bool) -> bool:  # noqa: FBT001 (as above)
        """Answer one message; False when the connection is to end."""
        lies = self._served.lies.told
        if not _spared(asked) and Lie.HANGS_UP in lies:
            return False
        begun = list[Subscription]()
        answers = [answer for one in asked if (answer := await self._answer_one(one, begun)) is not None]
        if Lie.SILENT in lies and not _spared(asked):
            for subscription in begun:  # whose ids nobody will ever know
                self._end(subscription)
            return True
        if answers and not await self._send(write_batch(answers) if batch else answers[0]):
            return False
        for subscription in begun:
            subscription.begin()
        return True

    async def _answer_one(self, asked: Asked, begun: list[Subscription]) -> bytes | None:
        if isinstance(asked, BadRequest):
            return write_error(asked.id, asked.error)
        try:
            result = await self._ask(asked, begun)
        except EdgeNodeError as error:
            told = error_of(error)
            if told.code == INTERNAL_ERROR:
                log.exception("devnet.request_failed", method=asked.method)
            return None if asked.silent else write_error(asked.id, told)
        except Exception:  # one request's own fault, which ends no other
            log.exception("devnet.request_failed", method=asked.method)
            return None if asked.silent else write_error(asked.id, RpcError(INTERNAL_ERROR, "Internal error"))
        return None if asked.silent else write_result(asked.id, result)

    async def _ask(self, asked: Request, begun: list[Subscription]) -> Any:
        name, params = asked.method, asked.params
        if name in TOPICS:
            return self._subscribe(name, params, begun)
        if name in ENDS:
            return self._unsubscribe(ENDS[name], params)
        method = METHODS.get(name)
        if method is None:
            raise RpcError(NO_SUCH_METHOD, "Method not found")
        result = await method.ask(self._served, params)
        return result if name.startswith(PREFIX) else self._served.lies.twist(name, params, result)

    def _subscribe(self, name: str, params: Sequence[Any], begun: list[Subscription]) -> str:
        if len(self._held) >= SUBSCRIPTIONS_MAX:
            raise RpcError(_TOO_MANY, "Too many subscriptions on the connection")
        topic = TOPICS[name]
        subscription = Subscription(self._served.random(_ID_BYTES).hex(), topic.note, self._queue, self._drop)
        self._held[subscription.id] = subscription
        # The last word on an extrinsic ends its subscription: clients that never end any would run out of them.
        subscription.on_last = partial(self._held.pop, subscription.id, None)
        try:
            topic.start(self._served, subscription, params)
        except EdgeNodeError:
            del self._held[subscription.id]
            raise
        begun.append(subscription)
        return subscription.id

    def _unsubscribe(self, topic: str, params: Sequence[Any]) -> bool:
        if len(params) != 1 or not isinstance(params[0], str):
            raise RpcError(INVALID_PARAMS, "Invalid params", "wants the id of a subscription")
        subscription = self._held.get(params[0])
        if subscription is None or subscription.topic != topic:
            return False
        self._end(subscription)
        return True

    def _end(self, subscription: Subscription) -> None:
        self._held.pop(subscription.id, None)
        subscription.on_end()

    def _queue(self, note: bytes) -> None:
        try:
            self._notes_in.send_nowait(note)
        except trio.WouldBlock:
            self._drop()

    def _drop(self) -> None:
        """Let a client go that does not read what it subscribed to."""
        log.warning("devnet.reader_dropped", subscriptions=len(self._held))
        self._scope.cancel()

    async def _feed(self) -> None:
        async for note in self._notes_out:
            if not await self._send(note):
                self._scope.cancel()
                return

    async def _send(self, message: bytes) -> bool:
        try:
            await self._socket.send_message(message.decode())
        except ConnectionClosed:
            return False
        return True


def _spared(asked: list[Asked]) -> bool:
    """Whether it is about the faults themselves, which lies do not touch."""
    return all(isinstance(one, Request) and one.method.startswith(PREFIX) for one in asked)
