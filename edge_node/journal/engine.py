"""Open a data directory: take its segments and databases to a common point, writable if the disk lets us."""

import contextlib
import errno
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from edge_node.base.clock import Clock
from edge_node.base.database_file import set_aside
from edge_node.base.log import get_log
from edge_node.journal.ballast import Ballast
from edge_node.journal.commit import WriteStage, create_segment
from edge_node.journal.files import FileLayer
from edge_node.journal.footer import Cause
from edge_node.journal.identity import NodeIdentity, ensure_identity, read_identity
from edge_node.journal.index import JournalDatabase, open_database
from edge_node.journal.kinds import Database, KindTable
from edge_node.journal.memory_index import open_unwritable
from edge_node.journal.open_segment import OpenSegment
from edge_node.journal.reader import SegmentReader
from edge_node.journal.replay import Replay
from edge_node.journal.segment import SegmentClass
from edge_node.journal.settle import ClassLog, Damage, KnownEnd, Settling, settle_class
from edge_node.journal.space import SpaceMeter, SpacePlan, plan_space
from edge_node.journal.states import WRITABLE, JournalState, Mode
from edge_node.paths import Paths
from edge_node.settings.tree import JournalSettings

log = get_log("journal")

_UNWRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start found. `rebuilt` names databases that were filled from the whole log.

    `damages` are those that footers remember or a scan met: sealed segments are not read again at every start.
    """

    records_replayed: int = 0
    truncated_bytes: int = 0
    rebuilt: tuple[Database, ...] = ()
    damages: tuple[Damage, ...] = ()

    @property
    def losses(self) -> tuple[Damage, ...]:
        """The damages that may have taken acknowledged records: a torn write was promised to nobody."""
        return tuple(damage for damage in self.damages if damage.cause is Cause.ROT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a journal lives and what it stands on; unchanged over reopenings."""

    paths: Paths
    settings: JournalSettings
    kinds: KindTable
    files: FileLayer
    random: Callable[[int], bytes]
    clock: Clock


@dataclass(slots=True)
class Engine:
    """An open directory. `stage` is None when it can only be read."""

    identity: NodeIdentity
    state: JournalState
    databases: dict[Database, JournalDatabase]
    reader: SegmentReader
    stage: WriteStage | None
    recovery: Recovery

    def close(self, *, clean: bool) -> None:
        """Close all files; `clean` leaves nothing to do for the next start."""
        self.reader.close()
        if self.stage is not None:
            self.stage.close(clean=clean)
            return
        for database in self.databases.values():
            database.close()


def open_engine(site: Site, known_ends: Mapping[SegmentClass, KnownEnd]) -> Engine:
    """Open for writing, or for reading with the reason as state when the disk refuses.

    `known_ends` is what this process knows of segments it wrote itself. NewerFormat and IdentityUnreadable as found.
    """
    try:
        return _open_writable(site, known_ends)
    except (OSError, sqlite3.OperationalError) as error:
        if isinstance(error, OSError) and error.errno not in _UNWRITABLE:
            raise
        log.warning("journal.opened_read_only", reason=str(error))
        return _open_readable(site, JournalState(Mode.READ_ONLY, f"the disk refused to open for writing: {error}"))


def _open_writable(site: Site, known_ends: Mapping[SegmentClass, KnownEnd]) -> Engine:
    identity = ensure_identity(site.paths, site.files, site.random, site.clock)
    _make_directories(site)
    space = site.files.space(site.paths.root)
    plan = plan_space(space.total, site.settings)
    ballast = Ballast(site.paths, site.files)
    if space.free < plan.reserve:
        # Even the databases need room to open: this is what the ballast is for.
        ballast.release()
    with contextlib.ExitStack() as undo:
        databases, rebuilt = _open_databases(site, undo)
        logs = _settle_all(site, databases, rebuilt, known_ends, plan, undo)
        if _is_ahead(databases[Database.INDEX], logs):
            rebuilt = _rebuild_index(site, databases, rebuilt, undo)
        sequence = _next_sequence(databases, logs)
        replay = Replay(site.files, site.paths, site.kinds, databases)
        replay.run(logs)
        segments = _open_segments(site, logs, plan, undo)
        meter = SpaceMeter(space.free, site.clock.monotonic_s(), plan.ask_every)
        where, how = (site.files, site.paths.segments, site.kinds), (site.random, site.clock)
        stage = WriteStage(*where, plan, databases, segments, meter, ballast, *how, sequence)
        stage.check_space()
        undo.pop_all()
    recovery = Recovery(replay.records, sum(one.truncated_bytes for one in logs), rebuilt, _damages(logs, replay))
    state = JournalState(Mode.LOW, "free space is short") if stage.low else WRITABLE
    return Engine(identity, state, databases, _reader(site, logs), stage, recovery)


