"""What damage in the log means: which pieces and events lie in it, found out beside the running node."""

import bisect
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import trio

from edge_node.base.ids import Cid
from edge_node.base.log import get_log
from edge_node.journal import Damage, Journal, Position, SegmentClass
from edge_node.store.records import MULTIPART_KIND, PIECE_KIND
from edge_node.store.streams.records import EVENTS_KIND
from edge_node.wire.cid import format_cid

LOGGED_MAX = 100  # of each sort; the count says how many there are

log = get_log("store")


@dataclass(frozen=True, slots=True)
class LostBody:
    """A stored body that cannot be read: `count` events of a stream from `first_offset` on."""

    cid: Cid
    vault: bytes
    stream: str
    first_offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What is known to lie in damaged stretches. `unlisted` are CIDs of records that a rebuilt index never saw."""

    pieces: tuple[Cid, ...] = ()
    bodies: tuple[LostBody, ...] = ()
    unlisted: tuple[Cid, ...] = ()


class _Stretches:
    """Damaged ranges of one segment class, asked by position."""

    def __init__(self, damages: Sequence[Damage], segment_class: SegmentClass) -> None:
        self._ranges: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for damage in damages:
            name, segment, offset = damage.position
            if name is segment_class:
                self._ranges[segment].append((offset, offset + damage.length))
        for ranges in self._ranges.values():
            ranges.sort()

    def __bool__(self) -> bool:
        return bool(self._ranges)

    @property
    def segments(self) -> list[int]:
        return list(self._ranges)

    def holds(self, segment: int, offset: int) -> bool:
        """Whether the record that begins here is damaged: inside a stretch nothing sound begins."""
        ranges = self._ranges.get(segment)
        if not ranges:
            return False
        at = bisect.bisect_right(ranges, offset, key=lambda one: one[0]) - 1
        return at >= 0 and ranges[at][0] <= offset < ranges[at][1]


def find_lost(conn: sqlite3.Connection, damages: Sequence[Damage]) -> Lost:
    """The pieces and bodies of the index whose records lie in `damages`; reads all rows of the classes concerned."""
    pieces = tuple(_find_pieces(conn, _Stretches(damages, SegmentClass.PX)))
    bodies = tuple(_find_bodies(conn, _Stretches(damages, SegmentClass.EV)))
    listed = {*pieces, *(body.cid for body in bodies)}
    named = (Cid(damage.cid) for damage in damages if damage.cid and damage.kind in {PIECE_KIND, EVENTS_KIND})
    unlisted = [cid for cid in named if cid not in listed]
    return Lost(pieces, bodies, (*unlisted, *_find_lost_files(conn, damages)))


def _find_lost_files(conn: sqlite3.Connection, damages: Sequence[Damage]) -> Iterator[Cid]:
    # The index has a file's whole list: as long as it is there, rot of the record hurts nobody.
    for damage in damages:
        if damage.kind == MULTIPART_KIND and damage.cid:
            known = conn.execute("SELECT 1 FROM multiparts WHERE cid = ?", (damage.cid,)).fetchone()
            if known is None:
                yield Cid(damage.cid)


def _find_pieces(conn: sqlite3.Connection, stretches: _Stretches) -> Iterator[Cid]:
    if not stretches:
        return
    decode = msgspec.msgpack.Decoder(tuple[tuple[int, int], ...]).decode
    for cid, segment, offset, extents in conn.execute("SELECT cid, segment, position, extents FROM pieces"):
        if stretches.holds(segment, offset) or any(stretches.holds(*place) for place in decode(extents)):
            yield Cid(cid)


def _find_bodies(conn: sqlite3.Connection, stretches: _Stretches) -> Iterator[LostBody]:
    for segment in stretches.segments:
        rows = conn.execute(
            "SELECT cid, vault, name, first_offset, count, position FROM bodies"
            " JOIN streams ON streams.id = bodies.stream WHERE segment = ? ORDER BY bodies.id",
            (segment,),
        )
        for cid, vault, name, first, count, offset in rows:
            if stretches.holds(segment, offset):
                yield LostBody(Cid(cid), vault, name, first, count)


class Losses:
    """A room of the node that says what recovery found damaged; the node takes writes all the same."""

    def __init__(self, journal: Journal, note: Callable[[Cid], None]) -> None:
        """`note` hears of each damaged piece, so that the next put of the same bytes heals it."""
        self._journal, self._note, self.lost = journal, note, Lost()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Find out what lies in the damage, log it, and stay until cancelled."""
        task_status.started()
        damages = self._journal.recovery.losses
        if damages:
            self.lost = await self._journal.query(find_lost, damages)
            self._tell(self.lost)
        await trio.sleep_forever()

    def _tell(self, lost: Lost) -> None:
        for cid in lost.pieces:
            self._note(cid)
        for cid in lost.pieces[:LOGGED_MAX]:
            log.error("piece.damaged", piece=format_cid(cid), reason="its record or an extent is damaged in the log")
        for body in lost.bodies[:LOGGED_MAX]:
            log.error(
                "events.lost",
                body=format_cid(body.cid),
                vault=body.vault.hex()[:16],
                stream=body.stream,
                first_offset=body.first_offset,
                count=body.count,
            )
        for cid in lost.unlisted[:LOGGED_MAX]:
            log.error("record.lost", cid=format_cid(cid), reason="the index was rebuilt without it")

    def condition(self) -> str:
        """Empty without damage; else where it is and what is known to lie in it."""
        damages = self._journal.recovery.losses
        if not damages:
            return ""
        size = sum(damage.length for damage in damages)
        stretches = _counted(len(damages), "damaged stretch", "damaged stretches")
        said = f"{stretches} of the log ({size} bytes), the first in {_place(damages[0].position)}"
        counts = [text for text, many in self._counts().items() if many]
        return f"{said}; unreadable: {', '.join(counts)}" if counts else said

    def _counts(self) -> Mapping[str, int]:
        lost = self.lost
        pieces, bodies, unlisted = len(lost.pieces), len(lost.bodies), len(lost.unlisted)
        events = sum(body.count for body in lost.bodies)
        return {
            _counted(pieces, "piece", "pieces"): pieces,
            f"{_counted(events, 'event', 'events')} in {_counted(bodies, 'body', 'bodies')}": bodies,
            f"{_counted(unlisted, 'record', 'records')} that the index does not list": unlisted,
        }


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _place(position: Position) -> str:
    return f"{position.segment_class.value}/{position.segment:08d} at {position.offset}"
