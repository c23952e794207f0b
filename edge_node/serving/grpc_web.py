"""A call that comes as grpc-web over a WebSocket of its own: the browser's way to the same handlers."""

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB
from edge_node.base.refusals import Asker
from edge_node.serving.call import CallEnded, CallTable, Metadata, Method, MethodUnknown, run_call, status_of
from edge_node.serving.limits import NEVER
from edge_node.serving.problems import note_refusal
from edge_node.serving.request import Request
from edge_node.serving.transport import PeerGone
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.serving.web_room import WebRoom
from edge_node.serving.websocket_session import SessionEnded, WebSocketSession
from edge_node.wire.grpc import MessageReader, MessageTruncated, Status, encode_text, message_prefix, parse_timeout
from edge_node.wire.grpc_web import (
    METADATA_MAX_BYTES,
    OVERHEAD_BYTES,
    SUBPROTOCOL,
    MetadataMalformed,
    WebFrameUnknown,
    encode_block,
    parse_metadata,
    read_client_message,
)
from edge_node.wire.websocket_frames import encode_binary
from edge_node.wire.websocket_handshake import UpgradeRequired

SMALL_MESSAGE_BYTES = METADATA_MAX_BYTES + OVERHEAD_BYTES  # a socket holds so much without asking for room
METADATA_S = 5.0  # from the upgrade to the first message, which a client has at hand
IDLE_S = 60.0
# Who has a place that others wait for brings so much in that time: 128 kbit/s.
STALL_S = 4.0
STALL_BYTES = 64 * KIB

_HEADERS = encode_binary(encode_block([("content-type", "application/grpc-web+proto")]))
_SILENT = (Status.CANCELLED, "the client neither sent nor took anything for too long")
_SLOW = (Status.CANCELLED, "the client sent its message too slowly while others waited for its place")


def open_grpc_web(
    request: Request,
    table: CallTable,
    room: WebRoom,
    *,
    mode: str = "full",
    idle_s: float = IDLE_S,
    method: str | None = None,
) -> WebSocketUpgrade:
    """Answer a call with the table's handler; UpgradeRequired, MalformedUpgrade.

    `room` is that of all calls of the node: large messages wait there, and one that waits too long ends its call.
    `method` is the request's path unless it is given. A method that does not exist is answered inside the WebSocket,
    where the client looks for a status. `idle_s` is how long a client may be silent while a handler waits for it.
    """
    handshake = check_websocket(request)
    if SUBPROTOCOL not in handshake.subprotocols:
        raise UpgradeRequired(f"a call wants the subprotocol {SUBPROTOCOL}")
    name, peer = request.path if method is None else method, request.peer
    known = table.find(name)

    async def talk(session: WebSocketSession) -> None:
        call = WebCall(session, room, name, peer=peer, mode=mode, idle_s=idle_s)
        await call.run(known, table)

    message_max = max(METADATA_MAX_BYTES, 0 if known is None else known.message_max) + OVERHEAD_BYTES
    return WebSocketUpgrade(handshake, talk, subprotocol=SUBPROTOCOL, message_max=message_max)


