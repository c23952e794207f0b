"""smoldot judges the development chain: what it accepts ours accepts, what it refuses ours refuses, byte for byte."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.finality_errors import EmptyWarp, TooFewVotes, WarpBroken
from edge_node.chain_light.finality_proof import verify_finality_proof
from edge_node.chain_light.grandpa import Authority, decode_authorities, decode_justification
from edge_node.chain_light.header import Header
from edge_node.chain_light.justification import encode_justification
from edge_node.chain_light.storage_key import storage_key
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_proof import Absent, Incomplete, Present, Proof, encode_proof
from edge_node.chain_light.warp import verify_warp
from edge_node.devnet.pallets.babe import EPOCH_SLOTS, SLOT_MS
from edge_node.devnet.runtime import Chain, ChangeOrder, finality_proof, warp_proof
from tests.chain_light.electorate import SMALL_KEY, SMALL_SIGNATURE
from tests.devnet.runtime.stage import ALICE, Stage
from tests.interop.forged import (
    FORGERIES,
    Forgery,
    Fragment,
    ahead_of,
    beside_enough,
    forge,
    fragments_of,
    keys_of_set,
    proof_of,
    signed,
)
from tests.interop.judged import anchor_of, grow, judged_by_smoldot, judged_chain, judged_stage, order, peer_of
from tests.interop.libp2p.substrate import ChainPeer
from tests.interop.smoldot import Smoldot
from tests.interop.smoldot_sync import long_chain, synced

pytestmark = pytest.mark.needs_node

WITHIN_S = 120
REFUSED = "Failed to verify warp sync fragment"
FORGED_AT = 3
NOT_WORTH_A_WARP = 32  # blocks that smoldot would rather take one by one


async def warped(peer: ChainPeer, log: Path) -> tuple[str, list[int]]:
    """The block smoldot begins at, and the fragments it verified on the way."""
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, log) as judge:
            await judge.follow()
            begun = await judge.event("initialized")
            return begun["finalizedBlockHashes"][-1], judge.verified()


async def refused(peer: ChainPeer, log: Path) -> tuple[list[int], str]:
    """The fragments smoldot verified before one that it refused, and why it did."""
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, log) as judge:
            await judge.follow()
            why = await judge.logged(REFUSED)
            return judge.verified(), why.partition(": ")[2]


def ours_after(chain: Chain, proofs: Sequence[bytes]) -> Anchor:
    """Where the proofs that were sent, one after the other, lead our own client."""
    anchor = anchor_of(chain)
    for proof in proofs:
        anchor = verify_warp(anchor, proof, fragments_max=1_000).anchor
    return anchor


@pytest.mark.parametrize("state_version", [0, 1])
async def test_a_warp_ends_at_our_final_block(tmp_path: Path, state_version: int) -> None:
    """Through every change of set; the same bytes lead ours to the same block."""
    chain = judged_chain(changes=6, state_version=state_version)
    peer = peer_of(chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            begun = await judge.event("initialized")
    assert begun["finalizedBlockHashes"] == [f"0x{chain.final.hash}"]
    assert begun["finalizedBlockRuntime"]["spec"]["specVersion"] == chain.form.profile.version.spec_version
    assert judge.verified() == [*chain.hand_overs, chain.final.number]
    (proof,) = peer.warps
    ours = verify_warp(anchor_of(chain), proof, fragments_max=100)
    assert (ours.anchor.hash, ours.finished, ours.accepted) == (chain.final.hash, True, 7)
    assert ours.anchor.voters == chain.voters.current


async def test_a_cold_start_is_measured_where_it_ends() -> None:
    """The benchmark's baseline: a chain as asked for, followed to its final block."""
    chain = long_chain(blocks=70, set_changes=3, authorities=7)
    told = await synced(chain, authorities=7)
    assert (told.final, told.blocks, told.fragments) == (str(chain.final.hash), 70, 4)
    assert (told.set_changes, len(chain.voters.current.authorities)) == (3, 7)
    assert 0 < told.after_added_s < told.seconds


