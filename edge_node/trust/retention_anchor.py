"""Retention anchors: the node's signed word for what it removed from a stream (docs/specs/retention.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Self

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid, Digest, MalformedId, PublicKey, StreamName, VaultId
from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.trust.documents import (
    BODIES_TAG,
    DocumentTag,
    Payload,
    document_message,
    open_document,
    read_payload,
    sign_document,
)
from edge_node.trust.key_certificate import CertificateRefused, KeyCertificate, KeyUse, read_key_certificate
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.cid import MalformedCid, format_cid, parse_cid

_MEMBERS = {"vault", "stream", "number", "first", "removed", "last", "bodies", "previous", "by", "t", "q"}
_REMOVED = {"from", "bodies", "events", "bytes"}
_LAST = {"cid", "offset"}
_BY = frozenset({"policy", "operator"})
_QUALITY_MAX = 3


class AnchorRefused(Refusal):
    """An anchor, or a row of them, is not what it should be; `why` says what is wrong."""

    slug = "retention-anchor-refused"
    status = 403
    remedy = "Ask the node for its anchors again; one that stays refused is no true account of what was removed."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"retention anchor refused: {why}")


@dataclass(frozen=True, slots=True)
class RemovedBody:
    """What the digest over removed bodies takes of one: its events' first offset and count, its CID and its header."""

    first_offset: int
    count: int
    cid: Cid
    key: PublicKey
    seq: int
    t_ms: int


class RetentionAnchor(msgspec.Struct, frozen=True, kw_only=True):
    """One statement: the bodies with offsets `[start, first)` of a stream are no longer kept.

    `number` counts the stream's anchors from 1; `previous` is `anchor_digest` of the one before. `bodies_digest` is
    `digest_bodies` over the removed bodies, `last_cid` and `last_offset` name the newest of them. `t_ms` and `quality`
    are the node's clock, `by` is `policy` or `operator`.
    """

    vault: VaultId
    stream: StreamName
    number: int
    start: int
    first: int
    bodies: int
    bytes: int
    last_cid: Cid
    last_offset: int
    bodies_digest: Digest
    previous: Digest | None
    by: str
    t_ms: int
    quality: int

    @property
    def events(self) -> int:
        """How many events were removed: offsets have no gaps."""
        return self.first - self.start

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read a document's payload; AnchorRefused for a wrong, missing or unknown member."""
        top, removed, last = _members(payload, _MEMBERS), payload.get("removed"), payload.get("last")
        removed, last = _members(removed, _REMOVED), _members(last, _LAST)
        previous = top["previous"]
        try:
            anchor = cls(
                vault=VaultId.parse(_text(top["vault"])),
                stream=StreamName(_text(top["stream"])),
                number=_count(top["number"]),
                start=_count(removed["from"]),
                first=_count(top["first"]),
                bodies=_count(removed["bodies"]),
                bytes=_count(removed["bytes"]),
                last_cid=parse_cid(_text(last["cid"])),
                last_offset=_count(last["offset"]),
                bodies_digest=Digest.parse(_text(top["bodies"])),
                previous=None if previous is None else Digest.parse(_text(previous)),
                by=_text(top["by"]),
                t_ms=_count(top["t"]),
                quality=_count(top["q"]),
            )
        except (MalformedId, MalformedCid) as error:
            raise AnchorRefused(str(error)) from None
        if removed["events"] != anchor.events:
            raise AnchorRefused("the events removed are not those between its offsets")
        return anchor.checked()

    def checked(self) -> Self:
        """Itself, if its numbers agree with each other; AnchorRefused otherwise."""
        if not 0 <= self.start <= self.last_offset < self.first < NUMBER_EXACT_IN_JSON:
            raise AnchorRefused("its offsets do not follow each other")
        if not 1 <= self.bodies <= self.events:
            raise AnchorRefused("it removes no body, or more bodies than events")
        if self.number < 1 or (self.number == 1) != (self.previous is None):
            raise AnchorRefused("only the first anchor of a stream has none before it")
        if self.by not in _BY or not 0 <= self.quality <= _QUALITY_MAX or self.t_ms < 0:
            raise AnchorRefused("by, t or q is not of a known form")
        return self

    def to_payload(self) -> Payload:
        """The document's payload."""
        return {
            "vault": self.vault.hex(),
            "stream": str(self.stream),
            "number": self.number,
            "first": self.first,
            "removed": {"from": self.start, "bodies": self.bodies, "events": self.events, "bytes": self.bytes},
            "last": {"cid": format_cid(self.last_cid), "offset": self.last_offset},
            "bodies": self.bodies_digest.hex(),
            "previous": None if self.previous is None else self.previous.hex(),
            "by": self.by,
            "t": self.t_ms,
            "q": self.quality,
        }


