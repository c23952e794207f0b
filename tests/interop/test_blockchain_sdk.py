"""The DDC SDK's chain client on a running development chain: what an operator, a manager and a customer do."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, BOB, CHARLIE, DAVE, EVE, FERDIE, Account, ChainPlace
from tests.interop.driving import CaseError, Driver

pytestmark = pytest.mark.needs_node

BOND = 100 * CERE
CLUSTER_PARAMS = {
    "nodeProviderAuthContract": None,
    "erasureCodingRequired": 4,
    "erasureCodingTotal": 6,
    "replicationTotal": 3,
}
TERMS = {
    "treasuryShare": 10**17,  # parts of 10**18
    "validatorsShare": 2 * 10**17,
    "clusterReserveShare": 0,
    "storageBondSize": BOND,
    "storageChillDelay": 20,
    "storageUnbondingDelay": 30,
    "unitPerMbStored": 2,
    "unitPerMbStreamed": 3,
    "unitPerPutRequest": 4,
    "unitPerGetRequest": 5,
}
PROPS = {
    "host": "storage-1.example.com",
    "domain": "",
    "ssl": False,
    "httpPort": 8_080,
    "grpcPort": 9_090,
    "p2pPort": 9_091,
    "mode": "Full",
}


@dataclass
class Application:
    """An application of the SDK on one chain."""

    js: Driver
    chain: ChainPlace

    def ask(self, pallet: str, method: str, *args: Any) -> Any:
        """What a pallet's question is answered."""
        return self.js("blockchain.ask", pallet=pallet, method=method, args=args)["value"]

    def send(self, who: Account, *calls: Any, **how: Any) -> dict[str, Any]:
        """What became of calls that `who` sent; CaseError with what the SDK raised."""
        return self.js("blockchain.send", who=who, calls=calls, **how)

    def refusal(self, who: Account, *calls: Any, **how: Any) -> str:
        """Why calls are refused, in the SDK's words."""
        with pytest.raises(CaseError) as caught:
            self.send(who, *calls, **how)
        return str(caught.value.facts["message"])

    def account(self, who: Account) -> dict[str, Any]:
        """Address, free balance and nonce."""
        return self.js("blockchain.account", who=who)

    def address(self, who: Account) -> str:
        """As text."""
        return str(self.account(who)["address"])

    def names(self, sent: dict[str, Any]) -> list[str]:
        """The events of the pallets that DDC is made of."""
        return [name for name, _ in sent["events"] if name.startswith("ddc")]

    def node(self, who: Account) -> str:
        """A new node of `who`; its key."""
        key = f"0x{self.chain.fresh().hex()}"
        self.send(who, ["ddcNodes", "createStorageNode", key, PROPS])
        return key

    def cluster(self, manager: Account, *, bonded: bool = True) -> str:
        """A new cluster, which the reserve account (the manager, too) bonds; its id."""
        cluster = f"0x{self.chain.fresh(20).hex()}"
        terms = {name: str(value) for name, value in TERMS.items()}
        self.send(manager, ["ddcClusters", "createCluster", cluster, self.address(manager), CLUSTER_PARAMS, terms])
        if bonded:
            self.send(manager, ["ddcStaking", "bondCluster", cluster])
        return cluster


@pytest.fixture
def app(js: Driver, chain: ChainPlace) -> Application:
    """The SDK, connected when it is first asked."""
    return Application(js, chain)


@pytest.mark.parametrize("form", ["address", "options", "client"])
def test_it_connects_in_each_form_and_leaves(js: Driver, chain: ChainPlace, form: str) -> None:
    """By an endpoint's address, with options, or with a client of polkadot-js; and nothing is left behind."""
    seen = js("blockchain.connect", form=form)
    assert (seen["ready"], seen["decimals"], seen["shown"]) == (True, 10, "1.2345 CERE")
    assert seen["genesis"] == f"0x{chain.genesis}"
    assert seen["height"] >= 0
    assert seen["connected"] is False


def test_an_account_pays_what_it_sends(app: Application) -> None:
    """Free balance and nonce, before and after a transfer and its fee."""
    before, to = app.account(ALICE), f"0x{app.chain.fresh().hex()}"
    sent = app.send(ALICE, ["tx", ["balances", "transferAllowDeath"], to, str(5 * CERE)])
    (fee,) = (held["actual_fee"] for name, held in sent["events"] if name == "transactionPayment.TransactionFeePaid")
    after = app.account(ALICE)
    assert int(before["free"]) - int(after["free"]) == 5 * CERE + fee
    assert after["nonce"] == before["nonce"] + 1