async def test_a_warp_goes_on_from_where_a_part_of_it_led(tmp_path: Path) -> None:
    """Two steps an answer, each answer asked for from the block before: both clients put them together."""
    chain = judged_chain(changes=6, blocks_per_set=NOT_WORTH_A_WARP + 3)

    def in_parts(start: Hash256) -> bytes:
        steps = fragments_of(warp_proof(chain, start))
        return proof_of(steps[:2], finished=len(steps) <= 2)

    peer = peer_of(chain, warp=in_parts)
    block, verified = await warped(peer, tmp_path / "log")
    assert (block, verified) == (f"0x{chain.final.hash}", [*chain.hand_overs, chain.final.number])
    assert len(peer.warps) == 4
    assert ours_after(chain, peer.warps).hash == chain.final.hash


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
async def test_a_forged_step_ends_a_warp_before_it(tmp_path: Path, forgery: Forgery) -> None:
    """Both take the true steps before and not one more; the true ones behind it help nobody."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, forgery)
    peer = peer_of(chain, warp=lambda start: forged)
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:FORGED_AT]
    with pytest.raises(WarpBroken) as broken:
        verify_warp(anchor_of(chain), peer.warps[0], fragments_max=100)
    assert broken.value.anchor.header.number == verified[-1]
    assert broken.value.accepted == FORGED_AT


@pytest.mark.parametrize("size", [1, 3, 6, 7])
async def test_both_want_more_than_two_thirds(tmp_path: Path, size: int) -> None:
    """As many votes as it takes are enough, and one less is not, in sets of any size."""
    stage = judged_stage(3, size=size)
    for number in (1, 2, 3):
        stage.chain.schedule(order(number, size=size))
        stage.skip(NOT_WORTH_A_WARP // 2)
    stage.chain.finalize()
    chain, enough = stage.chain, size * 2 // 3 + 1
    honest = warp_proof(chain, chain.genesis.hash)

    def with_votes(count: int) -> bytes:
        steps = fragments_of(honest)
        votes = steps[2].justification.precommits[:count]
        steps[2] = replace(steps[2], justification=replace(steps[2].justification, precommits=votes))
        return proof_of(steps)

    peer = peer_of(chain, warp=lambda start: with_votes(enough))
    assert (await warped(peer, tmp_path / "log"))[0] == f"0x{ours_after(chain, peer.warps).hash}"
    peer = peer_of(chain, warp=lambda start: with_votes(enough - 1))
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:2]
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert (broken.value.accepted, type(broken.value.__cause__)) == (2, TooFewVotes)


async def test_a_warp_that_is_cut_short_leads_nowhere(tmp_path: Path) -> None:
    """smoldot takes none of it; ours keeps the steps that came whole."""
    chain = judged_chain(changes=5)
    cut = warp_proof(chain, chain.genesis.hash)[:-40]
    peer = peer_of(chain, warp=lambda start: cut)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.logged("warp-sync-request-error", "grandpa-warp-sync-request-error")
    assert judge.verified() == []
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert broken.value.anchor.header.number == chain.hand_overs[-1]


@pytest.mark.parametrize("name", ["invalid", "stranger", "twice"])
async def test_what_is_needless_beside_enough_votes_is_not_counted(tmp_path: Path, name: str) -> None:
    """smoldot refuses the whole, as nodes do; ours merely does not count it, or one voter could stop it."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, beside_enough(name))
    peer = peer_of(chain, warp=lambda start: forged)
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:FORGED_AT]
    assert ours_after(chain, peer.warps).hash == chain.final.hash


