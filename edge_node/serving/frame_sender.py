"""The sending half of a WebSocket: the handler's frames, ours between them, and never one inside another."""

from edge_node.serving.live import Link


class FrameSender:
    """Puts frames on the wire in whole.

    `flushing`: a task waits for room. `pushing`: a rest lies there that nobody waits for, so the watch sends it
    (`on_room`). `closing`: from now on the close frame is all that matters; nothing of ours comes before it and
    progress no longer puts the deadline off.
    """

    __slots__ = ("_link", "_waiting", "closing", "flushing", "pushing")

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: bytes | None = None
        self.closing = self.flushing = self.pushing = False

    async def send(self, data: bytes) -> None:
        """Send whole frames; returns when the socket took them. One task at a time. PeerGone."""
        transport = self._link.transport
        while not transport.settled:  # once more where a control frame took the room
            await self._flush()
        if not transport.offer(data):
            await self._flush()

    def offer(self, frame: bytes) -> None:
        """Send a control frame without waiting. Behind a frame under way it waits, and only the last does. PeerGone."""
        if self.closing:
            return
        if not self._link.transport.settled:
            self._waiting = frame
            return
        self._waiting = None
        if not self._link.transport.offer(frame):
            self._await_room()

    def on_room(self) -> None:
        """The socket may have room for the rest that nobody waits for. PeerGone."""
        if self.pushing and self._link.transport.push():
            self.pushing = False
            self._link.wake_for(write=False)
            self._offer_waiting()

    async def _flush(self) -> None:
        deadline = self._link.host.deadline
        self.flushing = True
        try:
            self._note_progress()
            await self._link.transport.flush(self._note_progress)
        finally:
            self.flushing = False
            if not self.closing:
                self._link.host.deadline = deadline
            if not self._link.transport.settled:
                self._await_room()  # its handler gave up: half a frame must not wait for the next one
        self._offer_waiting()

    def _await_room(self) -> None:
        self.pushing = True
        self._link.wake_for(write=True)

    def _offer_waiting(self) -> None:
        if self._waiting is not None:
            self.offer(self._waiting)

    def _note_progress(self) -> None:
        if not self.closing:  # a goodbye has one deadline, whatever trickles
            self._link.expect(self._link.write_timeout_s)