def test_a_node_is_made_changed_listed_and_deleted(app: Application) -> None:
    """By its provider alone; its names and ports come back as they went."""
    key = app.node(BOB)
    made = app.ask("ddcNodes", "findStorageNodeByPublicKey", key)
    assert (made["props"], made["clusterId"]) == (PROPS, None)
    assert made["providerId"] == app.address(BOB)
    changed = PROPS | {"host": "moved.example.com", "domain": "example.com", "ssl": True, "mode": "Cache"}
    app.send(BOB, ["ddcNodes", "setStorageNodeProps", key, changed])
    listed = {one["pubKey"]: one for one in app.ask("ddcNodes", "listStorageNodes")}
    assert listed[made["pubKey"]]["props"] == changed
    assert app.refusal(BOB, ["ddcNodes", "createStorageNode", key, PROPS]).startswith("ddcNodes.NodeAlreadyExists:")
    assert app.refusal(DAVE, ["ddcNodes", "deleteStorageNode", key]).startswith("ddcNodes.OnlyNodeProvider:")
    assert app.names(app.send(BOB, ["ddcNodes", "deleteStorageNode", key])) == ["ddcNodes.NodeDeleted"]
    assert app.ask("ddcNodes", "findStorageNodeByPublicKey", key) is None


def test_a_cluster_is_made_changed_and_bonded(app: Application) -> None:
    """By its manager; the reserve account bonds it, and what it was founded on can be read."""
    cluster = app.cluster(CHARLIE, bonded=False)
    manager = app.address(CHARLIE)
    found = app.ask("ddcClusters", "findClusterById", cluster)
    assert (found["managerId"], found["reserveId"], found["status"]) == (manager, manager, "Unbonded")
    assert found["props"] == CLUSTER_PARAMS
    assert found in app.ask("ddcClusters", "listClusters")
    terms = app.ask("ddcClusters", "getClusterGovernmentParams", cluster)
    assert {name: int(str(value), 0) for name, value in terms.items()} == TERMS
    other = CLUSTER_PARAMS | {"erasureCodingRequired": 16, "erasureCodingTotal": 48, "replicationTotal": 20}
    app.send(CHARLIE, ["ddcClusters", "setClusterParams", cluster, other])
    assert app.ask("ddcClusters", "findClusterById", cluster)["props"] == other
    assert app.names(app.send(CHARLIE, ["ddcStaking", "bondCluster", cluster])) == [
        "ddcStaking.Bonded", "ddcClusters.ClusterBonded",
    ]  # fmt: skip
    assert app.ask("ddcClusters", "findClusterById", cluster)["status"] == "Bonded"
    less = {**CLUSTER_PARAMS, "erasureCodingRequired": 3}
    refused = app.refusal(CHARLIE, ["ddcClusters", "setClusterParams", cluster, less])
    assert refused.startswith("ddcClusters.ErasureCodingRequiredDidNotMeetMinimum:")


def test_a_node_joins_only_with_a_stake(app: Application) -> None:
    """Bond, store, then the manager adds it: before that it is refused by name; leaving takes it back out."""
    cluster, key = app.cluster(EVE), app.node(EVE)
    add = ["ddcClusters", "addStorageNodeToCluster", cluster, key, "Genesis"]
    assert app.refusal(EVE, add).startswith("ddcClusters.NodeHasNoActivatedStake:")
    stash, controller = app.address(EVE), app.address(FERDIE)
    low = app.send(EVE, ["ddcStaking", "bondStorageNode", controller, key, str(BOND)])
    assert app.names(low) == ["ddcStaking.Bonded"]
    assert app.refusal(EVE, ["ddcStaking", "store", cluster]).startswith("ddcStaking.NotController:")
    assert app.names(app.send(FERDIE, ["ddcStaking", "store", cluster])) == ["ddcStaking.Activated"]
    _require_staked(app, stash, controller, key, cluster)
    assert app.names(app.send(EVE, add)) == ["ddcClusters.ClusterNodeAdded"]
    assert app.ask("ddcClusters", "clusterHasStorageNode", cluster, key) is True
    (joined,) = app.ask("ddcClusters", "filterNodeKeysByClusterId", cluster)
    node = app.ask("ddcNodes", "findStorageNodeByPublicKey", key)
    assert (node["pubKey"], node["clusterId"]) == (joined, cluster)
    assert app.refusal(EVE, ["ddcNodes", "deleteStorageNode", key]).startswith("ddcNodes.NodeIsAssignedToCluster:")
    app.send(EVE, ["ddcClusters", "removeStorageNodeFromCluster", cluster, key])
    assert app.ask("ddcClusters", "clusterHasStorageNode", cluster, key) is False


