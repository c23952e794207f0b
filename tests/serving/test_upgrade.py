"""What a handler answers to open a WebSocket, and how those who ask for something else are told."""

import pytest

from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.websocket_handshake import Handshake
from tests.serving.peer import Peer, echo, opening, upgrade, wait_for_ever
from tests.serving.rig import GET, dial, read_answer, running

HANDSHAKE = Handshake("accept", ("edge-node.v1", "bearer.x"))


def test_only_an_offered_subprotocol_can_be_chosen() -> None:
    """Anything else would make every client fail the connection."""
    with pytest.raises(HttpMisuse):
        WebSocketUpgrade(HANDSHAKE, wait_for_ever, subprotocol="other")


def test_the_lines_of_its_head() -> None:
    """The accept value, and the subprotocol where one was chosen."""
    assert WebSocketUpgrade(HANDSHAKE, wait_for_ever).header_lines() == "sec-websocket-accept: accept\r\n"
    chosen = WebSocketUpgrade(HANDSHAKE, wait_for_ever, subprotocol="edge-node.v1")
    assert chosen.header_lines().endswith("sec-websocket-protocol: edge-node.v1\r\n")


async def test_a_subprotocol_is_answered() -> None:
    """The one that was chosen, and no other."""

    async def handler(request: Request) -> Response:
        return WebSocketUpgrade(check_websocket(request), echo, subprotocol="edge-node.v1")

    async with running(handler) as server, await dial(server) as stream:
        await stream.send_all(upgrade("/", "Sec-WebSocket-Protocol: bearer.x, edge-node.v1"))
        head = (await stream.receive_some(4_096)).decode()
    assert "sec-websocket-protocol: edge-node.v1\r\n" in head
    assert "bearer" not in head


async def test_a_plain_request_is_told_what_to_do() -> None:
    """426 with Upgrade, on a connection that goes on; the next request on it may be the right one."""
    async with running(opening(echo)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        answer = await read_answer(stream)
        assert (answer.status, answer.problem["type"]) == (426, "urn:edge-node:problem:upgrade-required")
        assert (answer.headers["upgrade"], answer.headers["connection"]) == ("websocket", "upgrade")
        assert (await Peer(stream).open()).startswith("HTTP/1.1 101")


async def test_another_version_is_told_ours() -> None:
    """RFC 6455 section 4.4: Sec-WebSocket-Version says what is spoken here."""
    async with running(opening(echo)) as server, await dial(server) as stream:
        await stream.send_all(upgrade().replace(b"Version: 13", b"Version: 25"))
        answer = await read_answer(stream)
    assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")


async def test_a_malformed_upgrade_is_refused() -> None:
    """400 and a plain problem."""
    async with running(opening(echo)) as server, await dial(server) as stream:
        await stream.send_all(upgrade().replace(b"dGhl", b"!!!!"))
        answer = await read_answer(stream)
    assert (answer.status, answer.problem["type"]) == (400, "urn:edge-node:problem:malformed-upgrade")


async def test_an_upgrade_nobody_takes_is_ignored() -> None:
    """A handler that answers normally is asked like any other; the connection stays HTTP."""

    async def handler(request: Request) -> Response:
        return Response(200, (), b"plain")

    async with running(handler) as server, await dial(server) as stream:
        for _ in range(2):
            await stream.send_all(upgrade())
            assert (await read_answer(stream)).body == b"plain"