async def test_votes_ahead_count_with_the_headers_that_lead_there(tmp_path: Path) -> None:
    """One voter was two blocks further: both count the vote."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, ahead_of)
    peer = peer_of(chain, warp=lambda start: forged)
    block, _ = await warped(peer, tmp_path / "log")
    assert block == f"0x{ours_after(chain, peer.warps).hash}" == f"0x{chain.final.hash}"


@pytest.mark.parametrize("true_votes", [3, 2])
async def test_a_signature_that_lenient_verifiers_take_stops_nobody_and_counts_for_nothing(
    tmp_path: Path, true_votes: int
) -> None:
    """A voter whose key has no secret: smoldot counts the vote as chains do, ours wants enough true ones beside it."""
    stage = judged_stage(5)
    grow(stage, 1, blocks_per_set=40)
    chain = stage.chain
    chain.schedule(ChangeOrder((*(Authority(key.public, 1) for key in keys_of_set(2)[:3]), Authority(SMALL_KEY, 1)), 0))
    stage.skip(5)
    chain.finalize()
    grow(stage, 1, first=3)
    steps = fragments_of(warp_proof(chain, chain.genesis.hash))
    votes = steps[2].justification.precommits[:true_votes]
    small = votes[0]._replace(voter=SMALL_KEY, signature=SMALL_SIGNATURE)
    steps[2] = replace(steps[2], justification=replace(steps[2].justification, precommits=(*votes, small)))
    peer = peer_of(chain, warp=lambda start: proof_of(steps))
    block, _ = await warped(peer, tmp_path / "log")
    assert block == f"0x{chain.final.hash}"
    if true_votes == 3:
        assert ours_after(chain, peer.warps).hash == chain.final.hash
        return
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert isinstance(broken.value.__cause__, TooFewVotes)
    assert broken.value.anchor.header.number == chain.hand_overs[1]


async def test_a_delay_ends_the_warp_of_both_at_the_same_block(tmp_path: Path) -> None:
    """A set whose last block announces nothing is beyond a warp; ours goes on by the proofs of JSON-RPC."""
    stage = judged_stage(6)
    grow(stage, 4)
    grow(stage, 1, first=5, delay=5)
    chain = stage.chain
    peer = peer_of(chain)
    block, verified = await warped(peer, tmp_path / "log")
    anchor = ours_after(chain, peer.warps)
    assert verified == chain.hand_overs[:-1]
    assert block == f"0x{anchor.hash}" == f"0x{chain.block_at(chain.hand_overs[-2]).hash}"
    for _ in range(2):
        proof = finality_proof(chain, anchor.header.number + 1)
        assert proof is not None
        anchor = verify_finality_proof(anchor, proof)
    assert (anchor.hash, anchor.voters) == (chain.final.hash, chain.voters.current)


async def test_a_forced_change_ends_the_warp_of_both(tmp_path: Path) -> None:
    """No set that was voted in signs what follows it: both stop at the last block whose signers they know."""
    stage = judged_stage(5)
    grow(stage, 4)
    chain = stage.chain
    chain.schedule(replace(order(5), median=1, delay=2))
    stage.skip(NOT_WORTH_A_WARP)
    chain.finalize()
    peer = peer_of(chain)
    verified, why = await refused(peer, tmp_path / "log")
    assert "forced GrandPa authorities change" in why
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert verified == chain.hand_overs
    assert broken.value.anchor.header.number == verified[-1]


async def test_an_empty_warp_that_is_not_the_end_is_refused(tmp_path: Path) -> None:
    """As a chain answers whose first change has a delay: neither takes it for progress."""
    stage = judged_stage(2)
    grow(stage, 1, delay=5, blocks_per_set=50)
    peer = peer_of(stage.chain)
    verified, why = await refused(peer, tmp_path / "log")
    assert (verified, "empty" in why) == ([], True)
    with pytest.raises(WarpBroken) as broken:
        ours_after(stage.chain, peer.warps)
    assert isinstance(broken.value.__cause__, EmptyWarp)


async def test_a_chain_is_followed_as_it_grows(tmp_path: Path) -> None:
    """Block by block: seals and turns of authors, an epoch's change, changes of set at once and after five blocks.

    What finalizes a block there finalizes it here: the same votes, as a justification.
    """
    stage = judged_stage(8)
    grow(stage, 4)
    chain, peer = stage.chain, peer_of(stage.chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            anchor = ours_after(chain, peer.warps)
            for number, delay in ((5, 0), (6, 5), (7, 0)):
                stage.now_ms += EPOCH_SLOTS * SLOT_MS if number == 7 else 0
                chain.schedule(order(number, delay))
                for _ in range(7):
                    block = stage.write()
                    peer.news()
                    await judge.event("newBlock", blockHash=f"0x{block.hash}")
                    (finality,) = chain.finalize()
                    peer.news()
                    await judge.event("finalized", finalizedBlockHashes=[f"0x{block.hash}"])
                    anchor = advance(anchor, [block.header], decode_justification(finality.justification))
                    held = block.state.get(_key(chain, "Grandpa", "Authorities"))
                    assert decode_authorities(held or b"") == anchor.voters.authorities
    assert stage.read("Babe", "EpochIndex") == 1
    assert chain.hand_overs[-3:] == [41, 53, 55]
    assert (anchor.hash, anchor.voters) == (chain.final.hash, chain.voters.current)


async def test_a_commit_of_too_few_votes_finalizes_nothing(tmp_path: Path) -> None:
    """Two of four: a block is final with the next one, whose commit is whole, and not before, for both."""
    stage = judged_stage(4)
    grow(stage, 4)
    chain, peer = stage.chain, peer_of(stage.chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            forged = await told_of_a_forged_commit(
                stage, peer, judge, lambda block: signed(block, keys_of_set(4)[:2], 4)
            )
            block = stage.write()
            peer.news()
            await judge.event("newBlock", blockHash=f"0x{block.hash}")
            chain.finalize()
            peer.news()
            await judge.event("finalized", finalizedBlockHashes=[f"0x{block.hash}"])
    (success,) = [message for _, message in judge.logs if message.startswith("finality-proof-verify-success")]
    assert "finalized_blocks=2" in success
    with pytest.raises(TooFewVotes):
        advance(ours_after(chain, peer.warps), [forged.header], forged.justification)


@pytest.mark.parametrize("set_and_id", [(5, 4), (4, 5)], ids=["other-voters", "other-id"])
async def test_a_commit_of_another_set_finalizes_nothing(tmp_path: Path, set_and_id: tuple[int, int]) -> None:
    """Voters who have no say, or who signed in another set's name: smoldot bans who sent it, ours refuses it."""
    stage = judged_stage(5)
    grow(stage, 4)
    peer, (voters, set_id) = peer_of(stage.chain), set_and_id
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            forged = await told_of_a_forged_commit(
                stage, peer, judge, lambda block: signed(block, keys_of_set(voters), set_id)
            )
            await judge.logged("user_reason=bad-grandpa-commit")
    assert [event for event in judge.events if event["event"] == "finalized"] == []
    with pytest.raises(TooFewVotes):
        advance(ours_after(stage.chain, peer.warps), [forged.header], forged.justification)


