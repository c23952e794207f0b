"""The write stage: one round from drafts to durable, indexed records, or back to where it began."""

import errno
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.clock import Clock
from edge_node.base.log import get_log
from edge_node.journal.ballast import Ballast
from edge_node.journal.files import FileLayer
from edge_node.journal.index import Applied, JournalDatabase, error_code
from edge_node.journal.kinds import Database, KindTable, Placed
from edge_node.journal.open_segment import OpenSegment
from edge_node.journal.round import Part, Round
from edge_node.journal.segment import SALT_BYTES, SYNC_ORDER, SegmentClass
from edge_node.journal.settle import KnownEnd
from edge_node.journal.space import Ballast as BallastMove
from edge_node.journal.space import SpaceMeter, SpacePlan, judge_space
from edge_node.journal.states import Turn
from edge_node.journal.tickets import Draft

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}

log = get_log("journal")


class Unreconciled(Exception):
    """Disk and memory differ, and only a restart can tell how."""


@dataclass(frozen=True, slots=True)
class Setback:
    """Why a round did not happen. `turn` says what becomes of the journal, None that it is well."""

    turn: Turn | None
    reason: str


@dataclass(slots=True)
class WriteStage:
    """Everything the writer's thread owns. All methods block; one thread at a time.

    `low` is what the space allows; the door turns it into a state. `sequence` is the next to give.
    """

    files: FileLayer
    directory: Path
    kinds: KindTable
    plan: SpacePlan
    databases: Mapping[Database, JournalDatabase]
    segments: dict[SegmentClass, OpenSegment]
    meter: SpaceMeter
    ballast: Ballast
    random: Callable[[int], bytes]
    clock: Clock
    sequence: int
    low: bool = False
    laid: Round | None = None
    rounds: int = 0
    records: int = 0
    payload_bytes: int = 0

    def write(self, tickets: Sequence[Sequence[Draft]], *, finish: bool = True) -> list[list[Placed]] | Setback:
        """Write the drafts of all tickets as one round: durable and applied when it returns their places.

        Without `finish` the round stays open: its extents are handed to the medium, nothing is synced, and no places
        are returned; those of the whole round come with the call that finishes it. A Setback means that nothing of
        the round, with all that was in it before, is in the log or in the databases.
        """
        outcome = self._write(tickets, finish=finish)
        if finish or isinstance(outcome, Setback):
            self.laid = None
        return outcome

    def _write(self, tickets: Sequence[Sequence[Draft]], *, finish: bool) -> list[list[Placed]] | Setback:
        try:
            laid = self._lay_out(tickets)
            if not finish:
                return []
            touched = laid.touched(SYNC_ORDER)
            placed = self._commit(laid, touched)
        except Unreconciled as error:
            log.critical("journal.broken", reason=str(error))
            return Setback(Turn.UNRECONCILED, str(error))
        except (OSError, sqlite3.Error) as error:
            return self._set_back(error)
        except Exception as error:
            # A kind's apply is another room's code: its fault ends the round, not the node.
            log.exception("round.refused", reason=repr(error))
            return self._taken_back(Setback(None, f"{type(error).__name__}: {error}"))
        self._account(laid, touched)
        return placed

    def check_space(self) -> None:
        """Ask the file system and move the ballast as the figures say."""
        space = self.files.space(self.directory)
        self.meter.answer(space.free, self.clock.monotonic_s())
        verdict = judge_space(space.free, self.plan, low=self.low, ballast_held=self.ballast.held)
        if verdict.ballast is BallastMove.RELEASE:
            self.ballast.release()
        elif verdict.ballast is BallastMove.RESTORE:
            self.ballast.restore(self.plan.reserve)
        self.low = verdict.low

    def known_ends(self) -> dict[SegmentClass, KnownEnd]:
        """Up to where each open segment was acknowledged, for a reopening in this process."""
        return {name: KnownEnd(part.number, part.end, part.suspect) for name, part in self.segments.items()}

    def close(self, *, clean: bool) -> None:
        """Cut off preallocated space, mark the databases and close everything; OSError once all is closed."""
        errors: list[OSError | sqlite3.Error] = []
        for segment in self.segments.values():
            try:
                if clean and not segment.sealed:
                    segment.rewind()
            except OSError as error:
                errors.append(error)
            segment.close()
        for database in self.databases.values():
            try:
                if clean and not errors:
                    self._mark_all(database)
                    database.set_clean(clean=True)
            except sqlite3.Error as error:
                errors.append(error)
            database.close()
        if errors:
            log.warning("journal.closed_uncleanly", reason=str(errors[0]))

    def _lay_out(self, tickets: Iterable[Sequence[Draft]]) -> Round:
        if self.laid is None:
            self._roll_full_segments()
            self.laid = Round(self.kinds, [self._part(segment) for segment in self.segments.values()], self.sequence)
        laid = self.laid
        try:
            for drafts in tickets:
                laid.add(drafts)
        finally:
            # A sequence is given once, even if its round is taken back: what a crash revives is told from the rest.
            self.sequence = laid.sequence
        return laid

    def _part(self, segment: OpenSegment) -> Part:
        # Only what is synced first may be written before the round is complete.
        early = segment.write_soon if segment.segment_class is SYNC_ORDER[0] else None
        return Part(segment.segment_class, segment.number, segment.end, segment.key, early)

    def _commit(self, laid: Round, touched: Sequence[Part]) -> list[list[Placed]]:
        for part in touched:
            # Class after class, synced before the next is written: what refers is never on the medium before
            # what it refers to.
            segment = self.segments[part.segment_class]
            segment.write(part.close(), part.end - part.written, at=part.written)
            segment.sync()
        marks = {
            part.segment_class: Applied(part.number, part.end, part.last, self.segments[part.segment_class].salt)
            for part in touched
        }
        self._apply(laid, marks)
        for part in touched:
            self.segments[part.segment_class].advance(part.end, part.first, part.last)
        return laid.placed

    def _apply(self, laid: Round, marks: Mapping[SegmentClass, Applied]) -> None:
        index, meta = self.databases[Database.INDEX], self.databases[Database.META]
        index.stage(laid.entries[Database.INDEX], marks)
        if not laid.entries[Database.META]:
            index.commit(marks)
            return
        meta.stage(laid.entries[Database.META], marks)
        meta.commit(marks)
        try:
            index.commit(marks)
        except sqlite3.Error as error:
            raise Unreconciled(f"meta.db took a round that index.db did not: {error}") from error

    def _set_back(self, error: OSError | sqlite3.Error) -> Setback:
        full = error.errno in _NO_SPACE if isinstance(error, OSError) else error_code(error) == sqlite3.SQLITE_FULL
        suspect = any(segment.suspect for segment in self.segments.values())
        if full and not suspect:
            outcome = self._taken_back(Setback(Turn.SPACE_SHORT, "the disk is full"))
            if outcome.turn is Turn.SPACE_SHORT:
                self._release_ballast()
            return outcome
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            log.error("round.refused", reason=repr(error), exc_info=error)
            return self._taken_back(Setback(None, f"{type(error).__name__}: {error}"))
        return self._taken_back(Setback(Turn.DISK_REFUSED, f"the disk refused a write: {error}"))

    def _taken_back(self, setback: Setback) -> Setback:
        """Undo the round in databases and segments; where that is refused too, the journal stops writing."""
        try:
            for database in self.databases.values():
                database.rollback()
        except sqlite3.Error as error:
            return Setback(Turn.UNRECONCILED, f"a transaction could not be taken back: {error}")
        for segment in self.segments.values():
            try:
                segment.rewind()
            except OSError as error:
                segment.suspect = True
                setback = Setback(Turn.DISK_REFUSED, f"{setback.reason}; and a write could not be taken back: {error}")
        log.warning("round.taken_back", reason=setback.reason)
        return setback

    def _release_ballast(self) -> None:
        self.low = True
        try:
            self.ballast.release()
        except OSError as error:
            log.warning("ballast.kept", reason=str(error))

    def _account(self, laid: Round, touched: Sequence[Part]) -> None:
        self.rounds += 1
        self.records += sum(map(len, laid.placed))
        self.payload_bytes += sum(placed.payload_bytes for places in laid.placed for placed in places)
        for part in touched:
            self.meter.note(part.end - part.start)
        if self.meter.due(self.clock.monotonic_s()):
            try:
                self.check_space()
            except OSError as error:
                # The round is durable; a file system that cannot be asked is asked again after the next.
                log.warning("space.not_measured", reason=str(error))

    def _roll_full_segments(self) -> None:
        full = [one for one in self.segments.values() if one.end >= self.plan.segment or one.sealed]
        for segment in full:
            self.segments[segment.segment_class] = self._roll(segment.segment_class, segment)
        if full:
            # meta.db's positions move only with its own rounds; without this a start would scan all since then.
            self._mark_all(self.databases[Database.META])

    def _roll(self, name: SegmentClass, segment: OpenSegment) -> OpenSegment:
        if not segment.sealed:
            segment.seal()
        fresh = self._create(name, segment.number + 1)
        segment.close()
        return fresh

    def _create(self, name: SegmentClass, number: int) -> OpenSegment:
        return create_segment(self.files, self.directory / name.value, name, number, self.random, self.plan)

    def _mark_all(self, database: JournalDatabase) -> None:
        marks = {
            name: Applied(segment.number, segment.end, segment.last_sequence, segment.salt)
            for name, segment in self.segments.items()
        }
        database.stage((), marks)
        database.commit(marks)


def create_segment(
    files: FileLayer,
    directory: Path,
    name: SegmentClass,
    number: int,
    random: Callable[[int], bytes],
    plan: SpacePlan,
) -> OpenSegment:
    """A fresh segment with a salt of its own."""
    return OpenSegment.create(files, directory, name, number, random(SALT_BYTES), plan.preallocate)
