"""Voters, their votes and a chain's hand-overs, signed in advance, and the bare verification of the same votes."""

import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

from nacl import bindings

from benchmarks.frame import Measure
from edge_node.base.ids import Hash256, Signature
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authority_changes import Scheduled, change_item
from edge_node.chain_light.grandpa import (
    Authority,
    AuthoritySet,
    Justification,
    Precommit,
    encode_justification,
    vote_message,
)
from edge_node.chain_light.header import Header, encode_header, genesis_header, hash_header
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import compact

ROOT = Hash256(bytes(range(32)))
BLOCKS_PER_SET = 2_400  # Cere's session


@cache
def key(number: int) -> SigningKey:
    """One of many voters."""
    return SigningKey.from_seed(number.to_bytes(32, "big"))


def voters(count: int, first: int = 0) -> tuple[Authority, ...]:
    """Voters of weight 1."""
    return tuple(Authority(key(first + number).public, 1) for number in range(count))


def justified(header: Header, set_id: int, signers: Sequence[int]) -> Justification:
    """The votes of `signers` for a block."""
    target = hash_header(header)
    message = vote_message(target, header.number, 1, set_id)
    votes = [Precommit(target, header.number, Signature(key(n).sign(message)), key(n).public) for n in signers]
    return Justification(1, target, header.number, tuple(votes))


def set_that_needs(votes: int) -> AuthoritySet:
    """The largest set in which so many votes are just enough."""
    total = 3 * (votes - 1) // 2 + 1
    found = AuthoritySet(0, voters(total))
    assert found.threshold == votes
    return found


def warp_proof(fragments: int, authorities: int) -> tuple[Anchor, bytes, list[Justification]]:
    """A finished proof of so many hand-overs between sets of so many, with exactly the votes that it takes."""
    sets = [AuthoritySet(number, voters(authorities, number % 2)) for number in range(fragments + 1)]
    anchor, tip, parts, votes = Anchor(genesis_header(ROOT), sets[0]), ROOT, [], []
    for now, following in pairwise(sets):
        item = change_item(Scheduled(following.authorities, 0))
        header = Header(tip, (now.id + 1) * BLOCKS_PER_SET, ROOT, ROOT, (item,))
        votes.append(justified(header, now.id, range(now.id % 2, now.id % 2 + now.threshold)))
        parts += [encode_header(header), encode_justification(votes[-1])]
        tip = votes[-1].target_hash
    return anchor, compact(fragments) + b"".join(parts) + b"\x01", votes


def bare(justifications: Sequence[Justification]) -> Callable[[], int]:
    """PyNaCl's verification of exactly these votes, with everything made ready that it is called with."""
    ready = [
        (vote.signature + vote_message(vote.target_hash, vote.target_number, justification.round, set_id), vote.voter)
        for set_id, justification in enumerate(justifications)
        for vote in justification.precommits
    ]

    def work() -> int:
        for signed, voter in ready:
            bindings.crypto_sign_open(signed, voter)
        return len(ready)

    return work


def measured(work: Callable[[], int], rounds: int) -> Measure:
    """`work` so many times over; it returns how many votes it verified."""
    cpu, wall = time.process_time(), time.perf_counter()
    votes = sum(work() for _ in range(rounds))
    return Measure(votes, time.perf_counter() - wall, time.process_time() - cpu)
