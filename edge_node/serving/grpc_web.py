"""A call that comes as grpc-web over a WebSocket of its own: the browser's way to the same handlers."""

from functools import partial

import trio

from edge_node.base.errors import Refusal
from edge_node.base.refusals import Asker
from edge_node.serving.call import CallEnded, CallTable, Metadata, Method, MethodUnknown, run_call, status_of
from edge_node.serving.limits import NEVER, ConnectionCount
from edge_node.serving.problems import note_refusal
from edge_node.serving.refusals import Overloaded
from edge_node.serving.request import Request
from edge_node.serving.transport import PeerGone
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
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

LARGE_CALLS_MAX = 12  # of 4 MiB each
LARGE_CALLS_PER_ADDRESS_MAX = 8
SMALL_MESSAGE_BYTES = METADATA_MAX_BYTES + OVERHEAD_BYTES
ENTER_S = 10.0
AGAIN_S = 0.05
METADATA_S = 10.0  # from the upgrade to the first message
IDLE_S = 60.0

_HEADERS = encode_binary(encode_block([("content-type", "application/grpc-web+proto")]))
_SILENT = (Status.CANCELLED, "the client neither sent nor took anything for too long")


def open_grpc_web(
    request: Request, table: CallTable, *, mode: str = "full", idle_s: float = IDLE_S, method: str | None = None
) -> WebSocketUpgrade:
    """Answer a call with the table's handler; UpgradeRequired, MalformedUpgrade.

    `method` is the request's path unless it is given. A method that does not exist is answered inside the WebSocket,
    where the client looks for a status. `idle_s` is how long a client may be silent while a handler waits for it.
    """
    handshake = check_websocket(request)
    if SUBPROTOCOL not in handshake.subprotocols:
        raise UpgradeRequired(f"a call wants the subprotocol {SUBPROTOCOL}")
    name, peer = request.path if method is None else method, request.peer
    known = table.find(name)

    async def talk(session: WebSocketSession) -> None:
        call = WebCall(session, name, peer=peer, mode=mode, idle_s=idle_s)
        await call.run(known, table)

    message_max = max(METADATA_MAX_BYTES, 0 if known is None else known.message_max) + OVERHEAD_BYTES
    return WebSocketUpgrade(handshake, talk, subprotocol=SUBPROTOCOL, message_max=message_max)


class WebRoom:
    """How many calls may be open whose messages are large: a WebSocket holds a whole one before it is taken.

    The others wait with their answer to the upgrade, which costs next to nothing.
    """

    def __init__(self, in_all: int = LARGE_CALLS_MAX, per_address: int = LARGE_CALLS_PER_ADDRESS_MAX) -> None:
        self._count = ConnectionCount(in_all, per_address)

    async def open(
        self, request: Request, table: CallTable, *, mode: str = "full", idle_s: float = IDLE_S
    ) -> WebSocketUpgrade:
        """As `open_grpc_web`, in turn; Overloaded when that takes longer than a client waits."""
        upgrade = open_grpc_web(request, table, mode=mode, idle_s=idle_s)
        if upgrade.message_max > SMALL_MESSAGE_BYTES:
            await self._enter(request.peer)
            upgrade.done = partial(self._count.leave, request.peer)
        return upgrade

    async def _enter(self, peer: str) -> None:
        give_up = trio.current_time() + ENTER_S
        while True:
            try:
                return self._count.enter(peer)
            except Overloaded:
                if trio.current_time() >= give_up:
                    raise
            await trio.sleep(AGAIN_S)


class WebCall:
    """See serving.call.Call and OpenCall."""

    over_web = True

    def __init__(self, session: WebSocketSession, method: str, *, peer: str, mode: str, idle_s: float) -> None:
        self.method, self.peer, self.mode = method, peer, mode
        self.metadata = Metadata()
        self.scope = trio.CancelScope()
        self.ended: tuple[Status, str] | None = None
        self.forged = False  # one call a connection: none is ended for it
        self.not_after = NEVER
        self._session = session
        self._idle_s = idle_s
        self._reader = MessageReader(0)
        self._accepted = self._half_closed = self._silent = False
        self._moved_at = trio.current_time()

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
                self._reader = MessageReader(known.message_max)
                await run_call(self, known.handler, table)
                if self._silent:
                    await self._put(_trailers(*_SILENT))
            await self._session.close()
        except CallEnded:
            pass

    async def _begin(self) -> None:
        with trio.move_on_after(METADATA_S):
            pairs = parse_metadata(await self._next())
            self.metadata = Metadata(pairs)
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
                return message
            if self._half_closed:
                if self._reader.missing:
                    raise MessageTruncated(self._reader.missing)
                return None
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
            with trio.move_on_after(self._idle_s) as patience:
                return await self._next()
            if patience.cancelled_caught and trio.current_time() - self._moved_at >= self._idle_s:
                self._silent = True  # said when the handler is done: another task of its may be sending
                self._end(_SILENT[1])
                self._require_open()

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


def _trailers(status: Status, message: str) -> bytes:
    fields = [("grpc-status", str(int(status)))]
    if message:
        fields.append(("grpc-message", encode_text(message)))
    return encode_binary(encode_block(fields))
