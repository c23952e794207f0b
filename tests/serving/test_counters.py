"""The server's counters."""

from prometheus_client import Counter

from edge_node.base.counters import REGISTRY
from edge_node.serving import counters


def test_every_counter_is_in_the_nodes_registry() -> None:
    """What is counted can be exported, under the product's prefix."""
    ours = [value for value in vars(counters).values() if isinstance(value, Counter)]
    names = {metric.name for metric in REGISTRY.collect()}
    assert len(ours) == 9
    assert {counter._name for counter in ours} <= names
    assert all(counter._name.startswith("edge_node_") for counter in ours)
