"""Records of chain.db: a MessagePack array `[kind, version, …]` with a checksum behind it (docs/specs/chain-db.md)."""

import enum
from typing import Final, TypeVar

import msgspec

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import strip_type
from edge_node.base.limits import MIB
from edge_node.chain_light.errors import ChainError

VERSION: Final = 1
RECORD_BYTES_MAX: Final = 64 * MIB  # evidence may hold two answers of an endpoint, and a proof has up to 16 MiB
CHECK_BYTES: Final = 32

_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=strip_type)


class KeptKind(enum.IntEnum):
    """What a record is: the first element of its array."""

    ANCHOR = 1
    HAND_OFF = 2
    EVIDENCE = 3
    MARKS = 4
    DOCUMENT = 5


class RecordDamaged(ChainError):
    """A record of chain.db is not what was written; `why` says how that shows."""

    slug = "chain-record-damaged"
    remedy = "The node goes on from what it can read. Look at the disk; nothing that is damaged is believed."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the record is damaged: {why}")


class RecordNewer(ChainError, Refusal):
    """A record of chain.db has a form that a later release wrote."""

    slug, status = "chain-record-newer", 501
    remedy = "Run the release that wrote it, or a later one."

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"the record has version {version}, this release reads {VERSION}")


class Kept(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """How every record begins. Fields are only appended: what stands behind those known is passed over."""

    kind: int
    version: int


Form = TypeVar("Form", bound=Kept)


def seal_record(record: Kept) -> bytes:
    """The record's bytes: the array, then BLAKE2b-256 of it."""
    array = _ENCODER.encode(record)
    return array + blake2b_256(array)


def open_record(raw: bytes, kind: KeptKind, form: type[Form]) -> Form:
    """The record in `raw`, which must be of this kind; RecordDamaged, RecordNewer."""
    if not CHECK_BYTES < len(raw) <= RECORD_BYTES_MAX:
        raise RecordDamaged(f"it has {len(raw)} bytes")
    array, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
    if blake2b_256(array) != check:
        raise RecordDamaged("its checksum is another one's")
    try:
        head = msgspec.msgpack.decode(array, type=Kept)
        if head.kind != kind:
            raise RecordDamaged(f"it is of kind {head.kind}, not {kind.value}")
        if head.version > VERSION:
            raise RecordNewer(head.version)
        return msgspec.msgpack.decode(array, type=form)
    # Text that is no UTF-8, and arrays nested without end, have errors of their own.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise RecordDamaged(f"it does not have its form: {wrong}") from None
