"""The link between an open response and its connection."""

import socket

import trio
import trio.testing

from edge_node.serving.limits import TICK_S, Reaper
from edge_node.serving.live import Link
from edge_node.serving.transport import PlainTransport
from edge_node.serving.watch import SocketWatch


class Underneath:
    """A connection's deadline."""

    deadline = 0.0
    ended = False

    def end(self) -> None:
        self.ended = True


async def test_a_link_watches_its_own_socket_and_sets_its_deadline() -> None:
    """Called back for bytes and, when asked, for room; no longer once it is given up."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    host, watch, reaper, calls = Underneath(), SocketWatch(), Reaper([]), list[str]()
    with ours, theirs:
        link = Link(host, PlainTransport(ours, "peer"), watch, reaper, 30.0)
        link.expect(5.0)
        assert host.deadline == reaper.now + 5.0 + TICK_S

        def called() -> None:
            calls.append("ready")
            link.wake_for(write=False)
            link.transport.take(100)

        link.watch_for(called)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch.run)
            link.wake_for(write=True)
            await trio.testing.wait_all_tasks_blocked(0.005)
            theirs.send(b"x")
            await trio.testing.wait_all_tasks_blocked(0.005)
            link.unwatch()
            theirs.send(b"y")
            await trio.testing.wait_all_tasks_blocked(0.005)
            nursery.cancel_scope.cancel()
    assert calls == ["ready", "ready"]
