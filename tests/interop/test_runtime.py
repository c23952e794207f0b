"""The development chain's bytes read by polkadot-js, and extrinsics that it signs taken into blocks."""

import json
import subprocess
from typing import Any

import pytest

from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet.pallets import PROFILES, Profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime import call_of
from tests.devnet.runtime.ddc import (
    CLUSTER,
    CONTROLLER,
    MANAGER,
    PROVIDER,
    add_node,
    bond,
    bond_cluster,
    ddc_stage,
    key,
)
from tests.devnet.runtime.ddc import store as store_node
from tests.devnet.runtime.stage import ALICE, BOB, SARAH, Stage, seed
from tests.interop.sdk import PROJECT, install

pytestmark = pytest.mark.needs_node

READ_S = 60
STORED: tuple[tuple[str, str, tuple[Any, ...], list[Any]], ...] = (
    ("System", "Account", (ALICE.id,), [f"0x{ALICE.id.hex()}"]),
    ("DdcNodes", "StorageNodes", (key().value,), [f"0x{seed('node').hex()}"]),
    ("DdcClusters", "Clusters", (CLUSTER,), [f"0x{CLUSTER.hex()}"]),
    (
        "DdcClusters",
        "ClustersNodes",
        (CLUSTER, key()),
        [f"0x{CLUSTER.hex()}", {"StoragePubKey": f"0x{seed('node').hex()}"}],
    ),
    ("DdcStaking", "Ledger", (CONTROLLER.id,), [f"0x{CONTROLLER.id.hex()}"]),
)


def camel(name: str) -> str:
    """How polkadot-js writes a pallet or an item."""
    return name[0].lower() + name[1:]


def busy_stage(profile: Profile) -> Stage:
    """A chain with a node in a cluster, whose newest block has a success and a refusal by a pallet."""
    stage = ddc_stage(profile)
    bond_cluster(stage)
    bond(stage)
    store_node(stage)
    add_node(stage)
    bucket = call_of("DdcCustomers", "create_bucket", cluster_id=CLUSTER, bucket_params={"is_public": True})
    gone = call_of("DdcNodes", "delete_node", node_pub_key=key())
    stage.write(stage.signed(MANAGER, bucket, tip=3), stage.signed(PROVIDER, gone))
    return stage


def ask(stage: Stage, version: int) -> dict[str, Any]:
    """What polkadot-js makes of the chain."""
    install()
    chain = stage.chain
    rows = [(pallet, name, chain.form.item(pallet, name), keys, told) for pallet, name, keys, told in STORED]
    spec = chain.form.profile.version
    genesis = f"0x{chain.genesis.hash}"
    terms = {
        "genesisHash": genesis, "blockHash": genesis, "era": "0x00",
        "runtimeVersion": {"specVersion": spec.spec_version, "transactionVersion": spec.transaction_version},
    }  # fmt: skip
    long = f"0x{bytes(400).hex()}"
    asked = {
        "metadata": f"0x{chain.form.written(version).hex()}",
        "extrinsic": f"0x{chain.head.extrinsics[1].hex()}",
        "events": f"0x{_stored(stage, 'System', 'Events').hex()}",
        "keyDigits": {
            f"{camel(pallet)}.{camel(name)}": 2 * len(storage_key(item, *keys)) for pallet, name, item, keys, _ in rows
        },
        "storage": [
            {
                "section": camel(pallet),
                "item": camel(name),
                "keys": told,
                "value": f"0x{_stored(stage, pallet, name, *keys).hex()}",
            }
            for pallet, name, _, keys, told in rows
        ],
        "sign": [
            {"seed": seed("bob").hex(), "type": "ed25519", "section": "balances", "call": "transferKeepAlive",
             "args": [f"0x{SARAH.id.hex()}", 5 * CERE], "nonce": stage.nonce(BOB), "tip": 7, "terms": terms},
            {"seed": seed("sr-sarah").hex(), "type": "sr25519", "section": "system", "call": "remarkWithEvent",
             "args": [long], "nonce": 0, "tip": 0, "terms": terms},
        ],
    }  # fmt: skip
    done = subprocess.run(
        ["node", "runtime.mjs"], cwd=PROJECT, input=json.dumps(asked), capture_output=True, text=True, check=False,
        timeout=READ_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _stored(stage: Stage, pallet: str, item: str, *keys: Any) -> bytes:
    raw = stage.chain.head.state.get(storage_key(stage.chain.form.item(pallet, item), *keys))
    assert raw is not None
    return raw


@pytest.mark.parametrize("version", [14, 15])
@pytest.mark.parametrize("name", PROFILES)
def test_polkadot_js_reads_and_signs_as_the_chain_does(name: str, version: int) -> None:
    """Pallets, calls, constants, an extrinsic, events with an error's name, storage under the same keys; and back."""
    profile = PROFILES[name]
    stage = busy_stage(profile)
    read = ask(stage, version)
    assert read["pallets"] == [[pallet.name, pallet.index] for pallet in profile.pallets]
    assert ("joinCluster" in read["calls"]["ddcClusters"]) == (name == "dev-80013")
    assert read["version"]["specVersion"] == profile.version.spec_version
    assert read["deposit"] == str(CERE)
    _require_extrinsic(stage, read["extrinsic"])
    _require_events(read["events"])
    _require_storage(stage, read["storage"])
    _require_signed(stage, read["signed"])


def _require_extrinsic(stage: Stage, read: dict[str, Any]) -> None:
    assert (read["section"], read["method"]) == ("ddcCustomers", "createBucket")
    assert read["args"] == [f"0x{CLUSTER.hex()}", {"isPublic": True}]
    assert read["again"] == f"0x{stage.chain.head.extrinsics[1].hex()}"


def _require_events(read: list[dict[str, Any]]) -> None:
    """The SDK looks for `bucket_id` by this name."""
    (made,) = (event for event in read if event["name"] == "ddcCustomers.BucketCreated")
    assert (made["fields"], made["data"], made["extrinsic"]) == (
        ["cluster_id", "bucket_id"], [f"0x{CLUSTER.hex()}", 1], 1,
    )  # fmt: skip
    assert (read[-1]["name"], read[-1]["error"]) == ("system.ExtrinsicFailed", "ddcNodes.NodeIsAssignedToCluster")


def _require_storage(stage: Stage, read: list[dict[str, Any]]) -> None:
    for (pallet, item, keys, _), found in zip(STORED, read, strict=True):
        assert found["key"] == storage_key(stage.chain.form.item(pallet, item), *keys).hex()
    account, node, cluster, _, ledger = (found["value"] for found in read)
    assert account["nonce"] == stage.nonce(ALICE)
    assert (node["props"]["mode"], node["clusterId"]) == ("Full", f"0x{CLUSTER.hex()}")
    assert (cluster["status"], cluster["props"]["erasureCodingTotal"]) == ("Bonded", 6)
    assert ledger["active"] == stage.read("DdcStaking", "Ledger", CONTROLLER.id)["active"]


def _require_signed(stage: Stage, read: list[dict[str, str]]) -> None:
    """An ed25519 and an sr25519 account; the second payload is long, hence signed by its hash."""
    assert [one["public"] for one in read] == [BOB.id.hex(), SARAH.id.hex()]
    block = stage.write(*(bytes.fromhex(one["raw"][2:]) for one in read))
    assert not block.refused
    names = [name for name, _ in stage.events()]
    assert names.count("System.ExtrinsicSuccess") == 3
    assert "System.Remarked" in names
