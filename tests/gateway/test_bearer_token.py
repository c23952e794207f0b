"""Where a bearer may stand, and where it may not."""

import pytest

from edge_node.gateway.bearer_token import read_token
from edge_node.gateway.errors import BearerInUrl
from edge_node.serving import Request
from edge_node.wire.http1_head import HeadLimits, parse_head


def request(target: str = "/x", *lines: str) -> Request:
    head = "".join(f"{line}\r\n" for line in ("Host: a", *lines))
    return Request(parse_head(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode(), HeadLimits()), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "token"),
    [
        (("Authorization: Bearer abc",), "abc"),
        (("authorization: BEARER   abc ",), "abc"),
        (("Authorization: Bearer",), ""),
        (("Authorization: Basic abc",), None),
        (("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Protocol: edge-node.v1, bearer.abc"), "abc"),
        (("Sec-WebSocket-Protocol: bearer.abc",), None),
        (("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Protocol: edge-node.v1"), None),
        ((), None),
    ],
)
def test_where_it_stands(lines: tuple[str, ...], token: str | None) -> None:
    """In a header, or in a subprotocol of an upgrade; another scheme or no upgrade is none."""
    assert read_token(request("/x?from=1", *lines)) == token


@pytest.mark.parametrize("name", ["bearer", "access_token"])
def test_never_in_a_url(name: str) -> None:
    """Refused even beside a good header, and the refusal does not repeat the token."""
    with pytest.raises(BearerInUrl) as caught:
        read_token(request(f"/x?from=1&{name}=abc", "Authorization: Bearer abc"))
    assert "abc" not in str(caught.value)
