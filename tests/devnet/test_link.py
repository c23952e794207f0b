"""A link that can be cut, over real sockets."""

import socket

import pytest
import trio

from edge_node.devnet.link import Link


async def _echo(stream: trio.SocketStream) -> None:
    async for data in stream:
        await stream.send_all(data)


async def _serve(nursery: trio.Nursery) -> int:
    listeners = await nursery.start(trio.serve_tcp, _echo, 0)
    port: int = listeners[0].socket.getsockname()[1]
    return port


async def _ask(port: int) -> bytes:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(b"ping")
        return bytes(await stream.receive_some())


async def test_a_cut_link_answers_nobody_and_comes_back_on_its_port() -> None:
    """What was connected is closed, new connections are refused, and after restoring all is as before."""
    async with trio.open_nursery() as nursery:
        link = Link(await _serve(nursery), nursery)
        await link.restore()
        port = link.port
        assert await _ask(port) == b"ping"
        held = await trio.open_tcp_stream("127.0.0.1", port)
        await held.send_all(b"x")
        assert await held.receive_some() == b"x"
        link.cut()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert await held.receive_some() == b""
        await held.aclose()
        with pytest.raises(OSError, match=r"(?i)connect"):
            await _ask(port)
        await link.restore()
        assert link.port == port
        assert await _ask(port) == b"ping"
        nursery.cancel_scope.cancel()


async def test_a_link_to_a_dead_node_closes_its_connections() -> None:
    """A killed node looks through the link as it looks without it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        async with trio.open_nursery() as nursery:
            link = Link(taken.getsockname()[1], nursery)
            await link.restore()
            async with await trio.open_tcp_stream("127.0.0.1", link.port) as stream:
                assert await stream.receive_some() == b""
            nursery.cancel_scope.cancel()


async def test_cutting_twice_or_before_the_first_use_is_harmless() -> None:
    """A cable that is out can be pulled again."""
    async with trio.open_nursery() as nursery:
        link = Link(1, nursery)
        link.cut()
        await link.restore()
        link.cut()
        link.cut()
