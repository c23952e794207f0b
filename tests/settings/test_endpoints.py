"""Endpoints of a chain: how they are spelled."""

import pytest

from edge_node.settings.endpoints import ENDPOINTS_MAX, EndpointRule, parse_endpoint, parse_endpoints


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("own=ws://127.0.0.1:9944", EndpointRule("own", "ws://127.0.0.1:9944")),
        (" a.b-1=wss://rpc.example/ws?key=1=2 ", EndpointRule("a.b-1", "wss://rpc.example/ws?key=1=2")),
    ],
)
def test_endpoints(text: str, rule: EndpointRule) -> None:
    """A group and an address; an equals sign in the address is the address's."""
    assert parse_endpoint(text) == rule


@pytest.mark.parametrize(
    "text", ["", "ws://127.0.0.1:1", "=ws://a", "Own=ws://a", "own=http://a", "own=wss://", "own=wss://a b", "own"]
)
def test_what_is_no_endpoint(text: str) -> None:
    """The error does not repeat what may hold a key."""
    with pytest.raises(ValueError, match=r"ws:// or wss://") as caught:
        parse_endpoint(text)
    assert not text or text not in str(caught.value)


def test_lists_keep_their_order_and_have_an_end() -> None:
    """One address once, and at most as many as a specification may have."""
    texts = [f"g{number}=ws://127.0.0.1:{number}" for number in range(1, ENDPOINTS_MAX + 1)]
    assert [rule.group for rule in parse_endpoints(texts)] == [f"g{n}" for n in range(1, ENDPOINTS_MAX + 1)]
    with pytest.raises(ValueError, match="the most"):
        parse_endpoints([*texts, "more=ws://127.0.0.1:99"])
    with pytest.raises(ValueError, match="two are at one address"):
        parse_endpoints(["a=ws://127.0.0.1:1", "b=ws://127.0.0.1:1"])
