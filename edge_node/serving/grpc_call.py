"""One gRPC call over HTTP/2: what its handler receives and sends, and how its windows open (see serving/credit)."""

from collections.abc import Sequence
from typing import Protocol

import trio

from edge_node.serving.call import CallEnded, CallHandler, Metadata, vouch_for_all
from edge_node.serving.credit import AHEAD_BYTES, UPDATE_BYTES, StreamCredit
from edge_node.serving.limits import NEVER
from edge_node.serving.sleeper import Sleeper
from edge_node.wire.grpc import PREFIX_BYTES, MessageReader, MessageTruncated, Status, message_prefix
from edge_node.wire.grpc_headers import ACCEPTED, trailers
from edge_node.wire.http2 import Http2Server
from edge_node.wire.http2_frames import ErrorCode
from edge_node.wire.http2_output import Parts
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES

JOIN_MAX_BYTES = 16 * 1024  # up to here copying a message costs less than keeping track of its parts
DUE = 2.0  # times the idle timeout for one message that wants room: 4 MiB at 280 kbit/s, with the default
QUEUED = 10.0  # times the idle timeout for a message that waits for room: nobody holds any for longer than DUE
TURNS = 32  # messages that a handler may take or send without waiting before others have the loop

_IDLE = (Status.CANCELLED, "the client neither sent nor took anything for too long")
_NO_ROOM = (Status.UNAVAILABLE, "there was no room for the message for too long; try again later")
_NO_PLACE = (Status.UNAVAILABLE, "the call said nothing while others had no place; send its first message at once")


class CallHost(Protocol):
    """The connection underneath."""

    http: Http2Server

    def flush_soon(self) -> None:
        """There is output."""
        ...

    def queue_room(self) -> int:
        """How many bytes may be queued before the socket has taken some."""
        ...

    def wait_for_room(self, call: "GrpcCall") -> None:
        """Wake the call's sender when there may be room to send."""
        ...

    def idle_deadline(self, patience: float = 1.0) -> float:
        """When a call ends that waits for its client from now on, in multiples of `stream_idle_timeout_s`."""
        ...

    def leave(self, call: "GrpcCall") -> None:
        """The call is over."""
        ...


