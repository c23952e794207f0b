"""Transports: partial sends, ends and vanished peers, on sockets."""

import socket
import sys

import pytest
import trio
import trio.testing

from edge_node.serving.transport import RETRY_AFTER_WAITS, LiveTransport, PeerGone, PlainTransport


def sockets() -> tuple[PlainTransport, socket.socket]:
    """A transport and the client's blocking end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return PlainTransport(ours, "peer"), theirs


async def test_bytes_arrive_however_often_one_waits() -> None:
    """Reading works at once, after a wait, and around the retries of the hopeful path."""
    transport, client = sockets()
    for number in range(RETRY_AFTER_WAITS * 2 + 3):
        async with trio.open_nursery() as nursery:

            async def read(wanted: bytes) -> None:
                assert await transport.receive(10) == wanted

            if number % 3 == 0:
                client.send(b"%d" % number)
                nursery.start_soon(read, b"%d" % number)
            else:
                nursery.start_soon(read, b"%d" % number)
                await trio.testing.wait_all_tasks_blocked()
                client.send(b"%d" % number)
    client.close()
    assert await transport.receive(10) == b""
    await transport.close()


async def test_a_full_socket_keeps_the_rest_for_flush() -> None:
    """What does not go at once goes when the reader reads, with progress told."""
    transport, client = sockets()
    content = bytes(range(256)) * 20_000
    progress: list[int] = []
    assert transport.offer(b"small")
    assert not transport.offer(content)
    assert not transport.settled
    received = bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.flush, lambda: progress.append(1))
        while len(received) < len(content) + 5:
            received += await trio.to_thread.run_sync(client.recv, 100_000)
    assert received == b"small" + content
    assert transport.settled
    assert len(progress) > 1
    transport.finish()
    assert client.recv(10) == b""
    client.close()
    await transport.close()


async def test_what_has_gone_is_let_go_of() -> None:
    """An answer that waited for its reader is not held by the connection for as long as that stays open."""
    transport, client = sockets()
    content = bytes(4_000_000)
    held = sys.getrefcount(content)
    assert not transport.offer(content)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, take_all, client, len(content))
        await transport.flush(lambda: None)
    assert transport.settled
    assert sys.getrefcount(content) == held
    client.close()
    await transport.close()


def take_all(client: socket.socket, left: int) -> None:
    """Read so many bytes."""
    while left:
        left -= len(client.recv(65_536))


async def test_a_vanished_peer_is_gone() -> None:
    """Sending to it says PeerGone, receiving gives the end, closing never raises."""
    transport, client = sockets()
    client.close()
    with pytest.raises(PeerGone):
        transport.offer(b"x")
    assert await transport.receive(10) == b""
    await transport.close()
    with pytest.raises(PeerGone):
        transport.finish()


async def test_a_peer_that_vanishes_during_a_flush_is_gone() -> None:
    """The wait ends with PeerGone."""
    transport, client = sockets()
    assert not transport.offer(bytes(5_000_000))
    async with trio.open_nursery() as nursery:

        async def flush() -> None:
            with pytest.raises(PeerGone):
                await transport.flush(lambda: None)

        nursery.start_soon(flush)
        await trio.testing.wait_all_tasks_blocked()
        client.close()
    await transport.close()


async def test_a_live_transport_never_waits() -> None:
    """`take` says whether there was anything, `push` sends what goes and says when it is all gone."""
    transport, client = sockets()
    assert isinstance(transport, LiveTransport)
    assert transport.take(10) is None
    client.sendall(b"abc")
    assert transport.take(2) == b"ab"
    assert transport.settled
    assert transport.push()
    whole = bytes(range(256)) * 20_000
    assert not transport.offer(whole)
    assert not transport.settled
    received = b""
    while not transport.push():
        received += client.recv(100_000)
    assert transport.settled
    while len(received) < len(whole):
        received += client.recv(100_000)
    assert received == whole
    client.close()
    transport.take(10)
    assert transport.take(10) == b""
    with pytest.raises(PeerGone):
        transport.offer(bytes(5_000_000))
    await transport.close()
