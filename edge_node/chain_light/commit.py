"""GRANDPA commits as nodes gossip them: the votes of a justification, with votes and signatures in two lists (SCALE).

A commit brings no headers: votes for descendants of its target count only with headers that come from elsewhere.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.chain_light.header import Header
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MAX, Justification, Precommit
from edge_node.wire.scale import MalformedScale, Scale, compact

_HEAD: Final = struct.Struct("<QQ32sI")
_VOTE: Final = struct.Struct("<32sI")
_SIGNED: Final = struct.Struct("<64s32s")


@dataclass(frozen=True, slots=True)
class CompactCommit:
    """What its sender says enough voters signed, and under which set: the set id is a claim, as all of it."""

    round: int
    set_id: int
    target_hash: Hash256
    target_number: int
    precommits: tuple[Precommit, ...]

    def justification(self, ancestries: Sequence[Header] = ()) -> Justification:
        """The same votes in the form that is verified and stored."""
        return Justification(self.round, self.target_hash, self.target_number, self.precommits, tuple(ancestries))

    @classmethod
    def of(cls, justification: Justification, set_id: int) -> "CompactCommit":
        """What a node would gossip of a justification."""
        return cls(
            justification.round,
            set_id,
            justification.target_hash,
            justification.target_number,
            justification.precommits,
        )


def decode_commit(raw: bytes | memoryview) -> CompactCommit:
    """The commit that `raw` is the encoding of, all of it; MalformedScale otherwise."""
    if len(raw) > JUSTIFICATION_BYTES_MAX:
        raise MalformedScale(f"a commit above {JUSTIFICATION_BYTES_MAX} bytes", 0)
    scale = Scale(raw)
    round_number, set_id, target, number = _HEAD.unpack(scale.take(_HEAD.size))
    votes = list(_VOTE.iter_unpack(scale.take(scale.length(_VOTE.size) * _VOTE.size)))
    start = scale.at
    signed = list(_SIGNED.iter_unpack(scale.take(scale.length(_SIGNED.size) * _SIGNED.size)))
    if len(signed) != len(votes):
        raise MalformedScale(f"{len(votes)} votes with {len(signed)} signatures", start)
    scale.end()
    precommits = tuple(
        Precommit(Hash256(block), height, Signature(signature), PublicKey(voter))
        for (block, height), (signature, voter) in zip(votes, signed, strict=True)
    )
    return CompactCommit(round_number, set_id, Hash256(target), number, precommits)


def encode_commit(commit: CompactCommit) -> bytes:
    """The SCALE form."""
    votes, count = commit.precommits, compact(len(commit.precommits))
    parts = [_HEAD.pack(commit.round, commit.set_id, commit.target_hash, commit.target_number)]
    parts += [count, *(_VOTE.pack(vote.target_hash, vote.target_number) for vote in votes)]
    parts += [count, *(_SIGNED.pack(vote.signature, vote.voter) for vote in votes)]
    return b"".join(parts)
