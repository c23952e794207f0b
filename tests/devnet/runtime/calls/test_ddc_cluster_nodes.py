"""What clusters and stakes both change, seen from the outside."""

from edge_node.chain_light.storage_key import prefix_of, split_key
from edge_node.devnet.runtime.calls.ddc_cluster_nodes import COUNTERS
from tests.devnet.runtime.ddc import CLUSTER, key, serving_stage


def test_each_status_has_its_counter():
    """And no other."""
    stage = serving_stage()
    assert list(stage.read("DdcClusters", "ClustersNodesStats", CLUSTER)) == list(COUNTERS.values())


def test_a_clusters_nodes_can_be_listed_by_their_keys():
    """Both parts of the key can be read back."""
    stage = serving_stage()
    item = stage.chain.form.item("DdcClusters", "ClustersNodes")
    found = [split_key(item, raw) for raw, _ in stage.chain.head.state.pairs(prefix_of(item, CLUSTER))]
    assert found == [(CLUSTER, key())]