def digest_bodies(vault: VaultId, stream: StreamName, bodies: Iterable[RemovedBody]) -> Digest:
    """The digest over removed bodies, in the order of their offsets: each step takes the one before and a body."""
    digest = blake2b(BODIES_TAG + b"\x00" + vault + stream.encode("ascii"), digest_size=Digest.size).digest()
    for body in bodies:
        numbers = body.first_offset.to_bytes(8, "little") + body.count.to_bytes(8, "little")
        signed = body.key + body.seq.to_bytes(8, "little") + body.t_ms.to_bytes(8, "little")
        digest = blake2b(digest + numbers + signed + body.cid, digest_size=Digest.size).digest()
    return Digest(digest)


def sign_anchor(receipt_key: SigningKey, anchor: RetentionAnchor) -> bytes:
    """The anchor as a document signed by the receipt key; AnchorRefused if no reader would take it."""
    return sign_document(DocumentTag.RETENTION_ANCHOR, anchor.checked().to_payload(), [receipt_key])


def anchor_digest(raw: bytes) -> Digest:
    """What the next anchor names as `previous`: the digest of this one's signed message, whatever its envelope."""
    message = document_message(DocumentTag.RETENTION_ANCHOR, read_payload(DocumentTag.RETENTION_ANCHOR, raw))
    return Digest(blake2b(message, digest_size=Digest.size).digest())


def open_anchor(raw: bytes, certificate: bytes, node_key: PublicKey) -> RetentionAnchor:
    """The anchor in `raw`, if a receipt key signed it for which `node_key` vouched at the anchor's own time.

    An anchor whose clock was not set (quality 0) is not held against the certificate's span. Raises DocumentRefused,
    MalformedJson, NotCanonical, CertificateRefused or AnchorRefused.
    """
    vouched = read_key_certificate(certificate, node_key)
    if vouched.use is not KeyUse.RECEIPT:
        raise CertificateRefused(f"its use is {vouched.use}, not {KeyUse.RECEIPT}")
    anchor = RetentionAnchor.from_payload(open_document(DocumentTag.RETENTION_ANCHOR, raw, {vouched.key}))
    if anchor.quality and not _holds_at(vouched, anchor.t_ms):
        raise CertificateRefused(f"it did not hold at {anchor.t_ms} ms, when the anchor was made")
    return anchor


def require_chain(anchors: Sequence[tuple[RetentionAnchor, Digest]]) -> None:
    """Nothing if these anchors, each with its `anchor_digest`, follow each other without a break; AnchorRefused."""
    for (before, digest), (after, _) in pairwise(anchors):
        if (after.vault, after.stream) != (before.vault, before.stream):
            raise AnchorRefused(f"anchor {after.number} is of another stream")
        if after.number != before.number + 1 or after.previous != digest:
            raise AnchorRefused(f"anchor {after.number} does not follow anchor {before.number} that stands before it")
        if after.start != before.first:
            raise AnchorRefused(
                f"anchor {after.number} begins at {after.start}, the one before ended at {before.first}"
            )


def _holds_at(certificate: KeyCertificate, t_ms: int) -> bool:
    return certificate.not_before <= t_ms < certificate.not_after


def _members(value: object, names: set[str]) -> Payload:
    if not isinstance(value, dict) or value.keys() != names:
        raise AnchorRefused(f"wants exactly {', '.join(sorted(names))}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise AnchorRefused("a text is of another kind")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise AnchorRefused("a number is negative or of another kind")
    return value
