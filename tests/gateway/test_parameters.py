"""Query parameters become typed values or a refusal that names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import VaultId
from edge_node.gateway.errors import BadParameter
from edge_node.gateway.parameters import read_flag, read_number, read_vault
from edge_node.serving import Request
from edge_node.wire.http1_head import HeadLimits, parse_head

OWN = VaultId(bytes(32))


class NoBody:
    def take_whole_body(self) -> bytes | None:
        return b""

    async def next_chunk(self) -> bytes:
        return b""


def asked(query: str) -> Request:
    raw = f"GET /x?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    return Request(parse_head(raw, HeadLimits()), NoBody())


@given(st.integers(0, 2**63))
def test_a_number_within_its_borders(value: int) -> None:
    """Every number between the borders is read, leading zeros or not; none beyond them."""
    assert read_number(asked(f"from={value}"), "from", 7, 0, 2**63) == value
    with pytest.raises(BadParameter) as refusal:
        read_number(asked(f"from={value}"), "from", 7, value + 1, value + 2)
    assert refusal.value.parameter == "from"


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", "0x1", "%C2%B2", "1" * 21, "%20" + "1"])
def test_what_is_no_number(text: str) -> None:
    """Only up to twenty ASCII digits are."""
    with pytest.raises(BadParameter):
        read_number(asked(f"from={text}"), "from", 7, 0, 10**30)


def test_absent_is_the_default() -> None:
    """A parameter nobody gave."""
    assert read_number(asked(""), "from", 7, 0, 1) == 7
    assert read_flag(asked(""), "proof") is False
    assert read_vault(asked(""), OWN) == OWN


def test_flags_and_vaults_have_one_form() -> None:
    """1 or 0; 64 lower-case hex digits."""
    assert read_flag(asked("proof=1"), "proof") is True
    assert read_flag(asked("proof=0"), "proof") is False
    assert read_vault(asked("vault=" + "ab" * 32), OWN) == VaultId(b"\xab" * 32)
    for query, call in [
        ("proof=true", lambda request: read_flag(request, "proof")),
        ("vault=" + "AB" * 32, lambda request: read_vault(request, OWN)),
        ("vault=", lambda request: read_vault(request, OWN)),
    ]:
        with pytest.raises(BadParameter):
            call(asked(query))