def _make_directories(site: Site) -> None:
    for path in (site.paths.segments, *(site.paths.segments / name.value for name in SegmentClass)):
        site.files.make_directory(path)
    site.files.sync_directory(site.paths.segments)
    site.files.sync_directory(site.paths.root)


def _open_databases(
    site: Site, undo: contextlib.ExitStack
) -> tuple[dict[Database, JournalDatabase], tuple[Database, ...]]:
    databases, fresh = {}, []
    for database, path in ((Database.INDEX, site.paths.index_db), (Database.META, site.paths.meta_db)):
        databases[database], is_new = open_database(path, database, site.kinds)
        undo.callback(databases[database].connection.close)
        if is_new:
            fresh.append(database)
    return databases, tuple(fresh)


def _settle_all(
    site: Site,
    databases: Mapping[Database, JournalDatabase],
    rebuilt: Sequence[Database],
    known_ends: Mapping[SegmentClass, KnownEnd],
    plan: SpacePlan,
    undo: contextlib.ExitStack,
) -> list[ClassLog]:
    logs = []
    applied = databases[Database.INDEX].applied if Database.INDEX not in rebuilt else {}
    for name in SegmentClass:
        task = Settling(
            files=site.files,
            directory=site.paths.segments / name.value,
            segment_class=name,
            applied=applied.get(name),
            known_end=known_ends.get(name),
            step=plan.preallocate,
            writable=True,
        )
        logs.append(settle_class(task))
        if (reopened := logs[-1].open) is not None:
            undo.callback(reopened.close)
    return logs


def _open_segments(
    site: Site, logs: Sequence[ClassLog], plan: SpacePlan, undo: contextlib.ExitStack
) -> dict[SegmentClass, OpenSegment]:
    segments = {}
    for settled in logs:
        name = settled.segment_class
        if settled.open is None:
            directory = site.paths.segments / name.value
            settled.open = create_segment(site.files, directory, name, settled.next_number, site.random, plan)
            undo.callback(settled.open.close)
        segments[name] = settled.open
    return segments


def _is_ahead(index: JournalDatabase, logs: Sequence[ClassLog]) -> bool:
    """Whether the index has applied what the log does not hold: then its rows are not to be believed."""
    for settled in logs:
        mark = index.applied.get(settled.segment_class)
        if mark is None or not mark.offset:
            continue
        last = settled.stretches[-1] if settled.stretches else None
        if last is None or mark.segment > last.number or (mark.segment == last.number and mark.offset > last.end):
            return True
    return False


def _rebuild_index(
    site: Site,
    databases: dict[Database, JournalDatabase],
    rebuilt: tuple[Database, ...],
    undo: contextlib.ExitStack,
) -> tuple[Database, ...]:
    databases[Database.INDEX].close()
    aside = set_aside(site.paths.index_db)
    log.error("index.set_aside", renamed_to=aside.name)
    databases[Database.INDEX], _ = open_database(site.paths.index_db, Database.INDEX, site.kinds)
    undo.callback(databases[Database.INDEX].connection.close)
    return tuple(dict.fromkeys((*rebuilt, Database.INDEX)))


def _next_sequence(databases: Mapping[Database, JournalDatabase], logs: Sequence[ClassLog]) -> int:
    seen = [settled.last_sequence for settled in logs]
    seen += [mark.sequence for database in databases.values() for mark in database.applied.values()]
    return max(seen, default=0) + 1


def _reader(site: Site, logs: Sequence[ClassLog]) -> SegmentReader:
    reader = SegmentReader(site.files, site.paths.segments)
    for settled in logs:
        for stretch in settled.stretches:
            reader.know_salt(settled.segment_class, stretch.number, stretch.salt)
    return reader


def _damages(logs: Sequence[ClassLog], replay: Replay) -> tuple[Damage, ...]:
    found = [damage for settled in logs for damage in settled.damages] + replay.damages
    return tuple({damage.position: damage for damage in found}.values())


def _open_readable(site: Site, state: JournalState) -> Engine:
    identity = read_identity(site.paths, site.files)
    if identity is None:
        raise OSError(errno.EROFS, "there is no journal here and none can be made", str(site.paths.root))
    logs = []
    for name in SegmentClass:
        task = Settling(
            files=site.files,
            directory=site.paths.segments / name.value,
            segment_class=name,
            applied=None,
            known_end=None,
            step=0,
            writable=False,
        )
        logs.append(settle_class(task))
    replayer = partial(Replay, site.files, site.paths, site.kinds)
    databases, replay = open_unwritable(site.paths, site.kinds, logs, replayer)
    recovery = Recovery(replay.records, 0, (), _damages(logs, replay))
    return Engine(identity, state, databases, _reader(site, logs), None, recovery)
