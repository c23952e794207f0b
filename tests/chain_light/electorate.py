"""Voters of a chain that exists in tests only: their keys, the blocks they vote for, and what they sign."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authority_changes import Change, change_item
from edge_node.chain_light.grandpa import (
    Authority,
    AuthoritySet,
    Justification,
    Precommit,
    decode_authorities,
    decode_versioned_authorities,
    vote_message,
)
from edge_node.chain_light.header import Header, genesis_header, hash_header
from edge_node.trust.keys import SigningKey

VECTORS = Path(__file__).parents[1] / "vectors/chain"
# The neutral point of the curve, and a signature of nothing but it: a lenient verifier takes it for any message.
SMALL_KEY, SMALL_SIGNATURE = PublicKey(b"\x01" + bytes(31)), Signature(b"\x01" + bytes(63))
ROOT = Hash256(b"\x5a" * 32)


@cache
def voter(number: int) -> SigningKey:
    """One of any number of voters, always the same."""
    return SigningKey.from_seed(number.to_bytes(32, "big"))


def electorate(count: int, *, first: int = 0, weights: Sequence[int] = ()) -> tuple[Authority, ...]:
    """The voters `first` and following, each of weight 1 unless told."""
    return tuple(Authority(voter(first + n).public, weights[n] if weights else 1) for n in range(count))


def block(parent: Header, *changes: Change, extra: int = 0, number: int | None = None) -> Header:
    """A child of `parent`; another for each `extra`."""
    height = parent.number + 1 if number is None else number
    items = tuple(change_item(change) for change in changes)
    return Header(hash_header(parent), height, ROOT, Hash256(extra.to_bytes(32, "big")), items)


def blocks(parent: Header, count: int) -> list[Header]:
    """`count` blocks, each on the one before."""
    made = [parent]
    for _ in range(count):
        made.append(block(made[-1]))
    return made[1:]


def precommit(key: SigningKey, header: Header, *, round_number: int = 1, set_id: int = 0) -> Precommit:
    """What a voter signs for a block."""
    target = hash_header(header)
    message = vote_message(target, header.number, round_number, set_id)
    return Precommit(target, header.number, key.sign(message), key.public)


def justify(
    header: Header, signers: Sequence[int], *, set_id: int = 0, round_number: int = 1, ahead: Sequence[Header] = ()
) -> Justification:
    """The votes of `signers` for a block, the first for the last of the blocks `ahead` of it."""
    votes = [
        precommit(
            voter(number), ahead[-1] if ahead and place == 0 else header, round_number=round_number, set_id=set_id
        )
        for place, number in enumerate(signers)
    ]
    return Justification(round_number, hash_header(header), header.number, tuple(votes), tuple(ahead))


def genesis(count: int = 4) -> Anchor:
    """A chain that begins with voters 0 to `count` - 1."""
    return Anchor(genesis_header(ROOT), AuthoritySet(0, electorate(count)))


def vector(name: str) -> dict:
    """A file of real or accepted data."""
    return json.loads((VECTORS / f"{name}.json").read_text())


def polkadot() -> tuple[bytes, AuthoritySet]:
    """The real justification of Polkadot's block 302592, and the set that signed it."""
    facts = vector("polkadot-justification-302592")
    authorities = decode_versioned_authorities(bytes.fromhex(facts["authorities_storage_value"]))
    return bytes.fromhex(facts["justification_scale"]), AuthoritySet(facts["set_id"], authorities)


def accepted_warp() -> tuple[bytes, Anchor]:
    """The warp proof that smoldot accepted whole, and where it begins."""
    facts = vector("synthetic-warp-proof")
    first = AuthoritySet(0, decode_authorities(bytes.fromhex(facts["set0_authorities"])))
    return bytes.fromhex(facts["warp_proof_scale"]), Anchor(genesis_header(Hash256.parse(facts["state_root"])), first)
