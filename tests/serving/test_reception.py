"""serving.reception: connections are let in within limits, counted by door, and seen out in order."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from edge_node.serving.listeners import listen_at
from edge_node.serving.reception import Entrance, Reception
from edge_node.serving.refusals import Overloaded


class Echo:
    """A connection that gives back what comes, until it is asked to end or cut."""

    def __init__(self, sock: socket.socket) -> None:
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        self.stubborn = False
        self.cut = False
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Until the peer leaves."""
        try:
            with self._scope:
                async for data in self._stream:
                    await self._stream.send_all(data)
        except trio.Cancelled:
            self.cut = True
            raise
        finally:
            await trio.aclose_forcefully(self._stream)

    def drain(self) -> None:
        """At once, unless it is stubborn."""
        if not self.stubborn:
            self._scope.cancel()


class House:
    """Two doors and who came by them."""

    def __init__(self, in_all: int, per_address: int) -> None:
        self.reception = Reception[Echo](in_all, per_address)
        self.listeners = [listen_at("127.0.0.1:0"), listen_at("127.0.0.1:0")]
        self.refused: list[tuple[str, Overloaded]] = []
        self.clients: list[trio.SocketStream] = []
        self.over = trio.Event()

    def turn_away(self, sock: socket.socket, peer: str, refusal: Overloaded) -> None:
        """Remember it and close."""
        self.refused.append((peer, refusal))
        sock.close()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Both doors."""
        entrances = [Entrance(one, lambda sock, _: Echo(sock), self.turn_away) for one in self.listeners]
        await self.reception.run(entrances, opened=task_status.started)
        self.over.set()

    async def knock(self, door: int = 0) -> trio.SocketStream:
        """A client, let in or not."""
        client = await trio.open_tcp_stream("127.0.0.1", self.listeners[door].getsockname()[1])
        self.clients.append(client)
        return client

    async def visit(self, door: int = 0) -> trio.SocketStream:
        """A client that was let in."""
        client = await self.knock(door)
        await client.send_all(b"x")
        assert await client.receive_some(1) == b"x"
        return client


@asynccontextmanager
async def open_house(in_all: int = 8, per_address: int = 8) -> AsyncIterator[House]:
    """A house that is open."""
    house = House(in_all, per_address)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(house.run)
            yield house
            nursery.cancel_scope.cancel()
    for client in house.clients:
        await trio.aclose_forcefully(client)


async def test_who_is_there_is_counted_by_door():
    """Until they leave."""
    async with open_house() as house:
        reception, (first, second) = house.reception, house.listeners
        clients = [await house.visit(door) for door in (0, 1, 1)]
        assert (len(reception.guests), reception.came_by(first), reception.came_by(second)) == (3, 1, 2)
        for client in clients:
            await client.aclose()
        while reception.guests:
            await trio.sleep(0.01)
        assert reception.came_by(second) == 0


@pytest.mark.parametrize(("in_all", "per_address"), [(2, 8), (8, 2)])
async def test_a_limit_turns_the_next_one_away(in_all: int, per_address: int):
    """At the limit they are let in; one more is not; another limit lets them in again."""
    async with open_house(in_all, per_address) as house:
        for _ in range(2):
            await house.visit()
        late = await house.knock()
        assert await late.receive_some(1) == b""
        assert [peer for peer, _ in house.refused] == ["127.0.0.1"]
        house.reception.resize(8, 8)
        await house.visit()
        assert len(house.reception.guests) == 3


async def test_a_closed_house_lets_nobody_in():
    """Those who are there stay."""
    async with open_house() as house:
        client = await house.visit()
        port = house.listeners[0].getsockname()[1]
        await house.reception.close()
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream("127.0.0.1", port)
        await client.send_all(b"y")
        assert await client.receive_some(1) == b"y"


async def test_everybody_is_seen_out():
    """Whoever ends when asked is not cut; who does not is, when patience is over; then the run is."""
    async with open_house() as house:
        for _ in range(2):
            await house.visit()
        stubborn, willing = house.reception.guests
        stubborn.stubborn = True
        await house.reception.close()
        await house.reception.see_out(0.1)
        await house.over.wait()
        assert (stubborn.cut, willing.cut) == (True, False)
        assert not house.reception.guests


@pytest.mark.parametrize("guests", [0, 2])
async def test_nobody_is_waited_for_in_vain(guests: int):
    """Patience ends with the last connection: an hour of it is not spent."""
    async with open_house() as house:
        for _ in range(guests):
            await house.visit()
        await house.reception.close()
        await house.reception.see_out(3_600.0)
        await house.over.wait()
        assert not house.reception.guests
