"""What every server does about connections: let them in by its doors, count them, and see them out when it stops."""

import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import trio

from edge_node.base.log import get_log
from edge_node.serving.limits import ConnectionCount
from edge_node.serving.listeners import accept_forever
from edge_node.serving.refusals import Overloaded

log = get_log("serving")


class Guest(Protocol):
    """A connection."""

    async def run(self) -> None:
        """Serve it to its end; no error of its own leaves it."""
        ...

    def drain(self) -> None:
        """Let it end with what is under way."""
        ...


GuestT = TypeVar("GuestT", bound=Guest)


@dataclass(frozen=True, slots=True, eq=False)
class Entrance(Generic[GuestT]):
    """A listening socket and what becomes of who comes there with which address; neither function may wait."""

    listener: socket.socket
    receive: Callable[[socket.socket, str], GuestT]
    turn_away: Callable[[socket.socket, str, Overloaded], None]
    """Closes the socket."""


class Reception(Generic[GuestT]):
    """The connections of one server; `run` once, then `close` and `see_out`."""

    def __init__(self, in_all: int, per_address: int) -> None:
        self._guests: dict[GuestT, Entrance[GuestT]] = {}
        self._count = ConnectionCount(in_all, per_address)
        self._accepting = trio.CancelScope()
        self._leaving = False
        self._closed = trio.Event()
        self._emptied = trio.Event()
        self._ended = trio.Event()

    @property
    def guests(self) -> Collection[GuestT]:
        """The connections there are now; the collection changes with them."""
        return self._guests.keys()

    def came_by(self, listener: socket.socket) -> int:
        """How many of them came by one of the doors."""
        return sum(entrance.listener is listener for entrance in self._guests.values())

    def resize(self, in_all: int, per_address: int) -> None:
        """Other limits from now on; connections there are stay."""
        self._count.resize(in_all, per_address)

    async def run(
        self,
        entrances: Sequence[Entrance[GuestT]],
        *beside: Callable[[], Awaitable[None]],
        opened: Callable[[], None],
    ) -> None:
        """Accept and serve until cancelled or seen out, with what runs `beside`; `opened` is called once."""
        async with trio.open_nursery() as nursery:
            for service in beside:
                nursery.start_soon(service)
            nursery.start_soon(self._accept, nursery, entrances)
            opened()
            await self._ended.wait()
            nursery.cancel_scope.cancel()

    async def close(self) -> None:
        """Accept nobody any more; every listening socket is closed."""
        self._accepting.cancel()
        await self._closed.wait()

    async def see_out(self, patience_s: float) -> None:
        """Ask every connection to end, give them so long, cut the rest; ends `run`."""
        self._leaving = True
        for guest in list(self._guests):
            guest.drain()
        with trio.move_on_after(patience_s) as patience:
            if self._guests:
                await self._emptied.wait()
        if patience.cancelled_caught:
            log.warning("drain.cut", connections=len(self._guests))
        self._ended.set()

    async def _accept(self, nursery: trio.Nursery, entrances: Sequence[Entrance[GuestT]]) -> None:
        try:
            with self._accepting:
                async with trio.open_nursery() as doors:
                    for entrance in entrances:
                        doors.start_soon(accept_forever, entrance.listener, self._welcomer(nursery, entrance))
        finally:
            for entrance in entrances:
                entrance.listener.close()
            self._closed.set()

    def _welcomer(self, nursery: trio.Nursery, entrance: Entrance[GuestT]) -> Callable[[socket.socket, str], None]:
        def welcome(sock: socket.socket, peer: str) -> None:
            try:
                self._count.enter(peer)
            except Overloaded as refusal:
                entrance.turn_away(sock, peer, refusal)
                return
            guest = entrance.receive(sock, peer)
            self._guests[guest] = entrance
            nursery.start_soon(self._attend, guest, peer)

        return welcome

    async def _attend(self, guest: GuestT, peer: str) -> None:
        try:
            await guest.run()
        finally:
            del self._guests[guest]
            self._count.leave(peer)
            if self._leaving and not self._guests:
                self._emptied.set()
