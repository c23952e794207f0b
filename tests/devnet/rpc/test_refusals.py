"""Our errors in a node's words."""

import pytest

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Hash256
from edge_node.devnet.faults import NoSuchLie
from edge_node.devnet.pool import AlreadyPooled, Banned, PoolFull, TooLowPriority
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.refusals import error_of
from edge_node.devnet.runtime import InvalidExtrinsic, NoSuchBlock, NotYetFinal
from edge_node.devnet.runtime.invalid import REASONS
from edge_node.devnet.set_changes import ChangeUnderWay
from edge_node.wire.scale import MalformedScale

HASH = Hash256(bytes(32))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RpcError(7, "as it is"), 7),
        (AlreadyPooled(HASH), 1013),
        (Banned(HASH), 1012),
        (TooLowPriority(5, 4), 1014),
        (PoolFull(), 1016),
        (NotYetFinal(5, 4), 4),
        (MalformedScale("cut", 0), 1001),
        (NoSuchLie("white"), -32602),
        (ChangeUnderWay(), 9000),
        (NoSuchBlock("7"), 9000),
        (EdgeNodeError("ours"), -32603),
    ],
)
def test_each_has_its_code(error, code):
    """What is our own fault is told without its words."""
    told = error_of(error)
    assert told.code == code
    assert "ours" not in str(told.to_json())


@pytest.mark.parametrize("kind", REASONS)
def test_what_is_invalid_is_told_with_its_reason(kind):
    """1010, or 1011 where it could not be looked at; clients show the words."""
    told = error_of(InvalidExtrinsic(kind))
    assert told.code == (1011 if kind in ("CannotLookup", "NoUnsignedValidator") else 1010)
    assert told.data == REASONS[kind]
