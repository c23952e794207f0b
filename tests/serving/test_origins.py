"""Pages of other origins: what they may not begin, and that programs are not meant."""

import pytest

from edge_node.serving.origins import OriginGate
from edge_node.wire.http1_head import HeadLimits, RequestHead, parse_head
from edge_node.wire.websocket_frames import encode_close
from tests.serving.peer import echo as echo_messages
from tests.serving.peer import masked, opening, upgrade
from tests.serving.rig import dial, loopback, parse_answers, post, read_answer, read_to_end, running, talk

GATE = OriginGate(("https://app.example", "http://localhost:3000", "https://node.example:443"))


def head(*lines: str, first: str = "POST / HTTP/1.1", host: str = "192.0.2.7:8443") -> RequestHead:
    """A request with these header lines."""
    return parse_head("\r\n".join([first, f"Host: {host}", *lines, "", ""]).encode("latin-1"), HeadLimits())


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example",
        "https://app.example:443",
        "HTTPS://App.Example",
        "http://localhost:3000",
        "https://node.example",
        "https://192.0.2.7:8443",
        "http://192.0.2.7:8443",
    ],
)
def test_own_pages_and_listed_ones_may(origin: str) -> None:
    """The listed, with or without their scheme's port, and whatever host and port was asked."""
    assert GATE.allows(head(f"Origin: {origin}"))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://192.0.2.7",
        "https://192.0.2.7:8444",
        "http://localhost",
        "null",
        "",
        "192.0.2.7:8443",
        "://192.0.2.7:8443",
        "https://app.example, https://app.example",
    ],
)
def test_others_may_not(origin: str) -> None:
    """Neither by another port, scheme or look-alike, nor without a name."""
    assert not GATE.allows(head(f"Origin: {origin}"))


def test_the_default_port_is_none() -> None:
    """A page of https://node is asked for with Host: node."""
    assert OriginGate(()).allows(head("Origin: https://node", host="node:443"))
    assert OriginGate(()).allows(head("Origin: http://node", host="node"))
    assert not OriginGate(()).allows(head("Origin: http://node:8080", host="node"))


def test_two_origins_are_none() -> None:
    """Which one is meant cannot be known."""
    assert not GATE.allows(head("Origin: https://app.example", "Origin: https://app.example"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_change_is_gated(method: str) -> None:
    """Methods that change something."""
    assert not GATE.allows(head("Origin: https://evil.example", first=f"{method} / HTTP/1.1"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_the_browsers_affair(method: str) -> None:
    """It hides the answer from the page."""
    assert GATE.allows(head("Origin: https://evil.example", first=f"{method} / HTTP/1.1"))


@pytest.mark.parametrize("line", ["Accept: text/event-stream", "Accept: text/html, Text/Event-Stream;q=0.5"])
def test_event_streams_are_gated(line: str) -> None:
    """They stay open and cost the node for as long as a stranger's page likes."""
    assert not GATE.allows(head("Origin: https://evil.example", line, first="GET / HTTP/1.1"))


def test_upgrades_are_gated() -> None:
    """No browser asks before it opens a WebSocket elsewhere."""
    lines = ("Origin: https://evil.example", "Upgrade: websocket", "Connection: Upgrade")
    assert not GATE.allows(head(*lines, first="GET / HTTP/1.1"))


def test_programs_send_no_origin() -> None:
    """They are not meant."""
    assert GATE.allows(head())


async def test_a_refused_page_never_reaches_a_handler() -> None:
    """403 with the problem, for a post and for an upgrade."""
    called: list[str] = []

    async def handler(request: object) -> object:
        called.append("handler")
        raise AssertionError

    async with running(handler) as server:  # type: ignore[arg-type]
        line = "Origin: https://evil.example"
        [answer] = await talk(server, post(b"x", line, "Connection: close"))
        assert (answer.status, answer.problem["type"]) == (403, "urn:edge-node:problem:origin-refused")
        assert answer.problem["origin"] == "https://evil.example"
        async with await dial(server) as stream:
            await stream.send_all(upgrade("/", line))
            assert (await read_answer(stream)).status == 403
    assert called == []


async def test_the_list_changes_in_a_running_server() -> None:
    """`apply` takes the origins of another snapshot."""
    async with running(opening(echo_messages)) as server:
        server.apply(loopback(origins=("https://evil.example",)))
        async with await dial(server) as stream:
            await stream.send_all(upgrade("/", "Origin: https://evil.example") + masked(encode_close(1000)))
            [answer] = parse_answers((await read_to_end(stream)).removesuffix(encode_close(1000)))
            assert answer.status == 101
