"""The databases on a disk that cannot be written: used in place when complete, else copied to memory and caught up."""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge_node.journal.index import (
    APPLICATION_IDS,
    Applied,
    JournalDatabase,
    Outdated,
    create_tables,
    require_known_format,
    require_schema,
)
from edge_node.journal.kinds import Database, KindTable
from edge_node.journal.replay import Replay
from edge_node.journal.settle import ClassLog
from edge_node.paths import Paths

_serial = itertools.count()  # names of in-memory databases are shared over the process


def open_unwritable(
    paths: Paths,
    kinds: KindTable,
    logs: Sequence[ClassLog],
    replayer: Callable[[Mapping[Database, JournalDatabase]], Replay],
) -> tuple[dict[Database, JournalDatabase], Replay]:
    """Databases that show the whole log without a byte being written to the disk."""
    databases = {
        Database.INDEX: _open(paths.index_db, Database.INDEX, kinds, logs),
        Database.META: _open(paths.meta_db, Database.META, kinds, logs),
    }
    replay = replayer(databases)
    replay.run(logs)
    return databases, replay


def _open(path: Path, database: Database, kinds: KindTable, logs: Sequence[ClassLog]) -> JournalDatabase:
    source = _readable(path, database, kinds)
    if source is not None and _is_complete(path, source, logs):
        return source
    uri = f"file:edge-node-{database.value}-{next(_serial)}?mode=memory&cache=shared"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    if source is not None:
        with contextlib.closing(source.connection):
            source.connection.backup(connection)
    create_tables(connection, kinds, database)
    return JournalDatabase(connection, database, uri)


def _readable(path: Path, database: Database, kinds: KindTable) -> JournalDatabase | None:
    """The database file as it lies on the disk, without its write-ahead log; None when it cannot serve as a start."""
    uri = f"{path.as_uri()}?immutable=1"
    # An unreadable file is as good as none: the log fills the copy.
    with contextlib.suppress(sqlite3.DatabaseError, Outdated), contextlib.ExitStack() as undo:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        undo.callback(connection.close)
        if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_IDS[database]:
            require_known_format(connection, path)
            require_schema(connection, kinds, database)
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                opened = JournalDatabase(connection, database, uri)
                undo.pop_all()
                return opened
    return None


def _is_complete(path: Path, source: JournalDatabase, logs: Sequence[ClassLog]) -> bool:
    """Whether nothing would have to be applied: then the file is read where it lies, whatever its size."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return False
    for settled in logs:
        if settled.stretches:
            last = settled.stretches[-1]
            wanted = Applied(last.number, last.end, settled.last_sequence, last.salt)
            if source.applied.get(settled.segment_class) != wanted:
                return False
    return True
