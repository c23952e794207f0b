"""Why extrinsics do not come in."""

from edge_node.devnet.runtime.invalid import REASONS, InvalidExtrinsic


def test_each_kind_says_what_a_real_node_says():
    """Clients show the text."""
    assert str(InvalidExtrinsic("Stale")) == "Transaction is outdated"
    assert {InvalidExtrinsic(kind).kind for kind in REASONS} == set(REASONS)


def test_some_only_came_too_early():
    """Those may be kept and tried again."""
    assert [kind for kind in REASONS if InvalidExtrinsic(kind).waits] == ["Future", "ExhaustsResources"]
