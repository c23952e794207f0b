"""The upgrade request: what is one, what is none, and what is broken."""

import json
from pathlib import Path

import pytest

from edge_node.wire.http1_head import HeadLimits, RequestHead, parse_head
from edge_node.wire.websocket_handshake import (
    MalformedUpgrade,
    UpgradeRequired,
    accept_key,
    check_upgrade,
    wants_websocket,
)

EXAMPLE = json.loads((Path(__file__).parents[1] / "vectors/websocket/rfc6455.json").read_text())["handshake"]
GOOD = {
    "Host": "node",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": EXAMPLE["key"],
    "Sec-WebSocket-Version": "13",
}


def head(first: str = "GET /live HTTP/1.1", *more: str, **changed: str | None) -> RequestHead:
    """A good upgrade with headers changed (`_` for `-`) or left out, and lines added."""
    fields = GOOD | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [first, *(f"{name}: {value}" for name, value in fields.items() if value is not None), *more, "", ""]
    return parse_head("\r\n".join(lines).encode("latin-1"), HeadLimits())


def test_the_standards_example() -> None:
    """RFC 6455 section 1.3."""
    assert accept_key(EXAMPLE["key"]) == EXAMPLE["accept"]
    assert check_upgrade(head()).accept == EXAMPLE["accept"]


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({}, ()),
        ({"Upgrade": "WebSocket"}, ()),
        ({"Upgrade": "h2c, websocket"}, ()),
        ({"Connection": "keep-alive, Upgrade"}, ()),
        ({"Sec_WebSocket_Protocol": "edge-node.v1"}, ("edge-node.v1",)),
        ({"Sec_WebSocket_Protocol": "edge-node.v1 , bearer.AQ_-x"}, ("edge-node.v1", "bearer.AQ_-x")),
        ({"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"}, ()),
    ],
)
def test_good_upgrades(changed: dict[str, str], offered: tuple[str, ...]) -> None:
    """In any case, with company; extensions are left unanswered, which refuses them."""
    assert check_upgrade(head(**changed)).subprotocols == offered


def test_subprotocols_may_stand_in_several_lines() -> None:
    """Section 4.1 allows it; the order is kept."""
    asked = head("GET / HTTP/1.1", "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, c")
    assert check_upgrade(asked).subprotocols == ("a", "b", "c")


@pytest.mark.parametrize(
    "request_head",
    [
        head(Upgrade=None),
        head(Upgrade="h2c"),
        head(Connection=None),
        head(Connection="keep-alive"),
        head("GET / HTTP/1.0"),
    ],
)
def test_requests_for_something_else(request_head: RequestHead) -> None:
    """They ask for no WebSocket, and are told what could be had (426)."""
    assert not wants_websocket(request_head)
    with pytest.raises(UpgradeRequired) as caught:
        check_upgrade(request_head)
    assert caught.value.status == 426


@pytest.mark.parametrize("version", [None, "8", "14", "13, 8", "013", ""])
def test_other_versions(version: str | None) -> None:
    """Only 13 is spoken, and only 13 may be asked for."""
    with pytest.raises(UpgradeRequired):
        check_upgrade(head(Sec_WebSocket_Version=version))


def test_two_versions_in_two_lines() -> None:
    """A client names the one it speaks."""
    with pytest.raises(UpgradeRequired):
        check_upgrade(head("GET / HTTP/1.1", "Sec-WebSocket-Version: 13"))


@pytest.mark.parametrize(
    "request_head",
    [
        head("POST / HTTP/1.1"),
        head("GET / HTTP/1.1", "Content-Length: 1"),
        head("GET / HTTP/1.1", "Transfer-Encoding: chunked"),
        head(Sec_WebSocket_Key=None),
        head(Sec_WebSocket_Key=""),
        head(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ"),
        head(Sec_WebSocket_Key="AAAA"),
        head(Sec_WebSocket_Key="!" * 24),
        head(Sec_WebSocket_Key="A" * 24),
        head(Sec_WebSocket_Key="\xe9" * 24),
        head("GET / HTTP/1.1", f"Sec-WebSocket-Key: {EXAMPLE['key']}"),
        head(Sec_WebSocket_Protocol=""),
        head(Sec_WebSocket_Protocol="a,,b"),
        head(Sec_WebSocket_Protocol="a, a"),
        head(Sec_WebSocket_Protocol="a b"),
        head(Sec_WebSocket_Protocol='"a"'),
    ],
)
def test_malformed_upgrades(request_head: RequestHead) -> None:
    """Whoever asks for a WebSocket keeps to its rules (400)."""
    with pytest.raises(MalformedUpgrade) as caught:
        check_upgrade(request_head)
    assert caught.value.status == 400


def test_a_key_is_refused_without_being_repeated() -> None:
    """Nothing of what was sent stands in the answer."""
    with pytest.raises(MalformedUpgrade) as caught:
        check_upgrade(head(Sec_WebSocket_Protocol="bearer.secret, bearer.secret"))
    assert "secret" not in str(caught.value)
