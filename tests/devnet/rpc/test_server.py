"""The listener."""

import json

import pytest
import trio
import websockets.sync.client
from trio_websocket import ConnectionClosed

from edge_node.devnet.rpc import NotLoopback, PortTaken, serve_rpc
from edge_node.devnet.rpc import server as listener
from tests.devnet.rpc.desk import connected, serving


async def greeted(server):
    """How a WebSocket's beginning is answered; by hand, since the library leaks the socket of one that is refused."""
    async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
        await stream.send_all(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        return await stream.receive_some()


async def test_it_is_on_this_machine_alone():
    """Keys of a development chain are known to all: no other address is listened at."""
    async with serving() as desk:
        for host in ("0.0.0.0", "192.0.2.1", "::"):
            with pytest.raises(NotLoopback):
                await serve_rpc(desk.service, host)


async def test_a_taken_port_is_said_to_be():
    """And what is served there goes on."""
    async with serving() as desk:
        with pytest.raises(PortTaken, match=str(desk.server.port)):
            await serve_rpc(desk.service, "127.0.0.1", desk.server.port)
        assert await desk.ask("system_chain")


async def test_another_library_speaks_with_it():
    """`websockets`, which is what Python's other clients stand on."""
    async with serving() as desk:

        def ask():
            with websockets.sync.client.connect(desk.server.url) as socket:
                socket.send('{"jsonrpc":"2.0","id":1,"method":"system_chain","params":[]}')
                return json.loads(socket.recv())

        assert (await trio.to_thread.run_sync(ask))["result"] == "Cere Development"


async def test_no_more_connections_than_may(monkeypatch):
    """The next one is refused; when one goes, another may come."""
    monkeypatch.setattr(listener, "CONNECTIONS_MAX", 2)
    async with serving() as desk:
        async with connected(desk.server):
            assert (await greeted(desk.server)).startswith(b"HTTP/1.1 503")
        with trio.fail_after(5):
            while desk.server.connections > 1:
                await trio.sleep(0.01)
        async with connected(desk.server) as again:
            assert await again.ask("system_chain")


async def test_too_large_a_request_ends_its_connection(monkeypatch):
    """And no other."""
    monkeypatch.setattr(listener, "REQUEST_BYTES_MAX", 1_000)
    async with serving() as desk, connected(desk.server) as other:
        await other.socket.send_message(" " * 1_001)
        with pytest.raises(ConnectionClosed) as closed:
            await other.socket.get_message()
        assert closed.value.reason.code == 1009
        assert await desk.ask("system_chain")
