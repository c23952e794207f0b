"""GET /api/v1/streams/{stream} that stays open: WebSocket and SSE subscriptions (docs/specs/subscriptions.md)."""

from collections.abc import AsyncGenerator
from typing import Literal

import msgspec
import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import StreamName, VaultId, shorten
from edge_node.base.limits import KIB
from edge_node.base.refusals import Asker
from edge_node.gateway.answer_room import AnswerRoom, Held
from edge_node.gateway.errors import BadParameter, BadSubscription
from edge_node.gateway.live_frames import SSE, WEBSOCKET, LiveFraming
from edge_node.gateway.parameters import read_number, read_vault
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request, Response
from edge_node.serving.problems import note_refusal
from edge_node.serving.sse_stream import EventStream
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.serving.websocket_session import CLOSE_CODES, WebSocketSession
from edge_node.store.streams.frames import Frames
from edge_node.store.streams.subscription_errors import SubscriptionEnded
from edge_node.store.streams.subscriptions import From, Slow, Subscription, Subscriptions
from edge_node.trust.access import Verb, stream_resource
from edge_node.wire.websocket import Message
from edge_node.wire.websocket_handshake import wants_websocket

SUBPROTOCOL = "edge-node.v1"
WISH_S = 5.0  # how long a client may take to say where it begins
WISH_MAX_BYTES = KIB
OFFSET_MAX = 2**63 - 1


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's first message."""

    start: int | Literal["start", "end"] = msgspec.field(default="end", name="from")
    slow: Slow = Slow.WAIT


_as_wish = msgspec.json.Decoder(Wish).decode


class LiveRoutes:
    """The subscriptions' door. It shares its path with the pages of gateway/streams."""

    def __init__(self, subscriptions: Subscriptions, door: RequestDoor, vault: VaultId, room: AnswerRoom) -> None:
        self._subscriptions, self._door, self._vault, self._room = subscriptions, door, vault, room

    @staticmethod
    def wants(request: Request) -> bool:
        """Whether a request asks for a subscription, and not for a page."""
        if wants_websocket(request.head):
            return True
        return "text/event-stream" in (request.headers.get("accept") or "").lower()

    async def serve(self, request: Request) -> Response:
        """Open a subscription; whatever refuses it is still a plain HTTP answer."""
        if wants_websocket(request.head):
            return await self._upgrade(request)
        start: From = _read_from(request)
        last = request.headers.get("last-event-id")
        if last is not None:
            start = _read_last(last)
        subscription = await self._open(request, SSE, start, _read_slow(request))
        events = self._events(subscription, _asker(request, subscription))
        response = EventStream(events, stopping=SSE.ended(SubscriptionEnded()))
        response.done = subscription.close
        return response

    async def _upgrade(self, request: Request) -> Response:
        handshake = check_websocket(request)
        chosen = SUBPROTOCOL if SUBPROTOCOL in handshake.subprotocols else None
        told = "from" in request.query or "slow" in request.query
        subscription = await self._open(request, WEBSOCKET, _read_from(request), _read_slow(request))
        asker = _asker(request, subscription)

        async def talk(session: WebSocketSession) -> None:
            with self._room.hold(subscription.holder) as held:
                await self._deliver(session, subscription, held, asker, told=told)

        response = WebSocketUpgrade(
            handshake,
            talk,
            subprotocol=chosen,
            message_max=WISH_MAX_BYTES,
            stopping=WEBSOCKET.ended(SubscriptionEnded()),
        )
        response.done = subscription.close
        return response

    async def _open(self, request: Request, framing: LiveFraming, start: From, slow: Slow) -> Subscription:
        vault, stream = read_vault(request, self._vault), StreamName(request.params["stream"])
        admitted = await self._door.admit(request, stream_resource(vault, stream), Verb.READ)
        return await self._subscriptions.open(
            admitted.access,
            vault,
            stream,
            framing,
            start=start,
            slow=slow,
            not_after_ms=admitted.not_after_ms,
            source=f"http {request.peer}",
        )

    async def _deliver(
        self, session: WebSocketSession, subscription: Subscription, held: Held, asker: Asker, *, told: bool
    ) -> None:
        """One WebSocket's life: its client's wish, then events until something ends it."""
        try:
            if not told:
                await _hear_wish(session, subscription)
            await _refuse_more(session, asker)
            await session.send_frames(WEBSOCKET.opened(subscription.cursor))
            while True:
                frames = await self._next(subscription, held)
                await session.send_frames(frames.data)
                held.resize(0)
        except Refusal as refusal:
            _end(session, refusal, asker)

    async def _next(self, subscription: Subscription, held: Held) -> Frames:
        """The next frames, once there is room for them. While there is none they are not held: the log keeps them."""
        while True:
            cursor = subscription.cursor
            frames = await subscription.next_frames()
            if held.may_resize(len(frames.data)):
                return frames
            subscription.cursor = cursor
            await self._room.wait()

    async def _events(self, subscription: Subscription, asker: Asker) -> AsyncGenerator[bytes, None]:
        with self._room.hold(subscription.holder) as held:
            try:
                yield SSE.opened(subscription.cursor)
                while True:
                    frames = await self._next(subscription, held)
                    yield frames.data
                    held.resize(0)
            except Refusal as refusal:
                note_refusal(refusal, asker)
                yield SSE.ended(refusal)


async def _hear_wish(session: WebSocketSession, subscription: Subscription) -> None:
    """Wait a moment for the first message; without one it stays where it began."""
    message = None
    with trio.move_on_after(WISH_S):
        message = await session.receive()
    if message is not None:
        wish = read_wish(message)
        # `end` is where the stream ended at the upgrade, however long the client took to say so.
        await subscription.move(subscription.cursor if wish.start == "end" else wish.start, wish.slow)


def read_wish(message: Message) -> Wish:
    """The first message, or BadSubscription."""
    if isinstance(message.data, bytes):
        raise BadSubscription("a binary message")
    try:
        wish = _as_wish(message.data)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadSubscription(str(error)) from None
    if isinstance(wish.start, int) and not 0 <= wish.start <= OFFSET_MAX:
        raise BadSubscription(f"from wants 0 to {OFFSET_MAX}")
    return wish


async def _refuse_more(session: WebSocketSession, asker: Asker) -> None:
    """From now on a message ends the session, also one that came close behind the first."""
    with trio.move_on_after(0):
        await session.receive()
        raise BadSubscription("a message after the subscription began")
    session.on_message = lambda _: _end(session, BadSubscription("a message after the subscription began"), asker)


def _asker(request: Request, subscription: Subscription) -> Asker:
    return Asker(request.peer, shorten(subscription.holder), "https" if request.secure else "http")


def _end(session: WebSocketSession, refusal: Refusal, asker: Asker) -> None:
    note_refusal(refusal, asker)
    session.end(CLOSE_CODES + refusal.status, refusal.slug, WEBSOCKET.ended(refusal))


def _read_from(request: Request) -> From:
    text = request.query.get("from")
    if text is None or text == "end":
        return "end"
    if text == "start":
        return "start"
    return read_number(request, "from", 0, 0, OFFSET_MAX)


def _read_slow(request: Request) -> Slow:
    text = request.query.get("slow")
    try:
        return Slow.WAIT if text is None else Slow(text)
    except ValueError:
        raise BadParameter("slow", "wants wait, skip or close") from None


def _read_last(text: str) -> int:
    if text == "-1":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < OFFSET_MAX):
        raise BadParameter("Last-Event-ID", "wants an offset")
    return int(text) + 1
