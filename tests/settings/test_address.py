"""Listening addresses as operators write them."""

import pytest

from edge_node.settings.address import ListenAddress, parse_listen


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:8091", "127.0.0.1", 8091, True),
        ("127.9.9.9:0", "127.9.9.9", 0, True),
        ("0.0.0.0:8443", "0.0.0.0", 8443, False),
        ("[::1]:1", "::1", 1, True),
        ("[::]:65535", "::", 65535, False),
        ("localhost:80", "localhost", 80, True),
        ("node.lan:80", "node.lan", 80, False),
    ],
)
def test_reads_and_writes_the_same(text: str, host: str, port: int, loopback: bool) -> None:
    """An address reads into host and port, knows its reach, and prints as it was written."""
    address = parse_listen(text)
    assert address == ListenAddress(host, port)
    assert (address.is_loopback, str(address)) == (loopback, text)


@pytest.mark.parametrize(
    "text",
    [
        "8091",
        ":8091",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:http",
        "127.0.0.1:65536",
        "::1:80",
        "[::g]:80",
        "a:-1",
        "a:²",
    ],
)
def test_refuses_what_is_no_address(text: str) -> None:
    """Missing parts, ports out of range and bare IPv6 are refused."""
    with pytest.raises(ValueError, match=r"."):
        parse_listen(text)