class WebCall:
    """See serving.call.Call and OpenCall."""

    over_web = True

    def __init__(
        self, session: WebSocketSession, room: WebRoom, method: str, *, peer: str, mode: str, idle_s: float
    ) -> None:
        self.method, self.peer, self.mode = method, peer, mode
        self.metadata = Metadata()
        self.scope = trio.CancelScope()
        self.ended: tuple[Status, str] | None = None
        self.forged = False  # one call a connection: none is ended for it
        self.not_after = NEVER
        self._session, self._room = session, room
        self._idle_s = idle_s
        self._reader = MessageReader(0)
        self._known: Method | None = None  # until its first message was whole
        self._accepted = self._half_closed = False
        self._cut: tuple[Status, str] | None = None  # said when the handler is done: another task of it may be sending
        self._place: bool | None = None  # in the room: None, or whether it was admitted when it took one
        self._patience = trio.CancelScope()
        self._moved_at = trio.current_time()
        self._came = 0

    async def run(self, known: Method | None, table: CallTable) -> None:
        """From the metadata to the trailers, after which the socket is closed: only then is a client done."""
        try:
            try:
                await self._begin()
                if known is None:
                    raise MethodUnknown(self.method)
            except Refusal as refusal:
                note_refusal(refusal, Asker(self.peer, "", "grpc-web"))
                table.note(self.method, status_of(refusal))
                await self.finish(status_of(refusal), str(refusal))
            else:
                self._known, self._reader = known, MessageReader(known.first_max)
                await run_call(self, known.handler, table)
                if self._cut is not None:
                    await self._put(_trailers(*self._cut))
            self._reader = MessageReader(0)  # a client may take its time to close
            self._leave_room()
            await self._session.close()
        except CallEnded:
            pass
        finally:
            self._leave_room()

    async def _begin(self) -> None:
        self._session.hold_large(SMALL_MESSAGE_BYTES, _refuse_metadata)
        with trio.move_on_after(METADATA_S):
            pairs = parse_metadata(await self._next())
            self.metadata = Metadata(pairs)
            self._session.hold_large(SMALL_MESSAGE_BYTES, self._take_room)
            timeout = dict(pairs).get(b"grpc-timeout")
            if timeout is not None:
                self.not_after = trio.current_time() + parse_timeout(timeout)
            return
        raise MetadataMalformed("it did not come")

    async def receive(self) -> bytes | None:
        """See Call."""
        while True:
            self._require_open()
            message = self._reader.next_message()
            if message is not None:
                if self._known is not None:
                    self._reader.message_max, self._known = self._known.message_max, None
                return message
            if self._half_closed:
                if self._reader.missing:
                    raise MessageTruncated(self._reader.missing)
                return None
            if self._reader.held > SMALL_MESSAGE_BYTES:  # a large message in small ones
                await self._take_room()
            elif not self._session.large:
                self._leave_room()
            data = read_client_message(await self._next_in_time())
            if data is None:
                self._half_closed = True
            else:
                self._reader.receive(data)

    async def accept(self) -> None:
        """See Call."""
        self._require_open()
        if not self._accepted:
            self._accepted = True
            await self._put(_HEADERS)

    async def send(self, *parts: bytes | memoryview) -> None:
        """See Call."""
        await self.accept()
        self._require_open()
        await self._put(encode_binary(b"".join((message_prefix(sum(map(len, parts))), *parts))))

    async def finish(self, status: Status, message: str) -> None:
        """See OpenCall."""
        self._require_open()
        await self._put(_trailers(status, message))

    def _require_open(self) -> None:
        if self.ended is not None:
            raise CallEnded(self.ended[1])

    async def _next_in_time(self) -> bytes:
        """The client's next message; a client that is silent while nothing goes to it either is cut."""
        while True:
            with trio.move_on_after(self._idle_s if self._place is None else STALL_S) as self._patience:
                return await self._next()
            if self._patience.cancelled_caught:
                self._require_moving()

    def _require_moving(self) -> None:
        """CallEnded for a client that brought too little since it was last asked."""
        now, came = trio.current_time(), self._session.came - self._came
        self._came += came
        if self._place is not None and came < STALL_BYTES and self._room.waited_for:
            self._cut = _SLOW
        elif self._place is not None and came:
            self._moved_at = now
        elif now - self._moved_at >= self._idle_s:
            self._cut = _SILENT
        if self._cut is not None:
            self._end(self._cut[1])
            self._require_open()

    async def _take_room(self) -> None:
        """A place for a large message, unless there is one; Overloaded, and what `vouch` refuses a first one for."""
        if self._place is None:
            self._patience.deadline = NEVER  # it is the client who waits now
            if self._known is not None:
                await self._known.vouch(self)
            admitted = self._accepted
            await self._room.enter(self.peer, admitted=admitted)
            self._place = admitted
            self._moved_at, self._came = trio.current_time(), self._session.came
            self._patience.deadline = self._moved_at + STALL_S

    def _leave_room(self) -> None:
        if self._place is not None:
            admitted, self._place = self._place, None
            self._room.leave(self.peer, admitted=admitted)

    async def _next(self) -> bytes:
        try:
            data = (await self._session.receive()).data
        except SessionEnded as over:
            self._end(str(over))
            raise CallEnded(str(over)) from None
        self._moved_at = trio.current_time()
        if isinstance(data, str):
            raise WebFrameUnknown
        return data

    async def _put(self, frame: bytes) -> None:
        try:
            await self._session.send_frames(frame)
        except (SessionEnded, PeerGone) as over:
            self._end(str(over))
            raise CallEnded(str(over)) from None
        self._moved_at = trio.current_time()

    def _end(self, why: str) -> None:
        if self.ended is None:
            self.ended = (Status.CANCELLED, why)


async def _refuse_metadata() -> None:
    raise MetadataMalformed(f"more than {METADATA_MAX_BYTES} bytes")


def _trailers(status: Status, message: str) -> bytes:
    fields = [("grpc-status", str(int(status)))]
    if message:
        fields.append(("grpc-message", encode_text(message)))
    return encode_binary(encode_block(fields))
