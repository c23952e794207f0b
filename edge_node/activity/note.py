"""Notes of a running minute of reads, and the record that is made of them after a crash (docs/specs/activity.md)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from edge_node.activity.record import ACTIVITY_KIND, VERSION, Action, ActivityRecord, Part, PartDigest
from edge_node.base.ids import strip_type

NOTE_KIND: Final = 16
NOTE_VERSION: Final = 1


class Delta(msgspec.Struct, array_like=True, frozen=True):
    """What changed in one window since its former note.

    `count`, `bytes` and `acked` are those of the whole window so far; `parts` and `digests` list what changed under
    its place in the window, a later one replacing a former.
    """

    window: bytes
    holder: bytes
    bucket: int
    session: bytes
    first_ms: int
    count: int
    bytes: int
    acked: int
    parts: "list[tuple[int, Part]]"
    digests: "list[tuple[int, PartDigest]]"


class NoteRecord(msgspec.Struct, array_like=True, frozen=True):
    """What changed in several windows: `[16, 1, …]`, class rc."""

    kind: int
    version: int
    node: bytes
    last_ms: int
    clock_quality: int
    deltas: list[Delta]


_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_DECODER = msgspec.msgpack.Decoder(NoteRecord)


def encode_note(note: NoteRecord) -> bytes:
    """The note's payload."""
    return _ENCODER.encode(note)


def decode_note(payload: bytes) -> NoteRecord:
    """Read a note's payload; msgspec.DecodeError for anything else."""
    return _DECODER.decode(payload)


def finish_windows(notes: Iterable[NoteRecord], windows: "frozenset[bytes]") -> list[ActivityRecord]:
    """The records of `windows`, as their notes, given in log order, leave them. A window without a note has none."""
    told: dict[bytes, _Told] = {}
    for note in notes:
        for delta in note.deltas:
            if delta.window in windows:
                told.setdefault(delta.window, _Told()).hear(note, delta)
    return [one.record() for one in told.values()]


class _Told:
    """One window, as far as its notes say."""

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.digests: dict[int, PartDigest] = {}
        self.last: tuple[NoteRecord, Delta] | None = None

    def hear(self, note: NoteRecord, delta: Delta) -> None:
        self.parts.update(delta.parts)
        self.digests.update(delta.digests)
        self.last = note, delta

    def record(self) -> ActivityRecord:
        assert self.last is not None
        note, delta = self.last
        return ActivityRecord(
            kind=ACTIVITY_KIND,
            version=VERSION,
            action=Action.READ,
            node=note.node,
            holder=delta.holder,
            bucket=delta.bucket,
            window=delta.window,
            session=delta.session,
            first_ms=delta.first_ms,
            last_ms=note.last_ms,
            clock_quality=note.clock_quality,
            count=delta.count,
            bytes=delta.bytes,
            acked=delta.acked,
            parts=[part for _, part in sorted(self.parts.items(), key=_place)],
            digests=[digest for _, digest in sorted(self.digests.items(), key=_place)],
        )


def _place(item: tuple[int, object]) -> int:
    return item[0]
