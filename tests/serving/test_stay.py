"""What stays open on a connection: it wants a socket, and hears of a drain that began before it."""

import trio
import trio.testing

from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.sse_stream import EventStream
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.wire.sse import encode_event
from edge_node.wire.websocket_frames import encode_close
from tests.serving.peer import echo, masked, opening, upgrade, wait_for_ever
from tests.serving.rig import GET, connected, dial, parse_answers, read_to_end, running
from tests.serving.test_sse_stream import silence


async def test_without_a_socket_there_is_no_session() -> None:
    """A connection over something else cannot be watched: that is our mistake, and ends it."""
    async with connected(opening(echo)) as (client, _):
        await client.send_all(upgrade())
        assert await read_to_end(client) == b""


async def test_an_upgrade_during_a_drain_is_ended_at_once() -> None:
    """The request was under way when the server began to stop."""
    reached, go = trio.Event(), trio.Event()

    async def handler(request: Request) -> Response:
        reached.set()
        await go.wait()
        return WebSocketUpgrade(check_websocket(request), wait_for_ever)

    async with running(handler) as server, await dial(server) as stream, trio.open_nursery() as nursery:
        await stream.send_all(upgrade())
        await reached.wait()
        nursery.start_soon(server.drain)
        await trio.testing.wait_all_tasks_blocked()
        go.set()
        raw = b""
        while not raw.endswith(encode_close(1001, "stopping")):
            raw += await stream.receive_some(4_096)
        await stream.send_all(masked(encode_close(1001)))


async def test_a_stream_begun_during_a_drain_is_ended_at_once() -> None:
    """Its request was under way when the server began to stop."""
    reached, go = trio.Event(), trio.Event()

    async def handler(request: Request) -> Response:
        reached.set()
        await go.wait()
        return EventStream(silence(), stopping=encode_event(b"stopping"))

    async with running(handler) as server, await dial(server) as stream, trio.open_nursery() as nursery:
        await stream.send_all(GET)
        await reached.wait()
        nursery.start_soon(server.drain)
        await trio.testing.wait_all_tasks_blocked()
        go.set()
        [answer] = parse_answers(await read_to_end(stream))
    assert answer.body.endswith(encode_event(b"stopping"))
