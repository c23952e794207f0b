"""One gRPC client's connection: frames in, calls begun, their answers out; three kinds of task.

One task reads, one writes, and each call has one. Whatever any of them has to say goes into the connection's output
without waiting, and the writer, which runs when all others of that moment have run, sends it in one go: the answers
to sixteen small calls that came together leave together.
"""

from collections.abc import Iterator

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB, MIB
from edge_node.base.log import get_log
from edge_node.base.refusals import Asker
from edge_node.serving.call import UNLISTED, CallHandler, status_of
from edge_node.serving.counters import CALLS_REFUSED, CALLS_RESET, CONNECTIONS_BROKEN, CONNECTIONS_EXPIRED
from edge_node.serving.grpc_call import GrpcCall
from edge_node.serving.grpc_calls import GrpcCalls, GrpcService
from edge_node.serving.limits import FORGED_MAX, NEVER
from edge_node.serving.problems import note_refusal
from edge_node.serving.refusals import MetadataTooLarge
from edge_node.serving.sleeper import Sleeper
from edge_node.serving.transport import PeerGone, Transport
from edge_node.wire.grpc import Status
from edge_node.wire.grpc_headers import HTTP1_ANSWER, NOT_GRPC, is_grpc, is_http1, trailers
from edge_node.wire.http2 import Http2Server
from edge_node.wire.http2_budget import Http2Broken, NotHttp2
from edge_node.wire.http2_events import Arrived, Event, Opened, Oversized, Reset, Room
from edge_node.wire.http2_frames import ErrorCode

READ_BYTES = 256 * KIB
WRITE_BYTES = 256 * KIB  # joined at most; a socket's buffer takes little more
QUEUE_BYTES = 256 * KIB  # beyond this a call waits with what it has to send
OUTPUT_MAX_BYTES = MIB  # beyond this nothing more is read: a client that takes no answers asks no questions
PREFACE_S = 10.0  # from the connection to its first frames
GRACE_S = 5.0  # from our goodbye to the end of a connection without calls
LINGER_MAX_BYTES = MIB  # read and dropped after the last word, so that a client still sending gets to read it
LINGER_S = 2.0

_GONE = (Status.CANCELLED, "the connection is gone")
_RESET = (Status.CANCELLED, "the client gave the call up")
_OVERRUN = (Status.INTERNAL, "the client sent more than its window")

log = get_log("serving")


