"""GRANDPA justifications: the votes that finalize a block, as chains store and serve them (SCALE).

Block numbers are four fixed bytes here, in headers compact ones.
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.base.limits import MIB
from edge_node.chain_light.header import HEADER_BYTES_MIN, Header, encode_header, read_header
from edge_node.wire.scale import MalformedScale, Scale, compact, uint

JUSTIFICATION_BYTES_MAX: Final = MIB  # 667 votes take 88 KB
ANCESTRIES_MAX: Final = 512  # voters run ahead of what is final by seconds; a chain keeps a justification every 512
_PRECOMMIT: Final = struct.Struct("<32sI64s32s")
PRECOMMITS_MAX: Final = JUSTIFICATION_BYTES_MAX // _PRECOMMIT.size
_HEAD: Final = struct.Struct("<Q32sI")
JUSTIFICATION_BYTES_MIN: Final = _HEAD.size + 2


class Precommit(NamedTuple):
    """One vote: its voter holds the target final as soon as enough others do."""

    target_hash: Hash256
    target_number: int
    signature: Signature
    voter: PublicKey


@dataclass(frozen=True, slots=True)
class Justification:
    """The votes of one round for a block and its descendants, with the headers that lead from those to the block.

    Whose votes decide is not in it: the set is the verifier's own knowledge.
    """

    round: int
    target_hash: Hash256
    target_number: int
    precommits: tuple[Precommit, ...]
    ancestries: tuple[Header, ...] = ()


def read_justification(scale: Scale) -> Justification:
    """The justification at the cursor, as it nests in warp proofs; MalformedScale for what is none or too large."""
    start = scale.at
    round_number, target, number = _HEAD.unpack(scale.take(_HEAD.size))
    precommits = _read_precommits(scale)
    ancestries = []
    count_at = scale.at
    count = scale.length(HEADER_BYTES_MIN)
    if count > ANCESTRIES_MAX:
        raise MalformedScale(f"{count} headers beside the votes, where {ANCESTRIES_MAX} are the most", count_at)
    for _ in range(count):
        ancestries.append(read_header(scale))
        if scale.at - start > JUSTIFICATION_BYTES_MAX:
            raise MalformedScale(f"a justification above {JUSTIFICATION_BYTES_MAX} bytes", start)
    return Justification(round_number, Hash256(target), number, precommits, tuple(ancestries))


def _read_precommits(scale: Scale) -> tuple[Precommit, ...]:
    start = scale.at
    count = scale.length(_PRECOMMIT.size)
    if count > PRECOMMITS_MAX:
        raise MalformedScale(f"{count} votes, where {PRECOMMITS_MAX} are the most", start)
    return tuple(
        Precommit(Hash256(target), number, Signature(signature), PublicKey(voter))
        for target, number, signature, voter in _PRECOMMIT.iter_unpack(scale.take(count * _PRECOMMIT.size))
    )


def decode_justification(raw: bytes | memoryview) -> Justification:
    """The justification that `raw` is the encoding of, all of it; MalformedScale otherwise."""
    if len(raw) > JUSTIFICATION_BYTES_MAX:
        raise MalformedScale(f"a justification above {JUSTIFICATION_BYTES_MAX} bytes", 0)
    scale = Scale(raw)
    justification = read_justification(scale)
    scale.end()
    return justification


def encode_justification(justification: Justification) -> bytes:
    """The SCALE form."""
    votes, headers = justification.precommits, justification.ancestries
    parts = [uint(justification.round, 8), justification.target_hash, uint(justification.target_number, 4)]
    parts += [compact(len(votes)), *(_PRECOMMIT.pack(*vote) for vote in votes)]
    parts += [compact(len(headers)), *map(encode_header, headers)]
    return b"".join(parts)