def _require_staked(app: Application, stash: str, controller: str, key: str, cluster: str) -> None:
    ledger = app.ask("ddcStaking", "findStakingLedgerByControllerAccountId", controller)
    assert (ledger["stash"], ledger["active"], ledger["unlocking"]) == (stash, BOND, [])
    assert app.ask("ddcStaking", "findControllerAccountByStashAccountId", stash) == controller
    assert app.ask("ddcStaking", "findStashAccountIdByStorageNodePublicKey", key) == stash
    assert app.ask("ddcStaking", "findStakedClusterIdByStorageNodeStashAccountId", stash) == cluster
    assert {"stashAccountId": stash, "clusterId": cluster} in app.ask(
        "ddcStaking", "listStakedStorageNodesStashAccountsAndClusterIds"
    )
    node = app.ask("ddcNodes", "findStorageNodeByPublicKey", key)
    assert app.ask("ddcStaking", "findNodePublicKeyByStashAccountId", stash) == {"storagePubKey": node["pubKey"]}


@pytest.mark.parametrize("kind", ["sr25519", "ed25519"])
def test_a_customer_deposits_and_has_buckets(app: Application, kind: str) -> None:
    """A deposit, buckets in one batch with their ids among the events, their list, a change, their removal."""
    cluster, customer = app.cluster(DAVE, bonded=False), {"uri": "//Bob", "type": kind}
    owner = app.address(customer)
    app.send(customer, ["ddcCustomers", "deposit", cluster, str(5 * CERE)])
    app.send(customer, ["ddcCustomers", "depositExtra", cluster, str(CERE)])
    again = app.refusal(customer, ["ddcCustomers", "deposit", cluster, str(CERE)])
    assert again.startswith("ddcCustomers.AlreadyPaired:")
    held = app.ask("ddcCustomers", "getStackingInfo", cluster, owner)
    assert (held["owner"], held["total"], held["active"]) == (owner, 6 * CERE, 6 * CERE)
    buckets = [["ddcCustomers", "createBucket", cluster, {"isPublic": public}] for public in (True, False)]
    first, second = app.send(customer, *buckets, how="batchAllSend")["created"]
    assert int(second) == int(first) + 1 == app.ask("ddcCustomers", "getBucketsCount")
    made = {"bucketId": first, "ownerId": owner, "clusterId": cluster, "isPublic": True, "isRemoved": False}
    assert app.ask("ddcCustomers", "getBucket", first) == made
    app.send(customer, ["ddcCustomers", "setBucketParams", first, {"isPublic": False}])
    listed = {one["bucketId"]: one for one in app.ask("ddcCustomers", "listBuckets")}
    assert [listed[number]["isPublic"] for number in (first, second)] == [False, False]
    stranger = app.refusal(FERDIE, ["ddcCustomers", "removeBuckets", first])
    assert stranger.startswith("ddcCustomers.NotBucketOwner:")
    removed = app.send(customer, ["ddcCustomers", "removeBuckets", first, second])
    assert removed["removed"] == [first, second]
    assert app.ask("ddcCustomers", "getBucket", first) == made | {"isPublic": False, "isRemoved": True}
    assert app.ask("ddcCustomers", "getBucket", str(2**40)) is None


def test_batches_end_as_their_kind_says(app: Application) -> None:
    """One that goes on keeps its first bucket; one that falls together raises the pallet's error and keeps none."""
    cluster = app.cluster(BOB, bonded=False)
    bucket = ["ddcCustomers", "createBucket", cluster, {"isPublic": True}]
    fault = ["ddcNodes", "deleteStorageNode", f"0x{app.chain.fresh().hex()}"]
    before = app.ask("ddcCustomers", "getBucketsCount")
    assert len(app.send(BOB, bucket, fault, bucket, how="batchSend")["created"]) == 1
    refused = app.refusal(BOB, bucket, fault, bucket, how="batchAllSend")
    assert refused.startswith("ddcNodes.NodeDoesNotExist:")
    assert app.ask("ddcCustomers", "getBucketsCount") == before + 1


def test_the_sdks_own_signers_sign_short_payloads_alone(app: Application) -> None:
    """They leave long payloads unhashed, which every chain takes for a bad signature; plain pairs do not."""
    long, short = (["tx", ["system", "remarkWithEvent"], f"0x{'aa' * size}"] for size in (300, 20))
    assert "system.Remarked" in [name for name, _ in app.send(ALICE, short, signer="uri")["events"]]
    assert "Transaction has a bad signature" in app.refusal(ALICE, long, signer="uri")
    assert "system.Remarked" in [name for name, _ in app.send(ALICE, long)["events"]]


def test_it_leaves_and_comes_back(app: Application) -> None:
    """A closed connection is closed; what is asked then is asked of a new one."""
    count = partial(app.ask, "ddcCustomers", "getBucketsCount")
    before = count()
    assert app.js("blockchain.disconnect") == {"connected": False}
    assert count() == before
