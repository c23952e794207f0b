"""Checkpoints: the signed word that a block is final, from where a light client begins (docs/specs/checkpoint.md)."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Digest, Hash256, PublicKey
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
from edge_node.trust.documents import (
    DocumentNotTrusted,
    DocumentTag,
    Payload,
    join_document,
    open_document,
    read_payload,
    sign_document,
    split_document,
)
from edge_node.trust.signing_key import SigningKey

RELEASE_THRESHOLD: Final = 2  # of three keys: one that is lost stops nobody, and one that is stolen convinces nobody
AHEAD_MAX_MS: Final = 10 * 60_000  # two machines set by hand differ by minutes


class Signers(enum.StrEnum):
    """Who vouches for a checkpoint."""

    RELEASE = "release"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointKeys:
    """Who is believed: two of the release's keys, or the operator's one that is kept offline."""

    release: frozenset[PublicKey]
    operator: PublicKey | None = None


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
        counter, digest = self.counters.get(opened.by, (0, None))
        _require_not_below("counter", opened.checkpoint.counter, counter)
        if opened.checkpoint.counter == counter and opened.digest != digest:
            raise CheckpointConflicts("counter", counter)
        number, block = self.block or (0, None)
        anchor = opened.checkpoint.anchor
        _require_not_below("height", anchor.header.number, number)
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
    parts = [split_document(DocumentTag.CHECKPOINT, raw) for raw in raws]
    if len({payload for payload, _ in parts}) != 1:
        raise CheckpointMisuse("what is merged are not the same words, signed in several places")
    signatures = {key: signature for _, signed in reversed(parts) for key, signature in signed.items()}
    return join_document(DocumentTag.CHECKPOINT, parts[0][0], dict(sorted(signatures.items())))


def open_checkpoint(
    raw: bytes, *, keys: CheckpointKeys, genesis: Hash256 | None, now_ms: int | None, marks: Marks = NO_MARKS
) -> OpenedCheckpoint:
    """The checkpoint in `raw`, if it may be believed on the network `genesis` at `now_ms`, after those in `marks`.

    `genesis` is None where the network does not fix one (a development chain). `now_ms` is None while the clock is
    not known to be right: then its time is not judged, and who calls says so. Raises DocumentRefused, MalformedJson,
    CheckpointRefused.
    """
    payload, by = _open(raw, keys)
    checkpoint = Checkpoint.from_payload(payload)
    if genesis is not None and checkpoint.genesis != genesis:
        raise OtherNetwork(genesis, checkpoint.genesis)
    if now_ms is not None:
        require_current(checkpoint, now_ms)
    opened = OpenedCheckpoint(checkpoint, by, Digest(blake2b_256(read_payload(DocumentTag.CHECKPOINT, raw))))
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


def _open(raw: bytes, keys: CheckpointKeys) -> tuple[Payload, Signers]:
    """The payload and who vouches for it: the release where two of its keys have signed, whoever else did."""
    try:
        return open_document(DocumentTag.CHECKPOINT, raw, keys.release, RELEASE_THRESHOLD), Signers.RELEASE
    except DocumentNotTrusted as by_release:
        if keys.operator is None:
            raise CheckpointNotTrusted(by_release.why, "no cold key of an operator is known") from None
        release_why = by_release.why
    try:
        return open_document(DocumentTag.CHECKPOINT, raw, {keys.operator}), Signers.OPERATOR
    except DocumentNotTrusted as by_operator:
        raise CheckpointNotTrusted(release_why, by_operator.why) from None


def _require_not_below(what: str, found: int, seen: int) -> None:
    if found < seen:
        raise CheckpointGoesBack(what, found, seen)
