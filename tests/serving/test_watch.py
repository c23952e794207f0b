"""The watch: who is called back, when, and that leaving is safe at any moment."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from edge_node.serving.watch import TURN_MAX, SocketWatch


@asynccontextmanager
async def watching() -> AsyncIterator[SocketWatch]:
    """A watch that runs."""
    watch = SocketWatch()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.run)
        yield watch
        nursery.cancel_scope.cancel()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends, not blocking."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


async def settle() -> None:
    """Until nobody has anything to do."""
    await trio.testing.wait_all_tasks_blocked(0.005)


async def test_bytes_and_ends_call_back() -> None:
    """As often as something comes, and when the other side closes."""
    ours, theirs = pair()
    got: list[bytes] = []
    with ours, theirs:
        async with watching() as watch:
            watch.add(ours.fileno(), lambda: got.append(ours.recv(10)))
            theirs.send(b"a")
            await settle()
            theirs.send(b"b")
            await settle()
            assert got == [b"a", b"b"]
            theirs.close()
            while got[-1] != b"":
                await trio.sleep(0)
            watch.remove(ours.fileno())
            assert len(watch) == 0


async def test_who_was_removed_is_not_called() -> None:
    """Also when another callback of the same turn removes it; removing twice is no mistake."""
    first, second = pair(), pair()
    called: list[str] = []
    async with watching() as watch:

        def end(name: str) -> None:
            called.append(name)
            for ours, _ in (first, second):
                watch.remove(ours.fileno())

        watch.add(first[0].fileno(), lambda: end("first"))
        watch.add(second[0].fileno(), lambda: end("second"))
        for _, theirs in (first, second):
            theirs.send(b"x")
        await settle()
        assert len(called) == 1
        watch.remove(first[0].fileno())
    for ends in (first, second):
        for end_ in ends:
            end_.close()


async def test_room_is_called_back_on_request() -> None:
    """Only while it is wanted; for a socket nobody watches it is nothing."""
    ours, theirs = pair()
    calls: list[int] = []
    with ours, theirs:
        async with watching() as watch:

            def once() -> None:
                calls.append(1)
                watch.want(ours.fileno(), write=False)

            watch.want(ours.fileno(), write=True)
            watch.add(ours.fileno(), once)
            await settle()
            assert calls == []
            watch.want(ours.fileno(), write=True)
            await settle()
            assert calls == [1]
            watch.remove(ours.fileno())


async def test_more_sockets_than_one_turn_takes() -> None:
    """All are called back."""
    ends = [pair() for _ in range(TURN_MAX + 50)]
    got: list[bytes] = []
    async with watching() as watch:
        for ours, theirs in ends:
            watch.add(ours.fileno(), lambda ours=ours: got.append(ours.recv(1)))
            theirs.send(b"x")
        await settle()
        assert len(got) == len(ends)
        for ours, _ in ends:
            watch.remove(ours.fileno())
    for ours, theirs in ends:
        ours.close()
        theirs.close()


async def test_the_end_of_the_watch_closes_its_file() -> None:
    """Nothing of it is left open."""
    watch = SocketWatch()
    descriptor = watch._epoll.fileno()
    assert descriptor > 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.run)
        await settle()
        nursery.cancel_scope.cancel()
    assert watch._epoll.closed
