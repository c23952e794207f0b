"""The declarations of metric families."""

import pytest

from edge_node.gateway.metric_families import FAMILIES, Family


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_is_whole(family: Family) -> None:
    """A name of ours by its kind, a sentence of help, and labels of bounded sets only."""
    assert family.name.startswith("edge_node_")
    assert family.name.endswith("_total") is (family.kind == "counter")
    assert family.about.endswith(".")
    bounded = {"version", "python", "room", "state", "mode", "class", "status", "code", "limiter", "method", "verdict"}
    bounded |= {"door", "address"}  # as many as the settings name
    assert set(family.labels) <= bounded
