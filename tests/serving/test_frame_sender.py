"""The sending half: whole frames in order, control frames between them, rests that nobody waits for."""

import socket

import pytest
import trio
import trio.testing

from edge_node.serving.frame_sender import FrameSender
from edge_node.serving.limits import Reaper
from edge_node.serving.live import Link
from edge_node.serving.transport import PeerGone, PlainTransport
from edge_node.serving.watch import SocketWatch
from edge_node.wire.websocket_frames import encode_binary, encode_ping, encode_pong

LARGE = encode_binary(bytes(8 << 20))


class Underneath:
    """A connection's deadline."""

    deadline = 77.0

    def end(self) -> None:
        raise AssertionError("nothing here ends a connection")


class Rig:
    """A sender over a real socket, and the other end."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        self.theirs.setblocking(False)
        self.host = Underneath()
        self.link = Link(self.host, PlainTransport(ours, "peer"), SocketWatch(), Reaper([]), 30.0)
        self.sender = FrameSender(self.link)

    async def read(self, size: int) -> bytes:
        """So many bytes at the other end, whoever sends them."""
        raw = b""
        while len(raw) < size:
            self.sender.on_room()
            try:
                raw += self.theirs.recv(size - len(raw))
            except BlockingIOError:
                await trio.sleep(0)
        return raw

    async def close(self) -> None:
        self.theirs.close()
        await self.link.transport.close()


async def test_what_fits_goes_at_once() -> None:
    """Frames and control frames in the order given; the deadline is not touched."""
    rig = Rig()
    await rig.sender.send(encode_binary(b"a"))
    rig.sender.offer(encode_pong(b"b"))
    await rig.sender.send(encode_binary(b"c"))
    assert rig.theirs.recv(100) == encode_binary(b"a") + encode_pong(b"b") + encode_binary(b"c")
    assert rig.host.deadline == 77.0
    await rig.close()


async def test_a_control_frame_waits_for_the_frame_under_way() -> None:
    """Of several the last follows it; the write's deadline is the old one again."""
    rig = Rig()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.sender.send, LARGE)
        await trio.testing.wait_all_tasks_blocked()
        assert rig.sender.flushing
        assert rig.host.deadline != 77.0
        rig.sender.offer(encode_pong(b"first"))
        rig.sender.offer(encode_pong(b"last"))
        last = encode_pong(b"last")
        assert await rig.read(len(LARGE) + len(last)) == LARGE + last
    assert (rig.sender.flushing, rig.host.deadline) == (False, 77.0)
    await rig.close()


async def test_a_send_given_up_is_pushed() -> None:
    """The rest is nobody's: room sends it, and the next send stands behind it."""
    rig = Rig()
    with trio.move_on_after(0.01):
        await rig.sender.send(LARGE)
    assert rig.sender.pushing
    rig.sender.offer(encode_ping())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.sender.send, encode_binary(b"next"))
        behind = encode_ping() + encode_binary(b"next")
        assert await rig.read(len(LARGE) + len(behind)) == LARGE + behind
    assert not rig.sender.pushing
    await rig.close()


async def test_nothing_of_ours_comes_before_a_goodbye() -> None:
    """Once closing, control frames are dropped and progress renews nothing."""
    rig = Rig()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.sender.send, LARGE)
        await trio.testing.wait_all_tasks_blocked()
        rig.sender.offer(encode_pong(b"early"))
        rig.sender.closing, rig.host.deadline = True, 5.0
        rig.sender.offer(encode_pong(b"late"))
        assert await rig.read(len(LARGE)) == LARGE
    assert rig.host.deadline == 5.0
    await rig.sender.send(b"end")
    assert await rig.read(3) == b"end"
    await rig.close()


async def test_a_client_that_is_gone_is_said_to_be() -> None:
    """By whichever way one sends."""
    rig = Rig()
    rig.theirs.close()
    with pytest.raises(PeerGone):
        await rig.sender.send(encode_binary(b"a"))
    with pytest.raises(PeerGone):
        rig.sender.offer(encode_ping())
    await rig.close()
