"""What BABE says in a header: who made the block, and in which slot of time (Substrate, BABE pre-digest).

A block that GRANDPA has finalized gains nothing from its seal, so none is verified here: a slot only helps to judge
whether our own clock can be right.
"""

import enum
from typing import Final, NamedTuple

from edge_node.base.errors import LocalError
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.header import BABE, DigestItem, DigestKind, Header
from edge_node.wire.scale import MalformedScale, Scale, uint

VRF_BYTES: Final = 32 + 64  # output and proof, of both kinds that draw lots


class BadPreDigest(BadAnswer):
    """A header's BABE digest is not one that a chain of ours can hold; `why` says what is wrong."""

    slug = "bad-babe-digest"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a BABE digest: {why}")


class SlotKind(enum.IntEnum):
    """How a slot's author came to it: the first byte of the pre-digest."""

    PRIMARY = 1
    SECONDARY_PLAIN = 2
    SECONDARY_VRF = 3


class PreDigest(NamedTuple):
    """Who made a block and when: `authority` indexes the epoch's list, `slot` counts slots since 1970.

    `vrf` is 96 bytes, none for SECONDARY_PLAIN.
    """

    kind: SlotKind
    authority: int
    slot: int
    vrf: bytes = b""


def slot_of(header: Header) -> int | None:
    """The slot a block was made in; None for one that BABE did not make, such as the first. BadPreDigest."""
    digest = pre_digest_of(header)
    return None if digest is None else digest.slot


def pre_digest_of(header: Header) -> PreDigest | None:
    """The header's BABE pre-digest, if it has one; BadPreDigest when it has two, or one of no known form."""
    found = header.payloads(DigestKind.PRERUNTIME, BABE)
    if not found:
        return None
    if len(found) > 1:
        raise BadPreDigest(f"{len(found)} of them in one header")
    try:
        return _read(Scale(found[0]))
    except MalformedScale as malformed:
        raise BadPreDigest(str(malformed)) from None


def pre_digest_item(digest: PreDigest) -> DigestItem:
    """The digest item for a header; LocalError when `vrf` is not what its kind has."""
    if len(digest.vrf) != _vrf_bytes(digest.kind):
        raise LocalError(f"{digest.kind.name} has no VRF of {len(digest.vrf)} bytes")
    payload = bytes((digest.kind,)) + uint(digest.authority, 4) + uint(digest.slot, 8) + digest.vrf
    return DigestItem(DigestKind.PRERUNTIME, BABE, payload)


def slot_begins_ms(slot: int, slot_ms: int) -> int:
    """When a slot begins, in ms since 1970, on a chain with slots of `slot_ms`."""
    return slot * slot_ms


def _read(scale: Scale) -> PreDigest:
    kind = scale.u8()
    if kind not in list(SlotKind):
        raise BadPreDigest(f"no kind {kind} of slot is known")
    digest = PreDigest(SlotKind(kind), scale.u32(), scale.u64(), scale.take(_vrf_bytes(SlotKind(kind))))
    scale.end()
    return digest


def _vrf_bytes(kind: SlotKind) -> int:
    return 0 if kind is SlotKind.SECONDARY_PLAIN else VRF_BYTES
