"""One reader's running minute: counters, the parts of its reads, and what of them is not yet noted."""

from typing import NamedTuple

from edge_node.activity.note import Delta
from edge_node.activity.record import (
    ACTIVITY_KIND,
    DIGESTS_MAX,
    PARTS_MAX,
    VERSION,
    WINDOW_BYTES,
    WINDOW_S,
    Action,
    ActivityRecord,
    Part,
    PartDigest,
    digest_part,
)
from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Cid, PublicKey


class Reader(NamedTuple):
    """Whose reads share a window: an account, in a bucket, from one place."""

    holder: PublicKey
    bucket: int
    session: bytes


class OpenPart:
    """What a read has in a window so far. `place` is its row in the window's lists, None for one that is only counted.

    Bytes are cumulative over the whole read, as in `Part`.
    """

    __slots__ = ("ack", "acked_from", "acked_to", "cid", "identity", "place", "request", "sent_from", "sent_to")

    def __init__(self, cid: Cid | None, request: bytes, identity: bytes, sent: int, acked: int) -> None:
        self.cid, self.request, self.identity = cid, request, identity
        self.sent_from = self.sent_to = sent
        self.acked_from = self.acked_to = acked
        self.ack = b""
        self.place: int | None = None

    def part(self) -> Part:
        """As it would stand in a record's `parts`."""
        return Part(
            self.cid or b"", self.sent_from, self.sent_to, self.acked_from, self.acked_to, self.request, self.ack
        )


class Window:
    """A minute of one reader. Time is an argument: ms UTC for the record, monotonic seconds for its end."""

    def __init__(self, name: bytes, reader: Reader, now_ms: int, now_s: float) -> None:
        """`name` is the record's `window`."""
        self.name, self.reader = name, reader
        self.first_ms = self.last_ms = now_ms
        self.ends_s = now_s + WINDOW_S
        self.closed = False
        self.count = self.bytes = self.acked = 0
        # Rows are digests once their read is over: the signed messages of 480 of them would be half a megabyte.
        self._rows: list[OpenPart | PartDigest] = []
        self._news: set[int] = set()
        self.changed = False

    @property
    def listed(self) -> int:
        """Rows in its lists: what it costs memory."""
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Whether another read with a request finds no row, or as many bytes are sent as a record is for."""
        return self.bytes >= WINDOW_BYTES or len(self._rows) >= PARTS_MAX + DIGESTS_MAX

    def enter(self, part: OpenPart) -> None:
        """A read takes part from here on; not into a window that is full."""
        self.count += 1
        if len(self._rows) < PARTS_MAX or part.request:
            part.place = len(self._rows)
            self._rows.append(part)
        self.touch(part)

    def touch(self, part: OpenPart) -> None:
        """Something changed for a part."""
        self.changed = True
        if part.place is not None:
            self._news.add(part.place)

    def leave(self, part: OpenPart) -> None:
        """Its read is over: nothing of it will change any more."""
        if part.place is not None and part.place >= PARTS_MAX:
            self._rows[part.place] = digest_part(part.part(), part.identity)

    def forget_told(self) -> None:
        """The last delta did not reach the disk: the next one tells all again."""
        self.changed = True
        self._news.update(range(len(self._rows)))

    def take_delta(self) -> Delta:
        """What changed since the last delta."""
        parts: list[tuple[int, Part]] = []
        digests: list[tuple[int, PartDigest]] = []
        for place in sorted(self._news):
            if isinstance(row := self._row(place), Part):
                parts.append((place, row))
            else:
                digests.append((place, row))
        self._news.clear()
        self.changed = False
        return Delta(
            window=self.name,
            holder=self.reader.holder,
            bucket=self.reader.bucket,
            session=self.reader.session,
            first_ms=self.first_ms,
            count=self.count,
            bytes=self.bytes,
            acked=self.acked,
            parts=parts,
            digests=digests,
        )

    def record(self, node: PublicKey, quality: ClockQuality) -> ActivityRecord:
        """The record of a window that is over."""
        rows = [self._row(place) for place in range(len(self._rows))]
        return ActivityRecord(
            kind=ACTIVITY_KIND,
            version=VERSION,
            action=Action.READ,
            node=node,
            holder=self.reader.holder,
            bucket=self.reader.bucket,
            window=self.name,
            session=self.reader.session,
            first_ms=self.first_ms,
            last_ms=self.last_ms,
            clock_quality=quality,
            count=self.count,
            bytes=self.bytes,
            acked=self.acked,
            parts=[row for row in rows if isinstance(row, Part)],
            digests=[row for row in rows if isinstance(row, PartDigest)],
        )

    def _row(self, place: int) -> Part | PartDigest:
        row = self._rows[place]
        if isinstance(row, PartDigest):
            return row
        return row.part() if place < PARTS_MAX else digest_part(row.part(), row.identity)
