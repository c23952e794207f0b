"""smoldot reads the development chain's states: what our proofs tell it they tell ours, and what they do not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_proof import Absent, Incomplete, Present, Proof, encode_proof
from tests.devnet.runtime.stage import ALICE
from tests.interop.judged import (
    WITHIN_S,
    grow,
    judged_by_smoldot,
    judged_chain,
    judged_stage,
    key_of,
    peer_of,
)
from tests.interop.smoldot import Smoldot

pytestmark = pytest.mark.needs_node


async def read(
    judge: Smoldot, subscription: str, block: str, key: bytes, kind: str = "value", child: bytes | None = None
) -> dict[str, Any]:
    """The items smoldot finds in the state of a block, as it tells them; or that it finds no proof."""
    asked = [{"key": f"0x{key.hex()}", "type": kind}]
    of_child = None if child is None else f"0x{child.hex()}"
    operation = (await judge.ask("chainHead_v1_storage", subscription, block, asked, of_child))["operationId"]
    ended = await judge.ended(operation)
    items = [item for event in judge.events_of(operation) for item in event.get("items", ())]
    return {item["key"]: item["value"] for item in items} | {"": ended["event"]}


@pytest.mark.parametrize("state_version", [0, 1])
async def test_our_proofs_of_storage_are_read_by_both(tmp_path: Path, state_version: int) -> None:
    """What is there, what is not, and all under a prefix; and the runtime's own view through a call."""
    chain = judged_chain(changes=5, state_version=state_version)
    peer, root = peer_of(chain), chain.final.header.state_root
    alice, nobody = (key_of(chain, "System", "Account", who) for who in (ALICE.id, bytes(32)))
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            followed = await judge.follow()
            (block,) = (await judge.event("initialized"))["finalizedBlockHashes"]
            for key in (alice, key_of(chain, "Grandpa", "Authorities")):
                found = await read(judge, followed, block, key)
                held = Proof.of_scale(peer.proofs[-1]).read(root, key)
                assert isinstance(held, Present)
                assert found == {f"0x{key.hex()}": f"0x{held.value.hex()}", "": "operationStorageDone"}
                assert held.value == chain.final.state.get(key)
            assert await read(judge, followed, block, nobody) == {"": "operationStorageDone"}
            assert Proof.of_scale(peer.proofs[-1]).read(root, nobody) == Absent()
            prefix = key_of(chain, "Babe", "Authorities")[:16]
            listed = await read(judge, followed, block, prefix, "descendantsValues")
            listed.pop("")
            assert listed == {f"0x{key.hex()}": f"0x{value.hex()}" for key, value in chain.final.state.pairs(prefix)}
            operation = await judge.ask("chainHead_v1_call", followed, block, "GrandpaApi_grandpa_authorities", "0x")
            called = await judge.ended(operation["operationId"])
            proof = await judge.ask("state_getReadProof", [f"0x{alice.hex()}"], block)
    authorities = chain.final.state.get(key_of(chain, "Grandpa", "Authorities"))
    assert authorities is not None
    assert called["output"] == f"0x{authorities.hex()}"
    entries = [bytes.fromhex(entry[2:]) for entry in proof["proof"]]
    assert Proof(entries).read(root, alice) == Present(chain.final.state.get(alice) or b"")


@pytest.mark.parametrize("state_version", [0, 1])
async def test_our_proofs_of_child_tries_are_read_by_both(tmp_path: Path, state_version: int) -> None:
    """Values short and long, what is not there, and a trie that does not exist."""
    inside = {b"a": b"1" * 40, b"ab": b"22", b"z" * 40: b"3" * 100}
    stage = judged_stage(5, state_version=state_version, children={b"child": inside})
    grow(stage, 5)
    peer, root = peer_of(stage.chain), stage.chain.final.header.state_root
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            followed = await judge.follow()
            (block,) = (await judge.event("initialized"))["finalizedBlockHashes"]
            for key, value in inside.items():
                found = await read(judge, followed, block, key, child=b"child")
                assert found == {f"0x{key.hex()}": f"0x{value.hex()}", "": "operationStorageDone"}
                assert Proof.of_scale(peer.proofs[-1]).read_child(root, b"child", key) == Present(value)
            for child, key in ((b"child", b"b"), (b"none", b"a")):
                assert await read(judge, followed, block, key, child=child) == {"": "operationStorageDone"}
                assert Proof.of_scale(peer.proofs[-1]).read_child(root, child, key) == Absent()


@pytest.mark.parametrize("lie", ["other-state", "left-out"])
async def test_a_false_proof_of_storage_is_believed_by_neither(tmp_path: Path, lie: str) -> None:
    """One of a state that is not the block's, or without the last node: no value comes of it."""
    chain = judged_chain(changes=5)
    alice = key_of(chain, "System", "Account", ALICE.id)
    richer = chain.final.state.updated({alice: b"\xff" * 80})

    def prove(state: Trie, keys: Sequence[bytes]) -> bytes:
        entries = (richer if lie == "other-state" and alice in keys else state).prove(keys)
        return encode_proof(entries[:-1] if lie == "left-out" and alice in keys else entries)

    peer = peer_of(chain, prove=prove)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            followed = await judge.follow()
            (block,) = (await judge.event("initialized"))["finalizedBlockHashes"]
            assert await read(judge, followed, block, alice) == {"": "operationInaccessible"}
    assert isinstance(Proof.of_scale(peer.proofs[-1]).read(chain.final.header.state_root, alice), Incomplete)
