"""What is kept of finality: anchors with what proved them, hand-offs, and evidence, as records of chain.db.

An anchor's record holds who signed it and what was due, not who votes next: that follows again, each time it is read.
"""

from dataclasses import dataclass, field
from typing import Annotated, Final, Self

import msgspec

from edge_node.base.errors import EdgeNodeError, LocalError
from edge_node.base.ids import Hash256, MalformedId
from edge_node.base.limits import U53_MAX
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import AuthoritySet, decode_authorities, encode_authorities
from edge_node.chain_light.authority_changes import Scheduled, set_change_of
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.checkpoint_record import said_by
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.finality import Verify, verify_justification
from edge_node.chain_light.header import Header, decode_header, encode_header, hash_header
from edge_node.chain_light.justification import decode_justification
from edge_node.chain_light.kept_record import VERSION, Kept, KeptKind, RecordDamaged, open_record, seal_record
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import blob

CHECKPOINT_SOURCE: Final = "checkpoint"


class NoAdvance(ChainError, LocalError):
    """Two anchors were to be kept as one step, and none leads from the one to the other."""

    slug = "no-advance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """One verified step: `justification` (SCALE) by the voters of `before` finalizes `after`.

    `source` is the endpoint's url. `verified_ms` is the node's clock, ms UTC; `monotonic_ms` its running time within
    `boot`, by which a changed clock shows. `block_ms` is the time of the block's slot, where it has one.
    """

    genesis: Hash256
    before: Anchor
    after: Anchor
    justification: bytes
    source: str
    verified_ms: int
    is_hand_off: bool
    boot: str = ""
    monotonic_ms: int = 0
    block_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRecord:
    """An anchor as it is kept: `voters` signed its block, and `due` are the changes up to it that were still to come.

    A checkpoint's has no justification but the signed `document`, and its `voters` vote on what follows.
    """

    genesis: Hash256
    header: Header
    voters: AuthoritySet
    due: PendingChanges
    justification: bytes
    source: str
    verified_ms: int
    boot: str = ""
    monotonic_ms: int = 0
    document: bytes = b""

    @classmethod
    def of_advance(cls, step: Advanced) -> Self:
        """The record of a step; NoAdvance when its anchors are of two sets that do not follow one another."""
        before, after = step.before.voters, step.after.voters
        due = step.after.pending
        if after.id == before.id + 1:
            due = PendingChanges((PendingChange(step.after.header.number, after.authorities), *due.changes))
        elif after != before:
            raise NoAdvance(f"set {after.id} does not follow set {before.id} in one step")
        if not step.justification or step.after.header.number <= step.before.header.number:
            raise NoAdvance("it leads nowhere, or has no justification")
        return cls(
            genesis=step.genesis,
            header=step.after.header,
            voters=before,
            due=due,
            justification=step.justification,
            source=step.source,
            verified_ms=step.verified_ms,
            boot=step.boot,
            monotonic_ms=step.monotonic_ms,
        )

    @classmethod
    def of_checkpoint(cls, said: Checkpoint, document: bytes, verified_ms: int) -> Self:
        """The record of an anchor that a checkpoint gave, with that document."""
        return cls(
            genesis=said.genesis,
            header=said.anchor.header,
            voters=said.anchor.voters,
            due=said.anchor.pending,
            justification=b"",
            source=CHECKPOINT_SOURCE,
            verified_ms=verified_ms,
            document=document,
        )

    def anchor(self, *, verify: Verify = verify_signature) -> Anchor:
        """The anchor, proved once more; RecordDamaged when it does not follow from what is kept. Offload it."""
        try:
            if not self.justification:
                return self._of_document()
            self._verify(verify)
            _require_heeded(self.header, self.due)
            voters, pending = self.due.after(self.header.number, self.voters)
        except RecordDamaged:
            raise
        except EdgeNodeError as refused:
            raise RecordDamaged(f"it is not proved by what is kept with it: {refused}") from None
        if pending.last_of_set is not None and pending.last_of_set <= self.header.number:
            raise RecordDamaged("a change that was due did not take place")
        return Anchor(self.header, voters, pending)

    def encode(self) -> bytes:
        """Its bytes."""
        return seal_record(
            _AnchorForm(
                kind=KeptKind.ANCHOR,
                version=VERSION,
                genesis=self.genesis,
                header=encode_header(self.header),
                set_id=self.voters.id,
                voters=encode_authorities(self.voters.authorities),
                due=[(change.number, encode_authorities(change.authorities)) for change in self.due.changes],
                justification=self.justification,
                source=self.source,
                verified_ms=self.verified_ms,
                boot=self.boot,
                monotonic_ms=self.monotonic_ms,
                document=self.document,
            )
        )

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read it, proving nothing yet; RecordDamaged, RecordNewer."""
        form = open_record(raw, KeptKind.ANCHOR, _AnchorForm)
        try:
            due = tuple(PendingChange(number, decode_authorities(listed)) for number, listed in form.due)
            return cls(
                genesis=Hash256(form.genesis),
                header=decode_header(form.header),
                voters=AuthoritySet(form.set_id, decode_authorities(form.voters)),
                due=PendingChanges(due),
                justification=form.justification,
                source=form.source,
                verified_ms=form.verified_ms,
                boot=form.boot,
                monotonic_ms=form.monotonic_ms,
                document=form.document,
            )
        except (EdgeNodeError, MalformedId) as wrong:
            raise RecordDamaged(str(wrong)) from None

    def _of_document(self) -> Anchor:
        """What the checkpoint says, if that is what is kept here."""
        said = said_by(self.document)
        anchor = Anchor(self.header, self.voters, self.due)
        if (said.genesis, said.anchor) != (self.genesis, anchor):
            raise RecordDamaged("its checkpoint says something else")
        return anchor

    def _verify(self, verify: Verify) -> None:
        justification = decode_justification(self.justification)
        if (justification.target_hash, justification.target_number) != (hash_header(self.header), self.header.number):
            raise RecordDamaged("its justification is of another block")
        verify_justification(justification, self.voters, verify=verify)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """The last block of set `set_id` and what finalized it (SCALE); `at_ms` is its slot's time, or when it came."""

    genesis: Hash256
    header: Header
    justification: bytes
    set_id: int
    at_ms: int

    @classmethod
    def of_advance(cls, step: Advanced) -> Self:
        """The hand-off that a step was."""
        return cls(
            genesis=step.genesis,
            header=step.after.header,
            justification=step.justification,
            set_id=step.before.voters.id,
            at_ms=step.verified_ms if step.block_ms is None else step.block_ms,
        )

    def encode(self) -> bytes:
        """Its bytes."""
        header = encode_header(self.header)
        return seal_record(
            _HandOffForm(
                kind=KeptKind.HAND_OFF,
                version=VERSION,
                genesis=self.genesis,
                header=header,
                justification=self.justification,
                set_id=self.set_id,
                at_ms=self.at_ms,
            )
        )

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read it; RecordDamaged, RecordNewer."""
        form = open_record(raw, KeptKind.HAND_OFF, _HandOffForm)
        try:
            genesis, header = Hash256(form.genesis), decode_header(form.header)
        except (EdgeNodeError, MalformedId) as wrong:
            raise RecordDamaged(str(wrong)) from None
        return cls(
            genesis=genesis,
            header=header,
            justification=form.justification,
            set_id=form.set_id,
            at_ms=form.at_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What halted the client, kept for ever: `kind` is an error's slug, `parts` are bytes by name, as they came."""

    genesis: Hash256
    kind: str
    why: str
    source: str
    found_ms: int
    parts: tuple[tuple[str, bytes], ...] = field(repr=False)

    def identity(self) -> bytes:
        """What is the same however often, and by whomever, it is shown."""
        shown = b"".join(blob(name.encode()) + blob(part) for name, part in self.parts)
        return self.genesis + blob(self.kind.encode()) + shown

    def encode(self) -> bytes:
        """Its bytes."""
        return seal_record(
            _EvidenceForm(
                kind=KeptKind.EVIDENCE,
                version=VERSION,
                genesis=self.genesis,
                what=self.kind,
                why=self.why,
                source=self.source,
                found_ms=self.found_ms,
                parts=list(self.parts),
            )
        )

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read it; RecordDamaged, RecordNewer."""
        form = open_record(raw, KeptKind.EVIDENCE, _EvidenceForm)
        try:
            genesis = Hash256(form.genesis)
        except MalformedId as wrong:
            raise RecordDamaged(str(wrong)) from None
        return cls(
            genesis=genesis,
            kind=form.what,
            why=form.why,
            source=form.source,
            found_ms=form.found_ms,
            parts=tuple(form.parts),
        )


def _require_heeded(header: Header, due: PendingChanges) -> None:
    """What the block itself schedules is among what was due; a forced change is nothing a set hands over to."""
    change = set_change_of(header)
    if isinstance(change, Scheduled):
        wanted = PendingChange(header.number + change.delay, change.authorities)
        if wanted not in due.changes:
            raise RecordDamaged("its block announces a change that is not kept with it")


class _AnchorForm(Kept, frozen=True, array_like=True, kw_only=True):
    genesis: bytes
    header: bytes
    set_id: Annotated[int, msgspec.Meta(ge=0, le=U53_MAX)]
    voters: bytes
    due: list[tuple[Annotated[int, msgspec.Meta(ge=0)], bytes]]
    justification: bytes
    source: str
    verified_ms: int
    boot: str
    monotonic_ms: int
    document: bytes


class _HandOffForm(Kept, frozen=True, array_like=True, kw_only=True):
    genesis: bytes
    header: bytes
    justification: bytes
    set_id: int
    at_ms: int


class _EvidenceForm(Kept, frozen=True, array_like=True, kw_only=True):
    genesis: bytes
    what: str
    why: str
    source: str
    found_ms: int
    parts: list[tuple[str, bytes]]
