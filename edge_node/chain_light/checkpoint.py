"""Checkpoints: the signed word that a block is final, from where a light client begins (docs/specs/checkpoint.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from edge_node.base.ids import Digest, Hash256
from edge_node.chain_light.checkpoint_errors import (
    CheckpointConflicts,
    CheckpointExpired,
    CheckpointFromFuture,
    CheckpointGoesBack,
    CheckpointMisuse,
    CheckpointNotTrusted,
    OtherNetwork,
)
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.vouching import (
    AHEAD_MAX_MS,
    PayloadsDiffer,
    Signers,
    Standing,
    VouchKeys,
    merge_documents,
    open_vouched,
    standing_of,
)
from edge_node.trust.documents import DocumentTag, sign_document
from edge_node.trust.signing_key import SigningKey

CheckpointKeys: TypeAlias = VouchKeys


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint that may be believed: only open_checkpoint makes one. `digest` is over its payload's bytes."""

    checkpoint: Checkpoint
    by: Signers
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What checkpoints may not fall behind: each signers' last (counter, digest), and the highest block of any.

    The release and the operator count each for themselves. Kept by whoever keeps the anchor.
    """

    counters: Mapping[Signers, tuple[int, Digest]]
    block: tuple[int, Hash256] | None

    def require_forward(self, opened: OpenedCheckpoint) -> None:
        """CheckpointGoesBack or CheckpointConflicts, unless it is the newest seen, or the last one once more."""
        counter, seen = opened.checkpoint.counter, self.counters.get(opened.by)
        standing = standing_of(counter, opened.digest, seen)
        if standing is Standing.BACK:
            raise CheckpointGoesBack("counter", counter, seen[0] if seen else 0)
        if standing is Standing.CONFLICT:
            raise CheckpointConflicts("counter", counter)
        number, block = self.block or (0, None)
        anchor = opened.checkpoint.anchor
        if anchor.header.number < number:
            raise CheckpointGoesBack("height", anchor.header.number, number)
        if block is not None and anchor.header.number == number and anchor.hash != block:
            raise CheckpointConflicts("height", number)

    def after(self, opened: OpenedCheckpoint) -> "Marks":
        """The marks once `opened` is accepted."""
        anchor = opened.checkpoint.anchor
        return Marks(
            counters={**self.counters, opened.by: (opened.checkpoint.counter, opened.digest)},
            block=(anchor.header.number, anchor.hash),
        )


NO_MARKS: Final = Marks(counters={}, block=None)


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[SigningKey]) -> bytes:
    """The checkpoint as a document signed by `signers`; DocumentMisuse for what no reader would take."""
    return sign_document(DocumentTag.CHECKPOINT, checkpoint.to_payload(), signers)


def merge_checkpoints(raws: Sequence[bytes]) -> bytes:
    """One document of one payload that was signed in several places; CheckpointMisuse when the payloads differ.

    No signature is checked; where a key has signed twice, the first is taken. Raises DocumentRefused, MalformedJson.
    """
    try:
        return merge_documents(DocumentTag.CHECKPOINT, raws)
    except PayloadsDiffer as differ:
        raise CheckpointMisuse(str(differ)) from None


def open_checkpoint(
    raw: bytes, *, keys: CheckpointKeys, genesis: Hash256 | None, now_ms: int | None, marks: Marks = NO_MARKS
) -> OpenedCheckpoint:
    """The checkpoint in `raw`, if it may be believed on the network `genesis` at `now_ms`, after those in `marks`.

    `genesis` is None where the network does not fix one (a development chain). `now_ms` is None while the clock is
    not known to be right: then its time is not judged, and who calls says so. Raises DocumentRefused, MalformedJson,
    CheckpointRefused.
    """
    payload, by, digest = open_vouched(DocumentTag.CHECKPOINT, raw, keys, refusal=CheckpointNotTrusted)
    checkpoint = Checkpoint.from_payload(payload)
    if genesis is not None and checkpoint.genesis != genesis:
        raise OtherNetwork(genesis, checkpoint.genesis)
    if now_ms is not None:
        require_current(checkpoint, now_ms)
    opened = OpenedCheckpoint(checkpoint, by, digest)
    marks.require_forward(opened)
    return opened


def require_current(checkpoint: Checkpoint, now_ms: int) -> None:
    """CheckpointExpired or CheckpointFromFuture, unless it holds at `now_ms`.

    To be asked again when a clock becomes known that was not when the checkpoint was opened.
    """
    if now_ms >= checkpoint.expires_ms:
        raise CheckpointExpired(checkpoint.expires_ms, now_ms)
    if now_ms < checkpoint.issued_ms - AHEAD_MAX_MS:
        raise CheckpointFromFuture(checkpoint.issued_ms, now_ms)
