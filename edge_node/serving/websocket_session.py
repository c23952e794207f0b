"""One open WebSocket: messages in, frames out, signs of life and both ways of ending.

The handler runs in the connection's own task and is the only one that waits to send. Reading needs no task: the
server's SocketWatch calls `_on_ready`, which takes what came, answers pings and leaves messages in a short list, so
that an idle session is this object, a suspended handler and an entry in the kernel. Pings and the end of a client that
no longer answers come with the reaper's tick. When the list is full the socket is not read until the handler took
from it: a client is slowed down, never buffered.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from itertools import count

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB
from edge_node.base.log import get_log
from edge_node.serving.askers import asker_of
from edge_node.serving.counters import CONNECTIONS_EXPIRED, REQUESTS_BROKEN
from edge_node.serving.frame_sender import FrameSender
from edge_node.serving.live import Link
from edge_node.serving.problems import note_refusal
from edge_node.serving.refusals import ServingError
from edge_node.serving.transport import PeerGone
from edge_node.wire.websocket import MESSAGE_MAX_BYTES, NEED_DATA, Closed, Message, Ping, WebSocket
from edge_node.wire.websocket_frames import GOING_AWAY, INTERNAL, LOST, NORMAL, encode_ping, encode_pong

READ_BYTES = 64 * KIB
TURN_MAX = 256  # events of one client in one go, about 3 ms
INBOX_MAX = 64  # messages read ahead of the handler; they hold no more bytes than one read and one message together
PING_S = 20.0  # below the 30 s after which the tightest proxies and NATs forget a silent connection
MISSED_MAX = 2  # two pings in a row: one may be lost with a link that comes back
CLOSE_S = 3.0  # for the last frames to leave and the client's own close to come
SENDS_PER_TURN = 16  # a handler that never waits gives others a turn after so many
CLOSE_CODES = 4_000  # a refusal's status and this are its close code: 4000 and up are for applications

_VANISHED = Closed(LOST, "", clean=False)

log = get_log("serving")
_serial = count()

OnMessage = Callable[[Message], None]
Talk = Callable[["WebSocketSession"], Awaitable[None]]
TakeRoom = Callable[[], Awaitable[None]]


class SessionEnded(ServingError):
    """The session is over, by whichever side; `code` and `reason` are the client's, or LOST without a close frame."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())


