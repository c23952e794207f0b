"""What the journal's tests share: four kinds of record, a clock, and short ways to an engine and a journal."""

import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from edge_node.base.clock import ClockQuality
from edge_node.journal import Database, Draft, FileLayer, Journal, Kind, OsFiles, Record, SegmentClass, open_journal
from edge_node.journal.engine import Engine, Site, open_engine
from edge_node.journal.kinds import Batch, KindTable
from edge_node.paths import Paths
from edge_node.settings.tree import JournalSettings

NOTE, BLOB, FACT, ERASE = 1, 2, 3, 4
SMALL = JournalSettings(segment_bytes=16 * 1024, preallocate_bytes=4 * 1024, reserve_bytes=0, free_min_bytes=0)

ROWS = "CREATE TABLE IF NOT EXISTS rows(sequence INTEGER PRIMARY KEY, kind, class, segment, place, size, cid, item);"
FACTS = "CREATE TABLE IF NOT EXISTS facts(sequence INTEGER PRIMARY KEY, kind, class, segment, place, size, cid, item);"


class StillClock:
    """Time that stands unless it is moved."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


def item_of(payload: bytes) -> bytes:
    """What the rig's kinds keep of a payload."""
    return bytes(payload[:16])


def inserter(table: str, number: int, watch: Callable[[], None]) -> Callable[[sqlite3.Connection, Batch], None]:
    def apply(connection: sqlite3.Connection, batch: Batch) -> None:
        watch()
        rows = [(p.sequence, number, p.position[0].value, *p.position[1:], p.payload_bytes, p.cid, i) for p, i in batch]
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    return apply


def replay(record: Record) -> bytes:
    return item_of(record.payload)


def rig_kinds(watch: Callable[[], None] = lambda: None) -> list[Kind]:
    """NOTE in ev, BLOB in px, FACT in rc and meta.db, ERASE in rc and allowed when space is short."""
    shape = [
        (NOTE, SegmentClass.EV, Database.INDEX, ROWS, "rows"),
        (BLOB, SegmentClass.PX, Database.INDEX, ROWS, "rows"),
        (FACT, SegmentClass.RC, Database.META, FACTS, "facts"),
        (ERASE, SegmentClass.RC, Database.INDEX, ROWS, "rows"),
    ]
    return [
        Kind(
            number=number,
            version=1,
            segment_class=name,
            database=database,
            schema=schema,
            apply=inserter(table, number, watch),
            replay=replay,
            frees_space=number == ERASE,
        )
        for number, name, database, schema, table in shape
    ]


def draft(kind: int, payload: bytes, cid: bytes = b"") -> Draft:
    return Draft(kind, 1, cid, payload, item_of(payload))


def rig_site(
    root: Path,
    files: FileLayer | None = None,
    *,
    settings: JournalSettings = SMALL,
    kinds: Sequence[Kind] | None = None,
    random: Callable[[int], bytes] = os.urandom,
    clock: StillClock | None = None,
) -> Site:
    return Site(
        paths=Paths(root),
        settings=settings,
        kinds=KindTable(rig_kinds() if kinds is None else kinds),
        files=files or OsFiles(),
        random=random,
        clock=clock or StillClock(),
    )


def open_rig(root: Path, files: FileLayer | None = None, **options) -> Engine:
    return open_engine(rig_site(root, files, **options), {})


def rows(root: Path) -> list[tuple]:
    """All rows both databases hold, by sequence."""
    found = []
    for path, table in ((Paths(root).index_db, "rows"), (Paths(root).meta_db, "facts")):
        connection = sqlite3.connect(path)
        found += connection.execute(f"SELECT * FROM {table}").fetchall()
        connection.close()
    return sorted(found)


def open_door(root: Path, files: FileLayer | None = None, **options) -> Journal:
    return open_journal(
        Paths(root),
        options.pop("settings", SMALL),
        options.pop("kinds", None) or rig_kinds(),
        random=os.urandom,
        clock=options.pop("clock", None) or StillClock(),
        files=files,
        **options,
    )


@asynccontextmanager
async def running(journal: Journal) -> AsyncGenerator[Journal, None]:
    """The journal with its writer at work; closed in the end."""
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            yield journal
            nursery.cancel_scope.cancel()
    finally:
        await journal.flush_and_close()
