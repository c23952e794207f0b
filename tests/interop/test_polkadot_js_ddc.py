"""@polkadot/api does what a provider, a manager and a customer do, each to finality; and a refusal has its name."""

from functools import partial
from typing import Any

import pytest

from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import Account, ChainPlace
from tests.interop.driving import Driver
from tests.interop.test_blockchain_sdk import BOND, CLUSTER_PARAMS, PROPS, TERMS

pytestmark = pytest.mark.needs_node

DAVE: Account = {"uri": "//Dave", "type": "sr25519"}


@pytest.mark.parametrize("version", [15, 14])
def test_node_bond_cluster_deposit_and_bucket_are_watched_to_finality(
    js: Driver, chain: ChainPlace, version: int
) -> None:
    """Each is ready, in a block and final, with its pallet's event; what is there afterwards can be read."""
    who: Account = {"uri": f"//ddc//{version}", "type": "sr25519"}
    ask = partial(js, version=version)
    me, address = ask("polkadot.account", who=who)["id"], ask("polkadot.account", who=who)["address"]

    def final(*call: Any, by: Account = who) -> list[str]:
        sent = ask("polkadot.submit", who=by, call=list(call))
        assert [name for name, _ in sent["statuses"]] == ["Ready", "InBlock", "Finalized"]
        assert sent["error"] is None, call
        return [name for name, _ in sent["events"] if name.startswith("ddc")]

    def held(section: str, item: str, *args: Any) -> Any:
        return ask("polkadot.query", section=section, item=item, args=list(args))["value"]

    final("balances", "transferKeepAlive", [f"0x{me.removeprefix('0x')}", str(1_000_000 * CERE)], by=DAVE)
    key, cluster = f"0x{chain.fresh().hex()}", f"0x{chain.fresh(20).hex()}"
    controller, node = f"0x{chain.fresh().hex()}", {"StoragePubKey": key}
    params = {"StorageParams": PROPS | {"host": f"0x{PROPS['host'].encode().hex()}", "domain": "0x"}}
    terms = {name: str(value) for name, value in TERMS.items()}
    assert final("ddcNodes", "createNode", [node, params]) == ["ddcNodes.NodeCreated"]
    assert held("ddcNodes", "storageNodes", key)["props"]["grpcPort"] == PROPS["grpcPort"]
    created = final("ddcClusters", "createCluster", [cluster, address, CLUSTER_PARAMS, terms])
    assert "ddcClusters.ClusterCreated" in created
    assert final("ddcStaking", "bondCluster", [cluster]) == ["ddcStaking.Bonded", "ddcClusters.ClusterBonded"]
    assert final("ddcStaking", "bond", [controller, node, str(BOND)]) == ["ddcStaking.Bonded"]
    assert held("ddcStaking", "ledger", controller)["active"] == BOND
    assert final("ddcCustomers", "deposit", [cluster, str(5 * CERE)]) == ["ddcCustomers.Deposited"]
    assert final("ddcCustomers", "createBucket", [cluster, {"isPublic": True}]) == ["ddcCustomers.BucketCreated"]
    bucket = held("ddcCustomers", "buckets", held("ddcCustomers", "bucketsCount"))
    assert (bucket["clusterId"], bucket["isPublic"]) == (cluster, True)
    again = ask("polkadot.submit", who=who, call=["ddcCustomers", "deposit", [cluster, str(CERE)]])
    assert [name for name, _ in again["statuses"]] == ["Ready", "InBlock", "Finalized"]
    assert again["error"] == "ddcCustomers.AlreadyPaired"
