"""The whole SDK at once: the chain says whose bucket it is and where the nodes are, and the nodes keep its files."""

from collections.abc import Iterator
from typing import Any

import pytest

from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, Account, chain_driver, running_chain
from tests.interop.contents import content, is_whole, raw_cid
from tests.interop.place import PEOPLE, PRIVATE, PUBLIC, Place
from tests.interop.test_blockchain_sdk import CLUSTER_PARAMS, TERMS, Application

pytestmark = pytest.mark.needs_node

OWNER = PEOPLE["owner"]
DEPOSIT = 50 * CERE
SIZES = (1, 4_096, 700_000)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """A chain of its own, whose first buckets are the two that the node's settings know."""
    with running_chain(tmp_path_factory.mktemp("whole")) as chain, chain_driver(chain, chain.log) as js:
        yield Application(js, chain)


@pytest.fixture(scope="module")
def cluster(app: Application, place: Place) -> str:
    """A cluster of the node's five pairs of doors, each a node with a stake of its own."""
    made = f"0x{app.chain.fresh(20).hex()}"
    terms = {name: str(value) for name, value in TERMS.items()}
    app.send(ALICE, ["ddcClusters", "createCluster", made, app.address(ALICE), CLUSTER_PARAMS, terms])
    app.send(ALICE, ["ddcStaking", "bondCluster", made])
    for number, mode in enumerate(place.modes):
        _join(app, made, {"uri": f"//node//{number}", "type": "ed25519"}, place, number, mode)
    _give(app, OWNER, 1_000 * CERE)
    return made


def _join(app: Application, cluster: str, provider: Account, place: Place, number: int, mode: str) -> None:
    key, props = f"0x{app.chain.fresh().hex()}", _props(place, number, mode)
    _give(app, provider, 200 * CERE)
    app.send(provider, ["ddcNodes", "createStorageNode", key, props])
    app.send(provider, ["ddcStaking", "bondStorageNode", app.address(provider), key, str(TERMS["storageBondSize"])])
    app.send(provider, ["ddcStaking", "store", cluster])
    app.send(ALICE, ["ddcClusters", "addStorageNodeToCluster", cluster, key, "Genesis"])


def _props(place: Place, number: int, mode: str) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "domain": "", "ssl": False, "httpPort": place.http[number],
        "grpcPort": place.grpc[number], "p2pPort": 0, "mode": mode.capitalize(),
    }  # fmt: skip


def _give(app: Application, who: Account, amount: int) -> None:
    app.send(ALICE, ["tx", ["balances", "transferKeepAlive"], app.address(who), str(amount)])


@pytest.fixture(scope="module")
def begun(app: Application, cluster: str) -> dict[str, Any]:
    """What the owner of the buckets did first."""
    return app.js("whole.begin", who=OWNER, form="client", cluster=cluster, amount=str(DEPOSIT))


def test_a_customer_begins(app: Application, cluster: str, begun: dict[str, Any]) -> None:
    """By the SDK's own verbs: a deposit and one on top of it, a public bucket and a private one."""
    assert begun["ids"] == begun["listed"] == [str(PUBLIC), str(PRIVATE)]
    assert begun["deposit"] == str(2 * DEPOSIT)
    assert int(begun["balance"]) == int(app.account(OWNER)["free"])
    for bucket, public in zip(begun["buckets"], (True, False), strict=True):
        assert (bucket["ownerId"], bucket["clusterId"]) == (OWNER["address"], cluster)
        assert (bucket["isPublic"], bucket["isRemoved"]) == (public, False)


@pytest.mark.parametrize("form", ["address", "client"])
def test_files_find_their_way_by_the_chain(app: Application, begun: dict[str, Any], form: str) -> None:
    """Stored and read by name at nodes that only the chain told of; a bucket that it does not know is none."""
    for bucket in begun["ids"]:
        kept = app.js("whole.keep", who=OWNER, form=form, bucket=bucket, sizes=SIZES, name=f"whole/{form}")
        for seed, (size, found) in enumerate(zip(SIZES, kept["files"], strict=True)):
            raw = content(size, seed)
            assert found["cid"] == raw_cid(raw)
            assert is_whole(found, raw)
        assert "1000000" in kept["absent"]["message"]