async def told_of_a_forged_commit(
    stage: Stage, peer: ChainPeer, judge: Smoldot, forge_it: Callable[[Header], Fragment]
) -> Fragment:
    """A new block, and the commit for it that was sent."""
    block = stage.write()
    peer.news()
    await judge.event("newBlock", blockHash=f"0x{block.hash}")
    forged = forge_it(block.header)
    (finality,) = stage.chain.finalize()
    raw = encode_justification(forged.justification)
    stage.chain.finalities[block.number] = replace(finality, justification=raw)
    peer.news()
    return forged


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
    alice, nobody, babe = _key(chain, "System", "Account", ALICE.id), _key(chain, "System", "Account", bytes(32)), 16
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            followed = await judge.follow()
            (block,) = (await judge.event("initialized"))["finalizedBlockHashes"]
            for key in (alice, _key(chain, "Grandpa", "Authorities")):
                found = await read(judge, followed, block, key)
                held = Proof.of_scale(peer.proofs[-1]).read(root, key)
                assert isinstance(held, Present)
                assert found == {f"0x{key.hex()}": f"0x{held.value.hex()}", "": "operationStorageDone"}
                assert held.value == chain.final.state.get(key)
            assert await read(judge, followed, block, nobody) == {"": "operationStorageDone"}
            assert Proof.of_scale(peer.proofs[-1]).read(root, nobody) == Absent()
            prefix = _key(chain, "Babe", "Authorities")[:babe]
            listed = await read(judge, followed, block, prefix, "descendantsValues")
            listed.pop("")
            assert listed == {f"0x{key.hex()}": f"0x{value.hex()}" for key, value in chain.final.state.pairs(prefix)}
            operation = await judge.ask("chainHead_v1_call", followed, block, "GrandpaApi_grandpa_authorities", "0x")
            called = await judge.ended(operation["operationId"])
            proof = await judge.ask("state_getReadProof", [f"0x{alice.hex()}"], block)
    authorities = chain.final.state.get(_key(chain, "Grandpa", "Authorities"))
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
    alice = _key(chain, "System", "Account", ALICE.id)
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


def _key(chain: Chain, pallet: str, name: str, *keys: bytes) -> bytes:
    return storage_key(chain.form.item(pallet, name), *keys)