class GrpcConnection:
    """One connection's life; `run` never raises an Exception. `mode` is what its door is."""

    def __init__(self, service: GrpcService, transport: Transport, *, mode: str = "full") -> None:
        settings = service.settings
        self._service = service
        self._transport = transport
        self.http = Http2Server(
            streams_max=settings.streams_max, header_bytes_max=settings.header_bytes_max, now=trio.current_time()
        )
        self._calls = GrpcCalls(service, self, transport.peer, mode)
        self._forged = 0
        self._writer, self._reader = Sleeper(), Sleeper()
        self._closing = self._greeted = self._flushing = False
        self._nursery: trio.Nursery | None = None
        self.scope = trio.CancelScope()
        self.deadline = service.reaper.after(PREFACE_S)

    def __iter__(self) -> Iterator[GrpcCall]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def peer(self) -> str:
        """The client's address."""
        return self._transport.peer

    # --- its life

    async def run(self) -> None:
        """Serve until the client leaves, misbehaves or is overdue. The boundary: no error goes beyond it."""
        try:
            with self.scope:
                await self._transport.open()
                async with trio.open_nursery() as self._nursery:
                    self._nursery.start_soon(self._write)
                    await self._read()
                    self._lose()
                    self._nursery.cancel_scope.cancel()
        except Exception:
            CONNECTIONS_BROKEN.inc()
            log.exception("connection.broken", peer=self._transport.peer)
        finally:
            self._lose()
            await self._transport.close()

    def drain(self) -> None:
        """The server stops: no further call; the connection ends with its last one."""
        if not self.http.going:
            self.http.go_away()
            self.flush_soon()
        self._end_if_done()

    def end(self) -> None:
        """End it as it is."""
        self.scope.cancel()

    def expire(self) -> None:
        """See Expiring."""
        self.deadline = NEVER
        if self._calls or self._closing or not self._greeted or self.http.going:
            CONNECTIONS_EXPIRED.inc()
            self.end()
            return
        self.drain()

    def _end_if_done(self) -> None:
        """After our goodbye the last call's end is the connection's."""
        if self.http.going and not self._calls:
            self._close()

    def _close(self) -> None:
        """Send what there is to send, and end."""
        self._closing = True
        self.deadline = self._service.reaper.after(GRACE_S)
        self._writer.wake()
        self._reader.wake()

    def _lose(self) -> None:
        """Nobody is there any more: every handler is cancelled."""
        self._calls.cut(*_GONE)

    # --- reading

    async def _read(self) -> None:
        service, http = self._service, self.http
        while not self._closing:
            data = await self._transport.receive(READ_BYTES)
            if not data:
                return
            http.receive(data)
            try:
                await self._take_turns()
            except NotHttp2 as error:
                self._refuse_stranger(error)
            except Http2Broken as error:
                note_refusal(error, self._asker())
                self._lose()
                self._close()
            while http.out.size > OUTPUT_MAX_BYTES and not self._closing:
                await self._reader.sleep()
        self.deadline = service.reaper.after(LINGER_S)
        await self._linger()

    async def _take_turns(self) -> None:
        service, http = self._service, self.http
        first = True
        while True:
            for event in http.next_events(service.reaper.now):
                if isinstance(event, Opened | Oversized):
                    if not first:
                        await service.take_turn()
                    first = False
                self._dispatch(event)
            if http.out.size:
                self._writer.wake()
            if http.hungry or self._closing:
                return
            await trio.lowlevel.checkpoint()  # a client that sends without end must not keep the loop to itself

    async def _linger(self) -> None:
        left = LINGER_MAX_BYTES
        while left > 0:
            data = await self._transport.receive(READ_BYTES)
            if not data:
                return
            left -= len(data)

    def _refuse_stranger(self, error: NotHttp2) -> None:
        note_refusal(error, self._asker())
        self.http.out.clear()
        if is_http1(error.first):
            self.http.out.put(HTTP1_ANSWER)
        self._close()

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Arrived):
            self._on_arrived(event)
        elif isinstance(event, Opened):
            self._on_opened(event)
        elif isinstance(event, Oversized):
            limit = self._service.settings.header_bytes_max
            self._refuse(event, MetadataTooLarge(event.size, limit), UNLISTED, Status.INVALID_ARGUMENT)
        elif isinstance(event, Room):
            self._on_room(event.stream)
        elif isinstance(event, Reset):
            call = self._calls.find(event.stream)
            if call is not None:
                CALLS_RESET.inc()
                call.cut(*_RESET)
        else:
            self.drain()

    def _on_arrived(self, event: Arrived) -> None:
        call = self._calls.find(event.stream)
        if call is None:
            return  # it was answered already: the data is dropped, and its credit was given back on arrival
        if not call.on_data(event.data, event.size, ended=event.ended):
            self.http.reset(event.stream, ErrorCode.FLOW_CONTROL_ERROR)
            call.cut(*_OVERRUN)

    def _on_room(self, stream: int) -> None:
        if stream:
            call = self._calls.find(stream)
            if call is not None:
                call.on_room()
        else:
            if not self._greeted:
                self._greeted = True
                self._set_idle_deadline()
            self._calls.wake_senders()

    # --- calls

    def _on_opened(self, event: Opened) -> None:
        stream = event.stream
        self._calls.make_place()
        if self._calls.full or self.http.going or self._closing:
            CALLS_REFUSED.inc()
            self.http.refuse(stream, self._service.reaper.now)
            return
        fields = dict(event.headers)
        method = fields.get(b":path", b"").decode("latin-1")
        if fields.get(b":method") != b"POST" or not is_grpc(fields.get(b"content-type", b"")):
            self.http.send_last_headers(stream, NOT_GRPC)
            self.http.reset(stream, ErrorCode.NO_ERROR)
            return
        try:
            self._begin(event, method, fields.get(b"grpc-timeout"))
        except Refusal as refusal:
            self._refuse(event, refusal, method, status_of(refusal))

    def _refuse(self, event: Opened | Oversized, refusal: Refusal, method: str, status: Status) -> None:
        """One header block with the status; a client that still sends is told that nobody listens."""
        note_refusal(refusal, self._asker())
        self._service.table.note(method, status)
        self.http.send_last_headers(event.stream, trailers(status, str(refusal), alone=True))
        if not event.ended:
            self.http.reset(event.stream, ErrorCode.NO_ERROR)

    def _begin(self, event: Opened, method: str, timeout: bytes | None) -> None:
        call, handler = self._calls.begin(event, method, timeout)
        if not self._flushing:
            self.deadline = NEVER
        assert self._nursery is not None
        self._nursery.start_soon(self._attend, call, handler)

    async def _attend(self, call: GrpcCall, handler: CallHandler) -> None:
        try:
            await self._calls.run(call, handler)
        finally:
            if call.forged:
                self._count_forged()

    def _count_forged(self) -> None:
        """With the answer to the last the connection ends, and with it whatever else it has under way."""
        self._forged += 1
        if self._forged == FORGED_MAX:
            self.http.go_away(ErrorCode.ENHANCE_YOUR_CALM, b"too many bad signatures")
            self._lose()
            self._close()

    # --- what calls ask for (CallHost)

    def flush_soon(self) -> None:
        """See CallHost."""
        self._writer.wake()

    def queue_room(self) -> int:
        """See CallHost."""
        return QUEUE_BYTES - self.http.out.size

    def wait_for_room(self, call: GrpcCall) -> None:
        """See CallHost."""
        self._calls.wait_for_room(call)

    def idle_deadline(self, patience: float = 1.0) -> float:
        """See CallHost."""
        return self._service.reaper.after(self._service.settings.stream_idle_timeout_s * patience)

    def leave(self, call: GrpcCall) -> None:
        """See CallHost."""
        self._calls.leave(call)
        self._set_idle_deadline()
        self._end_if_done()

    def _set_idle_deadline(self) -> None:
        """A connection without a call has one; with calls, they have theirs."""
        if not self._closing:
            idle_s = self._service.settings.idle_timeout_s
            self.deadline = NEVER if self._calls else self._service.reaper.after(idle_s)

    # --- writing

    async def _write(self) -> None:
        http, transport = self.http, self._transport
        try:
            while not (http.greeted or self._closing):
                await self._writer.sleep()  # to who speaks something else our settings would be noise
            while True:
                while data := http.take_output(WRITE_BYTES):
                    self._calls.wake_senders()
                    if not transport.offer(data):
                        await self._flush()
                    self._reader.wake()
                if self._closing:
                    transport.finish()
                    return
                await self._writer.sleep()
        except PeerGone:
            self.end()

    async def _flush(self) -> None:
        """Wait for a socket that takes no more; a client that takes nothing at all is cut."""
        self._note_progress()
        self._flushing = True
        await self._transport.flush(self._note_progress)
        self._flushing = False
        self._set_idle_deadline()

    def _note_progress(self) -> None:
        if not self._closing:
            self.deadline = self.idle_deadline()

    def _asker(self) -> Asker:
        return Asker(self._transport.peer, "", "grpc")