class WebSocketSession:
    """What a handler has of its client; one task receives and one sends, which may be the same.

    When the client leaves or breaks the protocol, or the server stops, a handler inside `receive` or `send_frames`
    gets SessionEnded, and one that waits for anything else is cancelled: either way it just ends.
    """

    __slots__ = (
        "_closing", "_deaf", "_heard", "_held", "_inbox", "_link", "_missed", "_on_message", "_paused", "_pinged",
        "_scope", "_sender", "_sends", "_sleeper", "_stopping", "_take_room", "_unread", "_ws", "came", "closed",
        "large", "small_max", "subprotocol",
    )  # fmt: skip

    def __init__(
        self, link: Link, *, subprotocol: str | None = None, message_max: int = MESSAGE_MAX_BYTES, stopping: bytes = b""
    ) -> None:
        self.subprotocol = subprotocol
        self.closed: Closed | None = None
        self.came = 0
        """How many bytes came behind the upgrade, whatever they were."""
        self.large = False
        """Whether a message above `small_max` is under way and has its room."""
        self.small_max = message_max
        self._take_room: TakeRoom | None = None
        self._link = link
        self._on_message: OnMessage | None = None
        self._ws = WebSocket(message_max=message_max)
        self._sender = FrameSender(link)
        self._stopping = stopping
        self._scope = trio.CancelScope()
        self._inbox: deque[Message] = deque()
        self._unread = 0
        self._sleeper: trio.lowlevel.Task | None = None
        self._closing: tuple[int, str, bytes] | None = None
        self._deaf = self._heard = self._held = self._paused = self._pinged = False
        self._missed = self._sends = 0

    @property
    def on_message(self) -> OnMessage | None:
        """Called with each message at once, those that wait included, where `receive` would give it.

        It must not wait and may call `end`: the way to hear a client while the handler waits for something else.
        """
        return self._on_message

    @on_message.setter
    def on_message(self, callback: OnMessage | None) -> None:
        self._on_message = callback
        while self._inbox and callback is not None and self._closing is None:
            callback(self._take_message())
        if self._paused and not self._inbox:
            self._listen_again()

    def hold_large(self, small_max: int, take_room: TakeRoom) -> None:
        """Read a message above `small_max` bytes only when a task waits in `receive`, and behind `take_room` in it.

        Until then no more of it is held than one read; what `take_room` raises leaves `receive`.
        """
        self.small_max, self._take_room = small_max, take_room

    async def receive(self) -> Message:
        """The next message; SessionEnded when there will be none."""
        while not self._inbox:
            self._require_open()
            if self._held and self._take_room is not None:
                await self._take_room()
                self._held, self.large = False, True
                await self._resume()
            elif self._paused:
                await self._resume()
            else:
                await self._sleep()
        return self._take_message()

    def _take_message(self) -> Message:
        message = self._inbox.popleft()
        self._unread -= len(message.data)
        return message

    async def send_frames(self, data: bytes) -> None:
        """Send frames as `wire.websocket_frames` encodes them, any number joined; SessionEnded, PeerGone.

        Returns when the socket took all of it. A client that takes nothing for the write timeout is cut.
        """
        self._require_open()
        self._sends += 1
        if self._sends % SENDS_PER_TURN == 0:
            await trio.lowlevel.checkpoint()
        await self._sender.send(data)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye and wait for the client's; nothing can be sent or received afterwards."""
        if self._closing is None:
            self._closing = (code, reason, b"")
        self._wake()  # another task of the handler's, in `receive`
        await self._say_goodbye()

    def end(self, code: int, reason: str = "", last: bytes = b"") -> None:
        """End from outside the handler, without waiting: it is cancelled, `last` (frames) and a close frame follow."""
        if self._closing is None and self.closed is None:
            self._closing = (code, reason, last)
            self._sender.closing = True
            self._link.expect(CLOSE_S)
            self._scope.cancel()

    def drain(self) -> None:
        """See Live."""
        self.end(GOING_AWAY, "stopping", self._stopping)

    def expire(self) -> None:
        """See Live. The deadline of whatever is under way; of nothing, the next ping's."""
        if self._sender.flushing or self._closing is not None or self.closed is not None:
            CONNECTIONS_EXPIRED.inc()
            self._link.host.end()
            return
        self._link.expect(PING_S)
        if self._is_dead():
            CONNECTIONS_EXPIRED.inc()
            self._on_closed(_VANISHED)
            return
        self._pinged = True
        try:
            self._sender.offer(encode_ping())
        except PeerGone:
            self._on_closed(_VANISHED)

    def _is_dead(self) -> bool:
        """Whether this tick makes too many pings in a row without any answer."""
        if self._paused:
            return False  # it is we who do not listen
        lively = self._heard and not self._sender.pushing  # who takes nothing from us is as good as gone
        self._missed = self._missed + 1 if self._pinged and not lively else 0
        self._heard = False
        return self._missed >= MISSED_MAX

    async def run(self, talk: Talk, rest: bytes) -> bool:
        """Hold the session; `rest` came behind the upgrade. Whether the client wants to know why it ended. PeerGone."""
        # Sessions that began together, after a restart, would all ping in one tick for ever.
        self._link.expect(PING_S / 2 + PING_S / 2 * (next(_serial) % 16) / 16)
        self._link.watch_for(self._on_ready)
        try:
            if rest:
                self._take(rest)
            if not self._paused and self.closed is None:
                self._on_ready()  # what TLS has already unsealed makes no socket ready
            with self._scope:
                await self._talk(talk)
            await self._say_goodbye()
        finally:
            self._link.unwatch()
            self.closed = self.closed or _VANISHED  # whatever is still to be called back finds nothing to do
        return not self.closed.clean and self.closed.code != LOST

    async def _talk(self, talk: Talk) -> None:
        try:
            await talk(self)
        except Exception as raised:  # noqa: BLE001 - a boundary: whatever a handler raises ends in a log and a 1011
            error = _beyond_ends(raised)
            if isinstance(error, Refusal):
                note_refusal(error, asker_of(self._link.transport.peer, secure=self._link.transport.secure))
                self.end(CLOSE_CODES + error.status, error.slug)
            elif error is not None:
                self._break(error)

    def _break(self, error: Exception) -> None:
        """Our own code raised, from whichever side it was called."""
        REQUESTS_BROKEN.inc()
        log.error("session.broken", peer=self._link.transport.peer, exc_info=error)
        if self._closing is None:
            self.end(INTERNAL, "internal")
        else:
            self._on_closed(_VANISHED)

    def _require_open(self) -> None:
        if self.closed is not None:
            raise SessionEnded(self.closed.code, self.closed.reason)
        if self._closing is not None:
            raise SessionEnded(*self._closing[:2])

    async def _sleep(self) -> None:
        def give_up(_: object) -> trio.lowlevel.Abort:
            self._sleeper = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._sleeper = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(give_up)

    def _wake(self) -> None:
        if self._sleeper is not None:
            trio.lowlevel.reschedule(self._sleeper)
            self._sleeper = None

    async def _resume(self) -> None:
        await trio.lowlevel.checkpoint()  # a client that sends without end must not keep the loop to itself
        self._listen_again()

    def _listen_again(self) -> None:
        self._paused = False
        self._heard = True
        self._pump()
        if not self._paused and self.closed is None:
            self._link.watch_for(self._on_ready)
            self._link.wake_for(write=self._sender.pushing)

    def _on_ready(self) -> None:
        """The socket has bytes, an end, or room; told by the watch, or to see what was there before it watched."""
        try:
            self._sender.on_room()
            data = self._link.transport.take(READ_BYTES)
            if data is not None:
                self._take(data)
        except PeerGone:
            self._on_closed(_VANISHED)
        except Exception as error:  # noqa: BLE001 - a boundary: one session's fault must not end the watch of all
            self._break(error)

    def _take(self, data: bytes) -> None:
        self._heard = True
        self.came += len(data)
        self._ws.receive(data, self._link.reaper.now)
        self._pump()

    def _pump(self) -> None:
        """Give out what has arrived: as far as the list has room, and so much at once that others have their turn."""
        pong, turn = b"", 0
        while len(self._inbox) < INBOX_MAX and self._unread < READ_BYTES and turn < TURN_MAX:
            event = self._ws.next_event()
            if event is NEED_DATA:
                if self._ws.under_way > self.small_max and not self.large and not self._deaf:
                    self._held = True
                    self._pause(full=True)
                    self._wake()
                break
            turn += 1
            if isinstance(event, Message):
                self._deliver(event)
            elif isinstance(event, Ping):
                pong = encode_pong(event.payload)
            elif isinstance(event, Closed):
                self._on_closed(event)
                break
        else:
            self._pause(full=turn < TURN_MAX)
        if pong and self._closing is None:
            self._sender.offer(pong)

    def _pause(self, *, full: bool) -> None:
        self._paused = True
        self._link.unwatch()
        if not full:  # no socket becomes ready by what lies here
            trio.lowlevel.current_trio_token().run_sync_soon(self._go_on)

    def _go_on(self) -> None:
        """The next turn, called by trio itself, which no error may reach."""
        if not self._paused or self.closed is not None:
            return
        try:
            self._listen_again()
        except PeerGone:
            self._on_closed(_VANISHED)
        except Exception as error:  # noqa: BLE001 - as in `_on_ready`
            self._break(error)

    def _deliver(self, message: Message) -> None:
        self.large = False
        if self._deaf or self._closing is not None:
            return
        if self._on_message is not None:
            self._on_message(message)
            return
        self._inbox.append(message)
        self._unread += len(message.data)
        self._wake()

    def _on_closed(self, closed: Closed) -> None:
        if self.closed is not None:
            return
        self.closed = closed
        self._sender.closing = True
        self._link.unwatch()
        if self._closing is None:
            self._link.expect(CLOSE_S)  # for the handler to take what came before, and to end
        if self._sleeper is not None:
            self._wake()
        elif not self._inbox:
            self._scope.cancel()

    async def _say_goodbye(self) -> None:
        """Answer the client's close frame, or send ours and wait for its."""
        if self._deaf:
            return
        self._deaf = self._sender.closing = True
        self._inbox.clear()
        self._unread = 0
        self._ws.drop_messages()
        if self.closed is not None and self.closed.code == LOST:
            return
        self._link.expect(CLOSE_S)
        await self._sender.send(self._last_frames())
        if self._paused and self.closed is None:
            self._listen_again()
        while self.closed is None:
            await self._sleep()

    def _last_frames(self) -> bytes:
        closed = self.closed
        if closed is None:
            code, reason, last = self._closing = self._closing or (NORMAL, "", b"")
            return last + self._ws.close(code, reason)
        return self._ws.close(closed.code, "" if closed.clean else closed.reason)


def _beyond_ends(error: Exception) -> Exception | None:
    """What a handler raised besides that the session is over, out of the groups that its nurseries put around it."""
    if not isinstance(error, ExceptionGroup):
        return None if isinstance(error, SessionEnded | PeerGone) else error
    others = [other for one in error.exceptions if (other := _beyond_ends(one)) is not None]
    return others[0] if len(others) == 1 else error if others else None
