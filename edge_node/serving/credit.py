"""How much the clients of a node may have sent that no handler has taken yet.

A call starts with a small window. A handler that waits for a message invites the rest of it, and the invitation is
charged to one room for the whole node; when the room is full, calls wait for their invitation in turn. So a message
that was begun can always be finished, and memory is bounded: calls x the small window + the room.
"""

from collections import OrderedDict
from typing import Protocol

from edge_node.base.limits import KIB, MIB
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES

ROOM_BYTES = 32 * MIB  # eight of the DDC SDK's largest messages on their way at once, whatever the clients
AHEAD_BYTES = MIB  # of the message after the one that is taken: what comes in while it is stored
UPDATE_BYTES = 32 * KIB  # smaller credit is saved up: a WINDOW_UPDATE costs as much as a small message


class Guest(Protocol):
    """A call that waits for its invitation."""

    def invite(self) -> None:
        """There may be room now: try again."""
        ...


class CreditRoom:
    """What has been invited beyond the small windows: in all, per address, and per connection (a Share).

    Thousands of calls may wait, and a connection that breaks off gives back hundreds of invitations in one go. So
    room that comes back is offered to one call of each connection: if that finds none, neither do those behind it.
    """

    def __init__(self, in_all: int = ROOM_BYTES) -> None:
        self.in_all = in_all
        self.used = 0
        self._by_address: dict[str, int] = {}
        self._waiting: dict[Share, None] = {}

    def fits(self, peer: str, amount: int) -> bool:
        """Whether an address may have so much more."""
        return self.used + amount <= self.in_all and self._by_address.get(peer, 0) + amount <= self.in_all * 3 // 4

    def change(self, peer: str, amount: int) -> None:
        """Take room, or give it back (negative); then those that wait try again, one of each connection in turn."""
        self.used += amount
        left = self._by_address.get(peer, 0) + amount
        if left:
            self._by_address[peer] = left
        else:
            self._by_address.pop(peer, None)
        if amount < 0 and self._waiting:
            for share in list(self._waiting):
                share.invite_next()

    def line_up(self, share: "Share") -> None:
        """A connection has calls that wait; it goes behind the others."""
        self._waiting.pop(share, None)
        self._waiting[share] = None

    def leave(self, share: "Share") -> None:
        """It has none any more."""
        self._waiting.pop(share, None)


class Share:
    """One connection's part of the room: at most half, so that a stuck one leaves room for its neighbours."""

    __slots__ = ("_used", "_waiting", "peer", "room")

    def __init__(self, room: CreditRoom, peer: str) -> None:
        self.room, self.peer = room, peer
        self._used = 0
        self._waiting: OrderedDict[Guest, None] = OrderedDict()

    def charge(self, amount: int) -> bool:
        """Take room; False with nothing taken when there is not enough."""
        if self._used + amount > self.room.in_all // 2 or not self.room.fits(self.peer, amount):
            return False
        self._used += amount
        self.room.change(self.peer, amount)
        return True

    def release(self, amount: int) -> None:
        """Give it back."""
        if amount:
            self._used -= amount
            self.room.change(self.peer, -amount)

    def wait(self, guest: Guest) -> None:
        """Be invited, in turn."""
        if not self._waiting:
            self.room.line_up(self)
        self._waiting[guest] = None

    def forget(self, guest: Guest) -> None:
        """It no longer waits."""
        if guest in self._waiting:
            del self._waiting[guest]
            if not self._waiting:
                self.room.leave(self)

    def invite_next(self) -> None:
        """Let the call that waits longest try again; if it still finds no room it stays the first."""
        guest = next(iter(self._waiting), None)
        if guest is None:
            return
        self.forget(guest)
        guest.invite()
        if guest in self._waiting:
            self._waiting.move_to_end(guest, last=False)
        elif self._waiting:
            self.room.line_up(self)


class StreamCredit:
    """One call's account: `window` bytes may still come, `held` came and were not taken."""

    __slots__ = ("charged", "held", "share", "window")

    def __init__(self, share: Share) -> None:
        self.share = share
        self.window = STREAM_WINDOW_BYTES
        self.held = self.charged = 0

    def arrive(self, size: int) -> bool:
        """Bytes came; False when the client sent more than its window."""
        self.window -= size
        self.held += size
        return self.window >= 0

    def take(self, size: int) -> None:
        """The handler took bytes: what was invited for them is over."""
        self.held -= size
        spare = min(self.charged, max(0, self.charged + STREAM_WINDOW_BYTES - self.window - self.held))
        self.charged -= spare
        self.share.release(spare)

    def raise_to(self, target: int) -> int | None:
        """What the window may grow by so that `target` bytes can be held and on their way; None without room."""
        wish = target - self.window - self.held
        if wish <= 0:
            return 0
        extra = max(0, target - STREAM_WINDOW_BYTES) - self.charged
        if extra > 0:
            if not self.share.charge(extra):
                return None
            self.charged += extra
        self.window += wish
        return wish

    def close(self) -> None:
        """The call is over."""
        charged, self.charged = self.charged, 0
        self.share.release(charged)
