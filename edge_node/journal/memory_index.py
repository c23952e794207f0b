"""The databases on a disk that cannot be written: used in place when complete, else copied to memory and caught up."""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge_node.journal.errors import NewerFormat
from edge_node.journal.index import (
    APPLICATION_IDS,
    DATABASE_FORMAT,
    JournalDatabase,
    create_tables,
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
        Database.INDEX: _in_memory(paths.index_db, Database.INDEX, kinds),
        Database.META: _in_memory(paths.meta_db, Database.META, kinds),
    }
    replay = replayer(databases)
    replay.run(logs)
    return databases, replay


def _in_memory(path: Path, database: Database, kinds: KindTable) -> JournalDatabase:
    uri = f"file:edge-node-{database.value}-{next(_serial)}?mode=memory&cache=shared"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    with contextlib.suppress(sqlite3.DatabaseError):
        # An unreadable file is as good as none: the log fills the copy.
        _copy(path, database, connection)
    create_tables(connection, kinds, database)
    return JournalDatabase(connection, database, uri)


def _copy(path: Path, database: Database, target: sqlite3.Connection) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as source:
        if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_IDS[database]:
            return
        version = source.execute("PRAGMA user_version").fetchone()[0]
        if version > DATABASE_FORMAT:
            raise NewerFormat(str(path), version, DATABASE_FORMAT)
        source.backup(target)
