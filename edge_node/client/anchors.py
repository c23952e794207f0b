"""Retention anchors checked offline: who signed them, whether they chain, and whether bodies at hand were in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest, PublicKey
from edge_node.client.errors import ProofBroken
from edge_node.client.models import AnchorEntry, AnchorList, Proof
from edge_node.client.proofs import verify_proof
from edge_node.trust.retention_anchor import (
    RemovedBody,
    RetentionAnchor,
    anchor_digest,
    digest_bodies,
    open_anchor,
    require_chain,
)


class _Signature(msgspec.Struct, frozen=True):
    keyid: str


class _Signed(msgspec.Struct, frozen=True):
    signatures: list[_Signature]


@dataclass(frozen=True, slots=True)
class VerifiedAnchor:
    """An anchor whose signature and certificate hold; `node` is the key that certified, which is for you to trust."""

    anchor: RetentionAnchor
    digest: Digest
    node: PublicKey


def verify_anchor(entry: AnchorEntry) -> VerifiedAnchor:
    """Check one anchor under its own certificate; ProofBroken."""
    certificate, raw = bytes(entry.certificate), bytes(entry.anchor)
    try:
        node = PublicKey.parse(msgspec.json.decode(certificate, type=_Signed).signatures[0].keyid)
        anchor = open_anchor(raw, certificate, node)
        digest = anchor_digest(raw)
    except (Refusal, msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
        raise ProofBroken(f"anchor {entry.number}: {error}") from error
    if (anchor.number, anchor.first) != (entry.number, entry.first):
        raise ProofBroken(f"anchor {entry.number} says of itself that it is {anchor.number}, up to {anchor.first}")
    return VerifiedAnchor(anchor, digest, node)


def verify_chain(answer: AnchorList, verified: Sequence[VerifiedAnchor]) -> None:
    """Check that the anchors of one answer are of its stream and follow each other; ProofBroken."""
    for one in verified:
        if (one.anchor.vault.hex(), one.anchor.stream) != (answer.vault, answer.stream):
            raise ProofBroken(f"anchor {one.anchor.number} is about {one.anchor.stream} of vault {one.anchor.vault}")
    try:
        require_chain([(one.anchor, one.digest) for one in verified])
    except Refusal as error:
        raise ProofBroken(str(error)) from error


def verify_removed(anchor: RetentionAnchor, proofs: Iterable[Proof]) -> bool | None:
    """Whether these bodies are the ones that the anchor says were removed; None if they are not all of them.

    `proofs` are those of pages saved before; bodies of other offsets are passed over. ProofBroken for one that does
    not hold by itself.
    """
    inside = {p.first_offset: p for p in proofs if anchor.start <= p.first_offset < anchor.first}
    bodies = [_removed(inside[offset]) for offset in sorted(inside)]
    if len(bodies) != anchor.bodies:
        return None
    return digest_bodies(anchor.vault, anchor.stream, bodies) == anchor.bodies_digest


def _removed(proof: Proof) -> RemovedBody:
    verified = verify_proof(proof)
    header = verified.header
    return RemovedBody(proof.first_offset, proof.count, verified.cid, header.key, header.seq, header.t_ms)
