"""Query parameters are typed, or refused by name."""

import pytest

from edge_node.base.ids import VaultId
from edge_node.gateway.errors import BadParameter
from edge_node.gateway.parameters import read_flag, read_number, read_vault
from edge_node.serving import Request
from edge_node.wire.http1 import ServerConnection
from edge_node.wire.http1_head import HeadLimits, RequestHead

OWN = VaultId(b"\x01" * 32)


class NoBody:
    def take_whole_body(self) -> bytes | None:
        return b""

    async def next_chunk(self) -> bytes:
        return b""


def request(query: str) -> Request:
    """A request as the parser reads it from the wire."""
    connection = ServerConnection(HeadLimits())
    connection.receive(f"GET /x?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    return Request(head, NoBody())


def test_numbers_keep_to_their_bounds() -> None:
    """The bounds pass, one beyond does not; absent is the default."""
    assert read_number(request("a=1"), "n", 7, 1, 9) == 7
    assert read_number(request("n=1"), "n", 7, 1, 9) == 1
    assert read_number(request("n=9"), "n", 7, 1, 9) == 9
    for text in ("0", "10", "", "-1", "+1", "1.0", "0x1", "1e1", "%D9%A1", "9" * 40):
        with pytest.raises(BadParameter) as refusal:
            read_number(request(f"n={text}"), "n", 7, 1, 9)
        assert refusal.value.parameter == "n"


def test_flags_are_one_or_zero() -> None:
    """Anything else is refused, so that `proof=true` is not silently no."""
    assert read_flag(request("proof=1"), "proof") is True
    assert read_flag(request("proof=0"), "proof") is False
    assert read_flag(request(""), "proof") is False
    for text in ("true", "yes", "", "2"):
        with pytest.raises(BadParameter):
            read_flag(request(f"proof={text}"), "proof")


def test_the_vault_is_a_key_in_hex_or_the_node_s_own() -> None:
    """Upper case, short and long are refused."""
    other = VaultId(b"\xab" * 32)
    assert read_vault(request(""), OWN) == OWN
    assert read_vault(request(f"vault={other.hex()}"), OWN) == other
    for text in (other.hex().upper(), other.hex()[:-2], other.hex() + "00", ""):
        with pytest.raises(BadParameter):
            read_vault(request(f"vault={text}"), OWN)