class GrpcCall:
    """See serving.call.Call and OpenCall."""

    over_web = False

    __slots__ = (
        "_accepted", "_credit", "_due", "_first", "_half_closed", "_host", "_large", "_left", "_message_max", "_queued",
        "_reader", "_receiving", "_sender", "_sending", "_turns", "_unfinished", "_vouch", "deadline", "ended",
        "forged", "metadata", "method", "mode", "not_after", "peer", "receiver", "scope", "silent", "stream",
    )  # fmt: skip

    def __init__(
        self, host: CallHost, stream: int, method: str, metadata: Metadata, *, peer: str, mode: str, message_max: int,
        credit: StreamCredit, first_max: int | None = None, vouch: CallHandler = vouch_for_all,
        not_after: float = NEVER,
    ) -> None:  # fmt: skip
        self.stream, self.method, self.metadata, self.peer, self.mode = stream, method, metadata, peer, mode
        self.not_after = not_after
        self.deadline = NEVER
        self.ended: tuple[Status, str] | None = None
        self.forged = False
        self.scope = trio.CancelScope()
        self.receiver, self._sender = Sleeper(), Sleeper()
        self._host = host
        self._credit = credit
        self._message_max = message_max
        self._reader = MessageReader(message_max if first_max is None else first_max)
        self._vouch: CallHandler | None = vouch
        self._first = True  # until its first message was whole
        self.silent = True  # until then, or until somebody vouched for it
        self._half_closed = self._accepted = self._left = self._unfinished = self._queued = False
        self._receiving = self._sending = False
        self._due = NEVER  # when a message must be whole that room was given to: drops do not hold it for ever
        self._large = 0  # how much the client may send ahead, once it has sent a large message
        self._turns = 0

    # --- for the handler

    async def receive(self) -> bytes | None:
        """See Call."""
        reader = self._reader
        while True:
            self._require_open()
            message = reader.next_message()
            if message is not None:
                await self._rest_sometimes()
                self._take(len(message) + PREFIX_BYTES)
                return message
            if self._half_closed:
                if reader.missing:
                    raise MessageTruncated(reader.missing)
                return None
            if self._vouch is not None and PREFIX_BYTES + reader.expected > STREAM_WINDOW_BYTES:
                vouch, self._vouch = self._vouch, None
                await vouch(self)
                self.silent = False
                continue  # more may have come meanwhile
            self.invite()
            self._receiving = True
            try:
                await self._wait(self.receiver)
            finally:
                self._receiving = False

    async def accept(self) -> None:
        """See Call."""
        self._require_open()
        if not self._accepted:
            self._accepted = True
            self._host.http.send_headers(self.stream, ACCEPTED)
            self._host.flush_soon()

    async def send(self, *parts: bytes | memoryview) -> None:
        """See Call."""
        await self.accept()
        await self._rest_sometimes()
        size = sum(map(len, parts))
        prefix = message_prefix(size)
        if size <= JOIN_MAX_BYTES:
            await self._send_all([b"".join((prefix, *parts))], size + PREFIX_BYTES)
        else:
            await self._send_all([prefix, *parts], size + PREFIX_BYTES)

    async def _send_all(self, parts: Sequence[bytes | memoryview], size: int) -> None:
        queue = Parts(parts)
        while size:
            self._require_open()
            room = min(size, self._host.http.room(self.stream), self._host.queue_room())
            if room > 0:
                self._host.http.send_data(self.stream, queue.take(room), room)
                self._host.flush_soon()
                size -= room
                self._unfinished = size > 0
                if self._receiving:
                    self.deadline = self._host.idle_deadline()
                continue
            self._host.wait_for_room(self)
            self._sending = True
            try:
                await self._wait(self._sender)
            finally:
                self._sending = False

    async def _wait(self, sleeper: Sleeper) -> None:
        """Wait for the client, who has `stream_idle_timeout_s` for its next move."""
        self.deadline = min(self._host.idle_deadline(QUEUED if self._queued else 1.0), self._due)
        try:
            await sleeper.sleep()
        finally:
            self.deadline = self._host.idle_deadline() if self._receiving and self._sending else NEVER

    async def _rest_sometimes(self) -> None:
        self._turns += 1
        if self._turns % TURNS == 0:
            await trio.lowlevel.checkpoint()

    def _require_open(self) -> None:
        if self.ended is not None:
            raise CallEnded(self.ended[1])

    # --- for run_call

    async def finish(self, status: Status, message: str) -> None:
        """See OpenCall."""
        self._require_open()
        self.end(status, message)

    # --- for the connection

    def end(self, status: Status, message: str) -> None:
        """Answer with a status; a message that is only half sent can only be broken off."""
        if self._left:
            return
        http = self._host.http
        if self._unfinished:
            http.reset(self.stream, ErrorCode.CANCEL)
        else:
            http.send_last_headers(self.stream, trailers(status, message, alone=not self._accepted))
            if not self._half_closed:
                http.reset(self.stream, ErrorCode.NO_ERROR)  # what the client still sends is of no use
        self.close(status, message)
        self._host.flush_soon()

    def close(self, status: Status, message: str) -> None:
        """It is over, and nobody is to be told."""
        if not self._left:
            self._left = True
            self.ended = (status, message)
            self._credit.share.forget(self)
            self._credit.close()
            self._host.leave(self)

    def cut(self, status: Status, message: str) -> None:
        """It is over while its handler is at work, which is cancelled."""
        self.close(status, message)
        self.scope.cancel()

    def expire(self) -> None:
        """The client has not moved for too long, or the node had no room for it."""
        self.deadline = NEVER
        self.end(*(_NO_ROOM if self._queued else _IDLE))
        self.scope.cancel()

    def yield_place(self) -> None:
        """Others have work, and this call has said nothing yet."""
        self.end(*_NO_PLACE)
        self.scope.cancel()

    def on_data(self, data: bytes | memoryview, size: int, *, ended: bool) -> bool:
        """Bytes came; False when the client sent more than it may."""
        if not self._credit.arrive(size):
            return False
        if len(data) < size:
            self._credit.take(size - len(data))  # padding is taken at once
        self._reader.receive(data)
        self._half_closed = self._half_closed or ended
        if self._receiving:
            if self._sending:
                self.deadline = self._host.idle_deadline()
            self.receiver.wake()
        elif self._sending:
            self.deadline = self._host.idle_deadline()
        return True

    def on_room(self) -> None:
        """There may be room to send."""
        self._sender.wake()

    def invite(self) -> None:
        """Open the window for what the handler waits for; in turn, where room is short."""
        if self._left or self._half_closed:
            return
        credit = self._credit
        there, need = credit.window + credit.held, PREFIX_BYTES + self._reader.expected
        least = max(STREAM_WINDOW_BYTES, need)
        if need <= there and least + self._large - there < UPDATE_BYTES:
            return
        grown = credit.raise_to(least + self._large)
        if grown is None and self._large:
            grown = credit.raise_to(least)
        if grown is None:
            if need > there:
                self._queued = True
                credit.share.wait(self)
        elif grown:
            self._note_invited()
            if credit.charged and self._due is NEVER:
                self._due = self._host.idle_deadline(DUE)
            self._host.http.open_window(self.stream, grown)
            self._host.flush_soon()

    def _note_invited(self) -> None:
        """From now on it is the client that is waited for."""
        if self._queued:
            self._queued = False
            if self._receiving:
                self.deadline = self._host.idle_deadline()

    def _take(self, size: int) -> None:
        if self._first:
            self._first, self.silent, self._vouch = False, False, None
            self._reader.message_max = self._message_max
        self._credit.take(size)
        self._due = NEVER
        self._large = AHEAD_BYTES if size > STREAM_WINDOW_BYTES else 0
        self.invite()
