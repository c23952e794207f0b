"""What BABE adds to a block: whose slot it is, and at the start of an epoch who may write in the next one."""

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.babe import PreDigest, SlotKind, pre_digest_item
from edge_node.chain_light.header import BABE, DigestItem, DigestKind
from edge_node.devnet.pallets.babe import EPOCH_SLOTS
from edge_node.devnet.runtime.work import Work
from edge_node.wire.scale import compact, uint

_NEXT_EPOCH_DATA = 1


def begin_slot(work: Work, slot: int) -> tuple[int, tuple[DigestItem, ...]]:
    """Note the slot; whose it is, and the digest items it brings.

    Those are always the author's claim, and at an epoch's start the next epoch.
    """
    first = work.get("Babe", "GenesisSlot") == 0
    if first:
        work.put("Babe", "GenesisSlot", slot)
    work.put("Babe", "CurrentSlot", slot)
    epoch = (slot - work.get("Babe", "GenesisSlot")) // EPOCH_SLOTS
    entered = epoch > work.get("Babe", "EpochIndex")
    if entered:
        _enter(work, epoch)
    author = drawn_author(work.get("Babe", "Randomness"), slot, len(work.get("Babe", "Authorities")))
    claim = pre_digest_item(PreDigest(SlotKind.SECONDARY_PLAIN, author, slot))
    return author, (claim, _announce_next(work)) if first or entered else (claim,)


def drawn_author(randomness: bytes, slot: int, authorities: int) -> int:
    """Whose a secondary slot is, by its place among so many authorities of the epoch (BABE, secondary slots)."""
    return int.from_bytes(blake2b_256(randomness + uint(slot, 8)), "big") % authorities


def _enter(work: Work, epoch: int) -> None:
    work.put("Babe", "EpochIndex", epoch)
    randomness = work.get("Babe", "NextRandomness")
    work.put("Babe", "Randomness", randomness)
    work.put("Babe", "NextRandomness", blake2b_256(randomness + uint(epoch, 8)))
    work.put("Babe", "Authorities", work.get("Babe", "NextAuthorities"))


def _announce_next(work: Work) -> DigestItem:
    authorities = work.get("Babe", "NextAuthorities")
    listed = b"".join(key + uint(weight, 8) for key, weight in authorities)
    payload = bytes((_NEXT_EPOCH_DATA,)) + compact(len(authorities)) + listed + work.get("Babe", "NextRandomness")
    return DigestItem(DigestKind.CONSENSUS, BABE, payload)
