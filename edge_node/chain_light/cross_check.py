"""Whether a chain's own state names the authorities that its headers led us to (pallet_grandpa's storage, proved).

The pallet counts a set in the block that announces it (`CurrentSetId`), and enacts its authorities when the delay is
over (`Authorities`); between the two `PendingChange` holds them. A change that is forced is announced alike and proved
by nobody: its mark in the state is how a client learns of one whose header it never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import (
    Authority,
    decode_authorities,
    decode_versioned_authorities,
    read_authorities,
)
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.layouts import AUTHORITIES, SET_ID, WELL_KNOWN_AUTHORITIES
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.chain_light.storage_key import item_prefix
from edge_node.chain_light.trie_proof import Incomplete, Present, Proof
from edge_node.wire.scale import MalformedScale, Scale

PENDING_KEY: Final = item_prefix("Grandpa", "PendingChange")
KEYS: Final = (SET_ID.key, AUTHORITIES.key, PENDING_KEY, WELL_KNOWN_AUTHORITIES.key)


class ProofShort(BadAnswer):
    """A proof does not tell all that was asked: that is an answer cut short, and no absence."""

    slug = "proof-short"

    def __init__(self, key: bytes) -> None:
        self.key = key
        super().__init__(f"the proof does not tell what is at key {key.hex()[:80]}")


class StateUnreadable(ChainError):
    """The state of a final block holds, in GRANDPA's places, what this release cannot read: nobody's lie."""

    slug = "grandpa-state-unreadable"
    remedy = "Update the node: the chain keeps its authorities in a form this release does not know."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the chain's state of its authorities cannot be read: {why}")


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change the state holds as announced: in force from block `number` on; forced where `forced` says so."""

    number: int
    delay: int
    authorities: tuple[Authority, ...]
    forced: bool


@dataclass(frozen=True, slots=True)
class GrandpaState:
    """What the state of one block says: the number of the newest set announced, who votes, and what is under way."""

    set_id: int
    authorities: tuple[Authority, ...]
    change: StoredChange | None


@dataclass(frozen=True, slots=True)
class Agrees:
    """State and client say the same. `anchor` has what the state alone tells: a change that was announced unseen."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Forces:
    """The state holds a forced change, announced at `number` - `delay`: what follows it nothing proves to us."""

    number: int
    delay: int


@dataclass(frozen=True, slots=True)
class Differs:
    """The state names others than we believe in; `why` in words."""

    why: str


Comparison = Agrees | Forces | Differs


def read_grandpa_state(anchor: Anchor, entries: Sequence[bytes]) -> GrandpaState:
    """What a proof of KEYS shows under a final block's state root.

    Raises BadProof, MalformedNode and ProofShort for an answer that proves nothing, and StateUnreadable. Offload it
    where there are hundreds of authorities.
    """
    proof, root = Proof(entries), anchor.header.state_root
    found = dict[bytes, bytes | None]()
    for key in KEYS:
        value = proof.read(root, key)
        if isinstance(value, Incomplete):
            raise ProofShort(key)
        found[key] = value.value if isinstance(value, Present) else None
    proof.require_all_used()
    try:
        return GrandpaState(
            SET_ID.decode(found[SET_ID.key]),
            _authorities(found[AUTHORITIES.key], found[WELL_KNOWN_AUTHORITIES.key]),
            _stored_change(found[PENDING_KEY]),
        )
    except MalformedScale as malformed:
        raise StateUnreadable(str(malformed)) from None


def compare(anchor: Anchor, state: GrandpaState) -> Comparison:
    """Hold the anchor against the state of its own block.

    Where the state has a change under way that we do not know, it was announced in a header nobody showed us: the
    state is as final as its block, so the change is believed.
    """
    change = state.change
    if change is not None and change.forced:
        return Forces(change.number, change.delay)
    known = _with_stored(anchor, change)
    if isinstance(known, Differs):
        return known
    counted = known.voters.id + len(known.pending.changes)
    if state.set_id != counted:
        return Differs(f"the chain's state counts set {state.set_id} at block {anchor.header.number}, we {counted}")
    if state.authorities != known.voters.authorities:
        return Differs(
            f"the chain's state names {_names(state.authorities)} at block {anchor.header.number}, "
            f"we {_names(known.voters.authorities)}"
        )
    return Agrees(known)


def _with_stored(anchor: Anchor, change: StoredChange | None) -> Anchor | Differs:
    """The anchor with the change that the state holds, which is then all there is: a pallet keeps one at a time."""
    if change is None or change.number <= anchor.header.number:  # enacted in this very block, which ends with it
        return anchor
    stored = PendingChange(change.number, change.authorities)
    if anchor.pending.changes not in ((), (stored,)):
        return Differs(f"the chain's state has another change under way at block {anchor.header.number} than we")
    return anchor if anchor.pending.changes else replace(anchor, pending=PendingChanges((stored,)))


def _names(authorities: Sequence[Authority]) -> str:
    first = f", {authorities[0].key.hex()[:8]} the first" if authorities else ""
    return f"{len(authorities)} authorities{first}"


def _authorities(raw: bytes | None, well_known: bytes | None) -> tuple[Authority, ...]:
    """As they stand there, fit to vote or not: what differs from ours is to be seen."""
    if raw is not None:
        return decode_authorities(raw)
    return () if well_known is None else decode_versioned_authorities(well_known)


def _stored_change(raw: bytes | None) -> StoredChange | None:
    """pallet_grandpa's StoredPendingChange: announced at, delay, who is next, and the median of a forced one."""
    if raw is None:
        return None
    scale = Scale(raw)
    announced, delay = scale.u32(), scale.u32()
    authorities = read_authorities(scale)
    forced = scale.flag()
    if forced:
        scale.u32()
    scale.end()
    return StoredChange(announced + delay, delay, authorities, forced)
