"""The same clients on another chain: the newer runtime's layout, long values kept by their hash, sets that change."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_proof import Present, Proof
from edge_node.devnet.pallets import dev_profile
from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, BOB, CHARLIE, ChainPlace, chain_driver, running_chain
from tests.interop.driving import Driver

pytestmark = [pytest.mark.needs_node, pytest.mark.needs_judges]

SET_EVERY = 4
OPTIONS = ("--profile", "dev-80013", "--state-version", "1", "--authorities", "7", "--set-every", str(SET_EVERY))
TERMS = {
    "treasuryShare": "1",
    "validatorsShare": "2",
    "clusterReserveShare": "3",
    "storageBondSize": str(100 * CERE),
    "storageChillDelay": 20,
    "storageUnbondingDelay": 30,
    "costPerMbStored": "4",
    "costPerMbStreamed": "5",
    "costPerPutRequest": "6",
    "costPerGetRequest": "7",
    "costPerGpuUnit": "8",
    "costPerCpuUnit": "9",
    "costPerRamUnit": "10",
    "customerDepositContract": f"0x{bytes(32).hex()}",
}


@pytest.fixture(scope="module")
def newer_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainPlace]:
    """One chain for all tests here."""
    with running_chain(tmp_path_factory.mktemp("newer"), *OPTIONS) as place:
        yield place


@pytest.fixture
def newer(newer_process: ChainPlace) -> ChainPlace:
    """A chain of the newer runtime, which lives."""
    return newer_process.living()


@pytest.fixture(scope="module")
def newer_js(newer_process: ChainPlace) -> Iterator[Driver]:
    """polkadot-js on it."""
    with chain_driver(newer_process, newer_process.log.with_name("js.log")) as one:
        yield one


@pytest.fixture(params=[15, 14])
def version(request: pytest.FixtureRequest) -> int:
    """Of the metadata that the client asks for."""
    number: int = request.param
    return number


def test_every_client_knows_the_runtime(
    newer: ChainPlace, newer_js: Driver, version: int, substrate_judge: Driver, async_judge: Driver
) -> None:
    """Its version, its pallets and the call that the older one lacks."""
    pallets = [pallet.name for pallet in dev_profile(1).pallets]
    seen = [
        newer_js("polkadot.connect", version=version),
        substrate_judge("blocking_chain.connect", url=newer.url),
        async_judge("async_chain.connect", url=newer.url),
    ]
    assert [(one["spec"], one["pallets"], one["genesis"]) for one in seen] == [
        (80_013, pallets, f"0x{newer.genesis}")
    ] * 3
    call = ["ddcClusters", "joinCluster", [f"0x{bytes(20).hex()}", {"StoragePubKey": f"0x{bytes(32).hex()}"}]]
    refused = newer_js("polkadot.submit", version=version, who=ALICE, call=call)
    assert refused["error"] == "ddcClusters.ClusterDoesNotExist"


def test_a_cluster_has_the_newer_terms(newer: ChainPlace, newer_js: Driver, version: int) -> None:
    """Seven prices, a contract for deposits, and what inspects nodes come back as they went."""
    submit = partial(newer_js, "polkadot.submit", version=version, who=BOB)
    cluster, sync = f"0x{newer.fresh(20).hex()}", f"0x{newer.fresh().hex()}"
    node = {
        "mode": "Compute", "host": "0x68", "domain": "0x", "ssl": False, "httpPort": 1, "grpcPort": 2, "p2pPort": 3,
    }  # fmt: skip
    inspection = {"enabled": True, "syncNodeKey": {"StoragePubKey": sync}, "syncNodeParams": node}
    params = {
        "nodeProviderAuthContract": None, "erasureCodingRequired": 4, "erasureCodingTotal": 6, "replicationTotal": 3,
        "inspectionDryRunParams": inspection,
    }  # fmt: skip
    sent = submit(call=["ddcClusters", "createCluster", [cluster, f"0x{newer.fresh().hex()}", params, TERMS]])
    assert sent["error"] is None
    query = partial(newer_js, "polkadot.query", version=version, section="ddcClusters", args=[cluster])
    terms = query(item="clustersGovParams")["value"]
    contract = terms.pop("customerDepositContract")
    assert {name: str(value) for name, value in terms.items()} == {
        name: str(value) for name, value in TERMS.items() if name != "customerDepositContract"
    }
    assert contract
    held = query(item="clusters")["value"]["props"]["inspectionDryRunParams"]
    assert (held["enabled"], held["syncNodeParams"]) == (True, node)


def test_long_values_are_proved(newer: ChainPlace, newer_js: Driver, version: int) -> None:
    """A node with a long name: in this state version its value is proved by its hash, and the proof holds it."""
    key = newer.fresh()
    params = {
        "mode": "Cache", "host": f"0x{'61' * 255}", "domain": f"0x{'62' * 200}", "ssl": True,
        "httpPort": 1, "grpcPort": 2, "p2pPort": 3,
    }  # fmt: skip
    call = ["ddcNodes", "createNode", [{"StoragePubKey": f"0x{key.hex()}"}, {"StorageParams": params}]]
    sent = newer_js("polkadot.submit", version=version, who=CHARLIE, call=call)
    where = newer.key("DdcNodes", "StorageNodes", key)
    proved = newer_js("polkadot.prove", version=version, keys=[where], at=sent["at"])
    root = newer_js("polkadot.blocks", version=version, hash=sent["at"])["stateRoot"]
    found = Proof([bytes.fromhex(node.removeprefix("0x")) for node in proved["proof"]]).read(
        Hash256.parse(root.removeprefix("0x")), bytes.fromhex(where.removeprefix("0x"))
    )
    read = newer_js("polkadot.query", version=version, section="ddcNodes", item="storageNodes", args=[f"0x{key.hex()}"])
    assert isinstance(found, Present)
    assert f"0x{found.value.hex()}" == read["raw"]
    assert len(found.value) > 455


def test_sets_change_under_the_clients(newer: ChainPlace, newer_js: Driver, version: int) -> None:
    """Blocks are final on both sides of each change, and the clients read the set that the chain is at."""
    submit = partial(newer_js, "polkadot.submit", version=version, who=ALICE)
    before: Any = newer.read("Grandpa", "CurrentSetId")
    sent = [submit(call=["system", "remark", [f"0x{turn:02x}"]]) for turn in range(2 * SET_EVERY + 1)]
    assert {one["statuses"][-1][0] for one in sent} == {"Finalized"}
    at = sent[-1]["at"]
    query = partial(newer_js, "polkadot.query", version=version, section="grandpa", at=at)
    assert query(item="currentSetId")["value"] == newer.read("Grandpa", "CurrentSetId", at=at) >= before + 2
    ours: Any = newer.read("Grandpa", "Authorities", at=at)
    theirs = query(item="authorities")["value"]
    assert theirs == [[f"0x{key.hex()}", weight] for key, weight in ours]


def test_what_is_not_final_is_said_not_to_be(newer: ChainPlace, newer_js: Driver) -> None:
    """While finality is withheld an extrinsic is in a block and no further; then it is final where it was."""
    newer.ask("devnet_withholdFinality", True)
    final, head = newer.ask("chain_getFinalizedHead"), newer.ask("chain_getBlockHash")
    newer_js.begin("polkadot.submit", version=15, who=ALICE, call=["system", "remark", ["0xff"]])
    newer.wait_until(lambda: newer.ask("chain_getBlockHash") != head)
    newer.ask("devnet_writeBlocks", 5)
    assert newer.ask("chain_getFinalizedHead") == final
    newer.ask("devnet_withholdFinality", False)
    sent = newer_js.end("polkadot.submit")
    assert [name for name, _ in sent["statuses"]] == ["Ready", "InBlock", "Finalized"]
    assert len({at for name, at in sent["statuses"] if name != "Ready"}) == 1


def test_a_nonce_counts_what_waits(newer: ChainPlace, newer_js: Driver) -> None:
    """While no blocks come, the next nonce is the one behind what waits; afterwards it is the same one."""
    account = newer_js("polkadot.account", who=CHARLIE)["address"]
    newer.ask("devnet_stopBlocks", True)
    before = newer.ask("system_accountNextIndex", account)
    newer_js.begin("polkadot.submit", version=15, who=CHARLIE, call=["system", "remark", ["0x01"]])
    newer.wait_until(lambda: newer.ask("system_accountNextIndex", account) == before + 1)
    assert len(newer.ask("author_pendingExtrinsics")) == 1
    newer.ask("devnet_stopBlocks", False)
    assert newer_js.end("polkadot.submit")["error"] is None
    assert newer.ask("author_pendingExtrinsics") == []
    assert newer.ask("system_accountNextIndex", account) == before + 1


@pytest.mark.parametrize("kind", ["ed25519", "sr25519"])
def test_pythons_clients_sign_for_it(
    newer: ChainPlace, substrate_judge: Driver, async_judge: Driver, kind: str
) -> None:
    """Paid by an account that everybody knows, and in turn paying."""
    who, to = newer.someone(kind), newer.fresh()
    known = async_judge("async_chain.account", url=newer.url, who=who)
    pay = ["Balances", "transfer_keep_alive", {"dest": known["address"], "value": 50 * CERE}]
    assert substrate_judge("blocking_chain.submit", url=newer.url, who=ALICE, call=pay, period=16)["success"]
    on = ["Balances", "transfer_keep_alive", {"dest": f"0x{to.hex()}", "value": 20 * CERE}]
    assert async_judge("async_chain.submit", url=newer.url, who=who, call=on, period=16, tip=1)["success"]
    assert newer.free(to) == 20 * CERE
