"""What is kept of checkpoints: accepted documents, and what later ones may not fall behind (records of chain.db)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Digest, Hash256, MalformedId
from edge_node.chain_light.checkpoint import Marks
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.kept_record import VERSION, Kept, KeptKind, RecordDamaged, open_record, seal_record
from edge_node.chain_light.vouching import Signers
from edge_node.trust.documents import DocumentTag, open_document, split_document


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheckpoint:
    """A checkpoint that was accepted: the document as it came, and for whom it was believed then."""

    raw: bytes
    by: Signers
    accepted_ms: int

    def checkpoint(self) -> Checkpoint:
        """What it says; RecordDamaged unless each of its signatures still holds."""
        return said_by(self.raw)

    @property
    def digest(self) -> Digest:
        """Over its payload's bytes, as marks have it."""
        return Digest(blake2b_256(split_document(DocumentTag.CHECKPOINT, self.raw)[0]))

    def encode(self) -> bytes:
        """Its bytes."""
        return seal_record(
            _DocumentForm(
                kind=KeptKind.DOCUMENT, version=VERSION, raw=self.raw, by=str(self.by), accepted_ms=self.accepted_ms
            )
        )

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read it; RecordDamaged, RecordNewer."""
        form = open_record(raw, KeptKind.DOCUMENT, _DocumentForm)
        return cls(raw=form.raw, by=_signers(form.by), accepted_ms=form.accepted_ms)


def said_by(document: bytes) -> Checkpoint:
    """What a checkpoint says that was believed when it was kept; RecordDamaged unless each signature still holds.

    Whose they are was judged then: keys that are changed later take no anchor away.
    """
    try:
        _, signatures = split_document(DocumentTag.CHECKPOINT, document)
        payload = open_document(DocumentTag.CHECKPOINT, document, signatures.keys(), len(signatures))
        return Checkpoint.from_payload(payload)
    except EdgeNodeError as wrong:
        raise RecordDamaged(str(wrong)) from None


def encode_marks(marks: Marks) -> bytes:
    """The bytes of marks."""
    return seal_record(
        _MarksForm(
            kind=KeptKind.MARKS,
            version=VERSION,
            counters=[(str(by), counter, digest) for by, (counter, digest) in sorted(marks.counters.items())],
            block=marks.block,
        )
    )


def decode_marks(raw: bytes) -> Marks:
    """Read marks; RecordDamaged, RecordNewer."""
    form = open_record(raw, KeptKind.MARKS, _MarksForm)
    try:
        counters = {_signers(by): (counter, Digest(digest)) for by, counter, digest in form.counters}
        block = None if form.block is None else (form.block[0], Hash256(form.block[1]))
    except MalformedId as wrong:
        raise RecordDamaged(str(wrong)) from None
    return Marks(counters=counters, block=block)


def marks_of(kept: Iterable[KeptCheckpoint]) -> Marks:
    """What the documents that are kept make of the marks, where those themselves cannot be read."""
    counters: dict[Signers, tuple[int, Digest]] = {}
    block: tuple[int, Hash256] | None = None
    for one in kept:
        try:
            said, digest = one.checkpoint(), one.digest
        except RecordDamaged:
            continue
        if said.counter > counters.get(one.by, (0, digest))[0]:
            counters[one.by] = (said.counter, digest)
        if block is None or said.anchor.header.number > block[0]:
            block = (said.anchor.header.number, said.anchor.hash)
    return Marks(counters=counters, block=block)


def _signers(text: str) -> Signers:
    try:
        return Signers(text)
    except ValueError:
        raise RecordDamaged("it names signers there are none of") from None


class _DocumentForm(Kept, frozen=True, array_like=True, kw_only=True):
    raw: bytes
    by: str
    accepted_ms: int


class _MarksForm(Kept, frozen=True, array_like=True, kw_only=True):
    counters: list[tuple[str, int, bytes]]
    block: tuple[int, bytes] | None
