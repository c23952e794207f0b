"""A checkpoint as texts for QR codes: numbered parts, each with a check, in any order (docs/specs/checkpoint.md).

A check finds what a camera or a hand got wrong. Whether the checkpoint is to be believed, its signatures say.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import PublicKey, Signature
from edge_node.chain_light.checkpoint_errors import CheckpointMisuse, CheckpointRefused
from edge_node.trust.documents import (
    DOCUMENT_MAX_BYTES,
    SIGNATURES_MAX,
    DocumentMisuse,
    DocumentTag,
    join_document,
    split_document,
)

MARK: Final = "CKPT1"  # its last character is no base32 digit, so it stands nowhere but at the beginning of a part
PART_DATA_MAX: Final = 900  # with the rest below 970 characters: a QR code of version 20, level M, which phones read
PARTS_MAX: Final = 99  # 55 KB: a thousand authorities; whoever has more copies a file
TEXT_MAX_CHARS: Final = 2 * PARTS_MAX * (PART_DATA_MAX + 40)  # every part twice

_CHECK_BYTES: Final = 5  # eight base32 digits: one wrong reading in 2**40 passes, and then no signature does
_ENTRY_BYTES: Final = PublicKey.size + Signature.size
_PAYLOAD_MAX_BYTES: Final = DOCUMENT_MAX_BYTES * 3 // 4
_NUMBER, _CHECK = "([1-9][0-9]?)", "([A-Z2-7]{8})"
_PART: Final = re.compile(f"/{_NUMBER}/{_NUMBER}/{_CHECK}/([A-Z2-7]{{1,{PART_DATA_MAX}}})/{_CHECK}")


class PartUnreadable(CheckpointRefused):
    """A text is no part of a checkpoint, or was not read right; `place` counts the texts from 1."""

    slug = "checkpoint-part-unreadable"
    remedy = "Scan or type that part again."

    def __init__(self, place: int, why: str) -> None:
        self.place, self.why = place, why
        super().__init__(f"text {place} is not a part of a checkpoint: {why}")


class PartsMissing(CheckpointRefused):
    """Some parts were not given yet."""

    slug = "checkpoint-parts-missing"
    remedy = "Scan the parts that are missing; those that were read stay good."

    def __init__(self, missing: Sequence[int], total: int | None) -> None:
        self.missing, self.total = tuple(missing), total
        numbers = ", ".join(map(str, missing)) or "all"
        super().__init__(f"missing parts: {numbers}, of {total}" if total else "there is no part of a checkpoint")


class PartsMixed(CheckpointRefused):
    """The parts are of more than one checkpoint."""

    slug = "checkpoint-parts-mixed"
    remedy = "Begin again with the parts of one checkpoint: their third field is the same."

    def __init__(self) -> None:
        super().__init__("the parts are of more than one checkpoint")


class PartsUnfit(CheckpointRefused):
    """The parts are all there and make no document; `why` says what is wrong."""

    slug = "checkpoint-parts-unfit"
    remedy = "Ask for the checkpoint again, best as a file."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the parts make no checkpoint: {why}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: the `number`th of `total`, from 1, of what `name` is the check of."""

    number: int
    total: int
    name: str
    data: str


def write_parts(raw: bytes) -> list[str]:
    """A signed checkpoint as texts of at most 930 characters, all of them in a QR code's alphanumeric set.

    CheckpointMisuse for one that wants more than PARTS_MAX parts. Raises DocumentRefused, MalformedJson.
    """
    blob = _pack(raw)
    digits, name = _base32(blob), _check(blob)
    pieces = [digits[start : start + PART_DATA_MAX] for start in range(0, len(digits), PART_DATA_MAX)]
    if len(pieces) > PARTS_MAX:
        raise CheckpointMisuse(f"a checkpoint of {len(pieces)} parts, where {PARTS_MAX} are the most: copy the file")
    heads = (f"{MARK}/{number}/{len(pieces)}/{name}/{piece}" for number, piece in enumerate(pieces, 1))
    return [f"{head}/{_check(head.encode('ascii'))}" for head in heads]


