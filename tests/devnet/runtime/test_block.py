"""Blocks as a light client checks them: hashes, roots, proofs, digests."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.codec import decode_whole
from edge_node.chain_light.header import EMPTY_EXTRINSICS_ROOT, DigestKind, decode_header, encode_header, hash_header
from edge_node.chain_light.storage_key import prefix_of, split_key, storage_key
from edge_node.chain_light.trie_proof import Absent, PrefixFound, Present, Proof
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.system import BLOCK_HASH_COUNT
from edge_node.devnet.runtime import block as block_module
from edge_node.devnet.runtime.block import begin_work, extrinsics_root
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, BOB, RICH, Account, make_stage

TRANSFER = call_of("Balances", "transfer_keep_alive", dest=BOB.address, value=CERE)


@pytest.fixture(params=[0, 1], ids=["version 0", "version 1"])
def stage(request):
    """A chain of one block with a transfer, in each state version."""
    stage = make_stage(sdk_profile(request.param), code=bytes(500))
    stage.ok(ALICE, "Balances", "transfer_keep_alive", dest=BOB.address, value=7 * CERE)
    return stage


def test_a_header_is_what_its_hash_says(stage):
    """Encoded, read back and hashed by the light client; it names its parent."""
    head = stage.chain.head
    assert decode_header(encode_header(head.header)) == head.header
    assert hash_header(head.header) == head.hash
    assert head.header.parent == stage.chain.genesis.hash


def test_a_balance_is_proved_against_the_state_root(stage):
    """Account, absence of another, and the code, by the light client's own verifier."""
    head, item = stage.chain.head, stage.chain.form.item("System", "Account")
    keys = [storage_key(item, BOB.id), storage_key(item, Account("nobody").id), b":code"]
    proof = Proof(head.state.prove(keys))
    found = proof.read(head.header.state_root, keys[0])
    assert isinstance(found, Present)
    account = decode_whole(item.registry, item.entry.value, found.value)
    assert account["data"]["free"] == 1_000_007 * CERE
    assert proof.read(head.header.state_root, keys[1]) == Absent()
    assert proof.read(head.header.state_root, keys[2]) == Present(bytes(500))
    proof.require_all_used()


def test_all_accounts_are_proved_to_be_all(stage):
    """A proof of a prefix enumerates them."""
    head, item = stage.chain.head, stage.chain.form.item("System", "Account")
    proof = Proof(head.state.prove_prefix(prefix_of(item)))
    found = proof.keys_under(head.header.state_root, prefix_of(item))
    assert isinstance(found, PrefixFound)
    accounts = {split_key(item, key)[0] for key, _ in dict(found.pairs).items()}
    assert {one.id for one in RICH} <= accounts


def test_an_old_state_can_still_be_proved(stage):
    """Blocks share what they have in common, and none changes another."""
    first = stage.chain.head
    before = first.state.get(storage_key(stage.chain.form.item("System", "Number")))
    stage.skip(2)
    assert first.state.root == first.header.state_root
    assert first.state.get(storage_key(stage.chain.form.item("System", "Number"))) == before
    assert stage.chain.head.header.state_root != first.header.state_root


def test_the_extrinsics_root_is_over_what_is_in_the_block(stage):
    """In their order; an empty list has the root that genesis names."""
    head = stage.chain.head
    assert extrinsics_root(head.extrinsics) == head.header.extrinsics_root
    assert extrinsics_root(reversed(head.extrinsics)) != head.header.extrinsics_root
    assert extrinsics_root([]) == EMPTY_EXTRINSICS_ROOT


def test_the_state_tells_of_the_block_it_is_after(stage):
    """Number, parent, hashes of ancestors, digest without the seal, time and events."""
    head = stage.chain.head
    assert stage.read("System", "Number") == 1
    assert stage.read("System", "ParentHash") == stage.read("System", "BlockHash", 0) == stage.chain.genesis.hash
    logs = stage.read("System", "Digest")["logs"]
    assert [log.name for log in logs] == ["PreRuntime", "Consensus"]
    assert logs[0].value == (b"BABE", head.header.digest[0].payload)
    assert head.header.digest[-1].kind is DigestKind.SEAL
    assert stage.read("Timestamp", "Now") == stage.now_ms
    assert stage.read("System", "EventCount") == len(stage.read("System", "Events"))


def test_events_tell_which_extrinsic_they_are_of(stage):
    """0 is the author's; refused extrinsics leave no gap and no event."""
    bad, good = stage.signed(ALICE, TRANSFER, nonce=9), stage.signed(BOB, TRANSFER)
    block = stage.write(bad, good, stage.signed(ALICE, TRANSFER))
    assert [one.raw for one in block.refused] == [bad]
    phases = {record["phase"].value for record in stage.read("System", "Events")}
    assert phases == {0, 1, 2}
    assert all(record["phase"].name == "ApplyExtrinsic" for record in stage.read("System", "Events"))


def test_old_block_hashes_are_forgotten(stage):
    """2,400 of them are kept."""
    rules, head = stage.chain.rules, stage.chain.head
    far = block_module.replace(head, header=block_module.replace(head.header, number=BLOCK_HASH_COUNT + 1))
    work = begin_work(rules, far)
    assert work.number == BLOCK_HASH_COUNT + 2
    assert not work.has("System", "BlockHash", 1)
    assert work.has("System", "BlockHash", 0)


def test_a_block_has_an_end(stage, monkeypatch):
    """ExhaustsResources for what has no room, and smaller ones after it come in."""
    raws = [
        stage.signed(who, call_of("System", "remark", remark=bytes(size))) for who, size in ((ALICE, 400), (BOB, 9))
    ]
    monkeypatch.setattr(block_module, "EXTRINSICS_BYTES_MAX", 300)
    block = stage.write(*raws)
    assert ([one.why.kind for one in block.refused], block.extrinsics[1:]) == (["ExhaustsResources"], (raws[1],))


def test_blocks_come_out_alike():
    """The same genesis, time and extrinsics make the same hashes."""
    hashes = []
    for _ in range(2):
        stage = make_stage()
        stage.write(stage.signed(ALICE, TRANSFER))
        hashes.append(stage.chain.head.hash)
    assert hashes[0] == hashes[1]
    assert isinstance(hashes[0], Hash256)
