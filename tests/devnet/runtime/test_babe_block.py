"""BABE's part of blocks, read by the light client."""

from edge_node.chain_light.babe import SlotKind, pre_digest_of, slot_of
from edge_node.chain_light.header import BABE, DigestKind
from edge_node.devnet.pallets.babe import EPOCH_SLOTS
from edge_node.devnet.runtime.babe_block import drawn_author
from tests.devnet.runtime.stage import START_MS, VALIDATORS, make_stage


def epochs(block):
    """What a header announces of epochs."""
    return block.header.payloads(DigestKind.CONSENSUS, BABE)


def test_each_block_claims_its_slot():
    """Plain secondary slots, each of the author whom the epoch's randomness draws; the state tells the slot too."""
    stage = make_stage()
    for _ in range(5):
        block = stage.write()
        digest = pre_digest_of(block.header)
        assert (digest.kind, digest.slot) == (SlotKind.SECONDARY_PLAIN, stage.now_ms // 6_000)
        assert digest.authority == drawn_author(bytes(32), digest.slot, len(VALIDATORS))
        assert stage.read("Babe", "CurrentSlot") == digest.slot
    assert stage.read("Babe", "GenesisSlot") == (START_MS + 6_000) // 6_000


def test_authors_are_drawn_as_babe_draws_them():
    """BLAKE2b-256 of randomness and slot, as one big-endian number, modulo the authorities."""
    assert [drawn_author(bytes(32), slot, 4) for slot in range(298_333_334, 298_333_342)] == [3, 2, 3, 1, 0, 0, 3, 2]
    stage = make_stage(randomness=b"\x07" * 32)
    slot = slot_of(stage.write().header) + EPOCH_SLOTS
    block = stage.chain.write_in_slot(slot, stage.now_ms)
    assert pre_digest_of(block.header).authority == drawn_author(stage.read("Babe", "Randomness"), slot, 4)


def test_the_seal_is_last_and_over_the_rest():
    """By the author's own key, over the hash of the header without it."""
    block = make_stage().write()
    seal = block.header.digest[-1]
    assert (seal.kind, seal.engine, len(seal.payload)) == (DigestKind.SEAL, BABE, 64)


def test_the_first_block_and_each_epochs_first_announce_the_next():
    """Kind 1: authorities with weights, then 32 bytes of randomness."""
    stage = make_stage(randomness=bytes(range(32)))
    first = stage.write()
    (payload,) = epochs(first)
    assert payload[0] == 1
    assert payload[1] == len(VALIDATORS) << 2
    assert payload[-32:] == bytes(range(32))
    assert epochs(stage.write()) == []
    slot = slot_of(first.header) + EPOCH_SLOTS
    late = stage.chain.write_in_slot(slot, stage.now_ms)
    assert len(epochs(late)) == 1
    assert stage.read("Babe", "EpochIndex") == 1
    assert stage.read("Babe", "NextRandomness") != stage.read("Babe", "Randomness") == bytes(range(32))