def read_parts(texts: Iterable[str]) -> list[Part]:
    """The parts in `texts`, of which each may hold several, in whatever case and broken by white space wherever.

    PartUnreadable names the first that is not read right, PartsMixed what does not belong together.
    """
    joined = "".join("".join(texts)[: TEXT_MAX_CHARS + 1].split())
    before, *marked = (joined.upper() if joined.isascii() else "\0").split(MARK)
    if before or len(joined) > TEXT_MAX_CHARS:
        raise PartUnreadable(1, f"it does not begin with {MARK}, or it is too long")
    parts = [_read_part(place, rest) for place, rest in enumerate(marked, 1)]
    if len({(part.total, part.name) for part in parts}) > 1:
        raise PartsMixed
    return parts


def join_parts(texts: Iterable[str]) -> bytes:
    """The signed document whose parts are in `texts`, each at least once: what open_checkpoint takes.

    Raises PartUnreadable, PartsMixed, PartsMissing with the numbers that are missing, PartsUnfit.
    """
    parts = read_parts(texts)
    if not parts:
        raise PartsMissing((), None)
    found = {part.number: part.data for part in parts}
    total = parts[0].total
    if missing := [number for number in range(1, total + 1) if number not in found]:
        raise PartsMissing(missing, total)
    blob = _of_base32("".join(found[number] for number in range(1, total + 1)))
    if _check(blob) != parts[0].name:
        raise PartsUnfit("their check does not match the whole")
    return _unpack(blob)


def document_of(content: bytes) -> bytes:
    """The signed document in a file, which holds the document itself or its texts; as join_parts, for texts."""
    if content.lstrip()[:1] == b"{":
        return content
    return join_parts([content.decode("ascii", errors="replace")])


def _read_part(place: int, rest: str) -> Part:
    found = _PART.fullmatch(rest)
    if not found:
        raise PartUnreadable(place, f"wants {MARK}/number/total/name/data/check")
    number, total, name, data, check = found.groups()
    if _check(f"{MARK}/{number}/{total}/{name}/{data}".encode("ascii")) != check:
        raise PartUnreadable(place, f"part {number} was not read right: its check does not match")
    if int(number) > int(total):
        raise PartUnreadable(place, f"part {number} of {total}")
    return Part(int(number), int(total), name, data)


def _pack(raw: bytes) -> bytes:
    """Signatures, then the payload deflated: base64 and hex in it would make the codes three times as many."""
    payload, signatures = split_document(DocumentTag.CHECKPOINT, raw)
    entries = b"".join(key + signature for key, signature in signatures.items())
    return bytes((len(signatures),)) + entries + zlib.compress(payload, 9)


def _unpack(blob: bytes) -> bytes:
    count, start = (blob or b"\0")[0], 1 + (blob or b"\0")[0] * _ENTRY_BYTES
    if not 1 <= count <= SIGNATURES_MAX or len(blob) < start:
        raise PartsUnfit("it has no signatures")
    entries = [blob[at : at + _ENTRY_BYTES] for at in range(1, start, _ENTRY_BYTES)]
    signatures = {PublicKey(entry[:32]): Signature(entry[32:]) for entry in entries}
    if len(signatures) != count:
        raise PartsUnfit("a key has signed it twice")
    try:
        return join_document(DocumentTag.CHECKPOINT, _inflate(blob[start:]), signatures)
    except DocumentMisuse:
        raise PartsUnfit("it is longer than any document") from None


def _inflate(packed: bytes) -> bytes:
    """The payload, never more of it than a document can hold, however much the stream would give."""
    stream = zlib.decompressobj()
    try:
        payload = stream.decompress(packed, _PAYLOAD_MAX_BYTES)
    except zlib.error:
        raise PartsUnfit("its payload cannot be inflated") from None
    if not stream.eof or stream.unused_data:
        raise PartsUnfit("its payload does not end where it should, or is longer than any")
    return payload


def _check(raw: bytes) -> str:
    return _base32(blake2b_256(raw)[:_CHECK_BYTES])


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def _of_base32(digits: str) -> bytes:
    try:
        return base64.b32decode(digits + "=" * (-len(digits) % 8))
    except binascii.Error:
        raise PartsUnfit("their digits are no whole number of bytes") from None
