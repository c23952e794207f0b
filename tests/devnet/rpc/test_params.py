"""What requests give, read."""

import pytest

from edge_node.base.ss58 import format_ss58
from edge_node.devnet.rpc import params
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.params import LIST_MAX, Optional, read_params


def read(param, value):
    (found,) = read_params((param,), [value])
    return found


GOOD = [
    (params.block_hash, "0x" + "Ab" * 32, b"\xab" * 32),
    (params.block_hash, "ab" * 32, b"\xab" * 32),
    (params.hex_bytes, "0x", b""),
    (params.hex_bytes, "0x00fF", b"\x00\xff"),
    (params.number, 0xFFFF_FFFF, 0xFFFF_FFFF),
    (params.number, "0x1f", 31),
    (params.numbers, [1, "0x2"], [1, 2]),
    (params.numbers, 3, 3),
    (params.hex_list, ["0x01"], [b"\x01"]),
    (params.account, format_ss58(b"a" * 32, 54), b"a" * 32),
    (params.account, format_ss58(b"a" * 32, 42), b"a" * 32),
    (params.account, "0x" + "61" * 32, b"a" * 32),
    (params.text, "x", "x"),
    (params.flag, True, True),
    (params.integer, -5, -5),
]
BAD = [
    (params.block_hash, "0x" + "ab" * 31),
    (params.block_hash, 5),
    (params.hex_bytes, "0x123"),
    (params.hex_bytes, "0xzz"),
    (params.number, -1),
    (params.number, 1 << 32),
    (params.number, True),
    (params.number, 1.5),
    (params.number, "12"),
    (params.numbers, [1, None]),
    (params.numbers, [0] * (LIST_MAX + 1)),
    (params.hex_list, "0x01"),
    (params.hex_list, ["0x"] * (LIST_MAX + 1)),
    (params.account, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ"),
    (params.account, 7),
    (params.text, 7),
    (params.flag, 1),
    (params.integer, False),
]


@pytest.mark.parametrize(("param", "value", "wanted"), GOOD)
def test_good_ones(param, value, wanted):
    """Each in the forms that clients send."""
    assert read(param, value) == wanted


@pytest.mark.parametrize(("param", "value"), BAD)
def test_bad_ones(param, value):
    """-32602, and which one."""
    with pytest.raises(RpcError) as refused:
        read(param, value)
    assert refused.value.code == -32602
    assert "number 1" in refused.value.data


def test_how_many():
    """Too many are refused; what is missing is null where it may be."""
    wanted = (params.number, Optional(params.text))
    assert read_params(wanted, [1]) == [1, None]
    assert read_params(wanted, [1, None]) == [1, None]
    for given in ([], [None, "a"], [1, "a", 2]):
        with pytest.raises(RpcError):
            read_params(wanted, given)
