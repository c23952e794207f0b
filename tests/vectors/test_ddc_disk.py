"""A released directory of a storage node opens: as it was left, read only, and with its databases made from the log."""

import errno
import json
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.activity.rows import Totals, find_unfinished, list_totals
from edge_node.base.ids import Cid
from edge_node.journal import Database, Inspection, Mode, OsFiles, Position, SegmentClass, inspect_segments
from edge_node.paths import Paths
from edge_node.store.bucket_view import view_buckets
from edge_node.store.errors import UnknownPiece
from edge_node.store.streams.records import decode_retention
from edge_node.store.streams.retention_rows import find_anchors
from edge_node.trust.access import Verb, stream_resource
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.retention_anchor import open_anchor
from edge_node.trust.token_revocation_rows import load_revocations
from edge_node.wire.cid import format_cid, parse_cid
from tests.journal.faulty import FaultyFiles
from tests.store.name_rig import signed_record
from tests.vectors.make_ddc_disk import (
    BOBS,
    CONTENTS,
    DEVICE,
    EDITH,
    EDITHS,
    NODE,
    STREAM,
    T_MS,
    VAULT,
    MovedClock,
    Rooms,
    rooms_over,
)

GOLDEN = sorted((Path(__file__).parent / "ddc_disk").iterdir())
LOST = [(), ("index.db",), ("meta.db",), ("index.db", "meta.db")]
# Of each kind, how many: a release that wrote others would still have to read these.
KINDS = {1: 4, 3: 1, 4: 1, 7: 1, 8: 3, 10: 3, 11: 1, 12: 1, 13: 3, 14: 4, 15: 8, 16: 2}
WRITES = {"create", "open_write", "pwritev", "fdatasync", "truncate", "allocate", "rename", "unlink", "sync_directory"}
NO_BOOT = bytes(8)


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A copy of a released directory and what was put in; the released one itself is never opened."""
    before = contents_of(request.param)
    root = tmp_path / "data"
    shutil.copytree(request.param, root)
    facts = json.loads((root / "FACTS.json").read_text())
    (root / "FACTS.json").unlink()
    yield root, facts
    assert contents_of(request.param) == before


def contents_of(root: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def lose(root: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (root / name).unlink()


@asynccontextmanager
async def opened(root: Path, files: FaultyFiles | None = None) -> AsyncGenerator[Rooms, None]:
    """Today's rooms over the directory, an hour later."""
    async with rooms_over(root, MovedClock(T_MS + 3_600_000), first_random=50, files=files) as rooms:
        assert [device.name for device in rooms.devices.list()] == ["golden"]
        yield rooms


@pytest.mark.parametrize("lost", LOST, ids=str)
async def test_it_opens_and_goes_on(golden: tuple[Path, dict[str, Any]], lost: tuple[str, ...]) -> None:
    """Everything that was put in is there and nothing else; the minute that was left is finished; new records follow.

    What is made of the log a second time, of old and new records together, is the same again.
    """
    root, facts = golden
    lose(root, lost)
    async with opened(root) as rooms:
        assert rooms.journal.state.mode is Mode.WRITABLE
        await holds(rooms, facts)
        assert await totals(rooms, EDITHS) == facts["activity"][str(EDITHS)]
        await rooms.capture._flush()
        assert await totals(rooms, EDITHS) == facts["activity"]["recovered"]
        bucket = await rooms.bucket(BOBS)
        record = signed_record(EDITH, bytes(parse_cid(facts["node"]["cid"])), "later", None)
        await rooms.names.put(rooms.may(bucket, Verb.PUT), bucket, record)
    facts["names"][str(BOBS)]["later"] = facts["node"]["cid"]
    for again in ((), ("index.db", "meta.db")):
        lose(root, again)
        async with opened(root) as rooms:
            await holds(rooms, facts)
            assert await totals(rooms, EDITHS) == facts["activity"]["recovered"]
            assert await rooms.journal.query(find_unfinished, NO_BOOT) == ([], frozenset())


@pytest.mark.parametrize("lost", LOST, ids=str)
async def test_it_opens_on_a_disk_that_takes_nothing(
    golden: tuple[Path, dict[str, Any]], lost: tuple[str, ...]
) -> None:
    """It is all there to be read, also what must be made of the log in memory, and no file is changed.

    When the disk takes something again, the same directory opens as if nothing had been.
    """
    root, facts = golden
    lose(root, lost)
    before, files = contents_of(root), FaultyFiles()
    files.guard = lambda operation, _name: OSError(errno.EROFS, "read-only") if operation in WRITES else None
    async with opened(root, files) as rooms:
        assert rooms.journal.state.mode is Mode.READ_ONLY
        await holds(rooms, facts)
        assert await totals(rooms, EDITHS) == facts["activity"][str(EDITHS)]
    assert {name: content for name, content in contents_of(root).items() if name in before} == before
    async with opened(root) as rooms:
        assert rooms.journal.state.mode is Mode.WRITABLE
        await holds(rooms, facts)


def test_every_record_in_it_is_sound(golden: tuple[Path, dict[str, Any]]) -> None:
    """As many of each kind as were written, every digest right, by a look that changes nothing and asks no database."""
    root, _ = golden
    lose(root, ("index.db", "meta.db"))
    before = contents_of(root)
    look = Inspection(files=OsFiles(), paths=Paths(root), applied={}, running=False, deep=True)
    states = inspect_segments(look)
    assert [fault for state in states for fault in state.faults] == []
    assert sum(state.records for state in states) == sum(KINDS.values())
    found = Counter(kind for path in root.glob("seg/*/*.seg") for kind in kinds_in(path.read_bytes()))
    assert found == KINDS
    assert contents_of(root) == before


def test_it_is_small_and_holds_no_key(golden: tuple[Path, dict[str, Any]]) -> None:
    """A clone of the repository fetches it."""
    files = contents_of(golden[0])
    assert sum(map(len, files.values())) < 200_000
    assert {Path(name).suffix for name in files} == {"", ".db", ".seg"}
    assert not [name for name in files if name.startswith("keys")]


def kinds_in(segment: bytes) -> Iterator[int]:
    """The kind of every record, as docs/specs/journal.md says how to walk them."""
    at = 64
    while segment[at : at + 4] == b"EDR1":
        yield segment[at + 4]
        at = (at + 100 + int.from_bytes(segment[at + 8 : at + 12], "little") + 7) // 8 * 8


async def holds(rooms: Rooms, facts: dict[str, Any]) -> None:
    """Raise unless exactly the facts are found, by the doors that serve them."""
    await holds_contents(rooms, facts)
    await holds_names(rooms, facts)
    await holds_stream(rooms, facts["stream"])
    stored = await rooms.journal.query(load_revocations, database=Database.META)
    seen = [[one.by.value, one.subject.hex(), one.until_ms, one.t_ms, one.note] for one in stored]
    assert sorted(seen) == sorted(facts["revocations"])
    horizons = await rooms.journal.query(load_horizons, database=Database.META)
    assert {key.hex(): t_ms for key, t_ms in horizons.items()} == facts["horizons"]
    assert await totals(rooms, BOBS) == facts["activity"][str(BOBS)]


async def holds_contents(rooms: Rooms, facts: dict[str, Any]) -> None:
    """Buckets, pieces, the file, the node."""
    ediths = await rooms.bucket(EDITHS)
    for name, text in facts["contents"].items():
        if name == "gone":
            with pytest.raises(UnknownPiece):
                await read(rooms, EDITHS, parse_cid(text))
        else:
            assert await read(rooms, EDITHS, parse_cid(text)) == CONTENTS[name]
    assert await read(rooms, BOBS, parse_cid(facts["contents"]["a"])) == CONTENTS["a"]
    with pytest.raises(UnknownPiece):
        await read(rooms, BOBS, parse_cid(facts["contents"]["b"]))
    whole = b"".join(CONTENTS[part] for part in facts["file"]["parts"])
    assert await read(rooms, EDITHS, parse_cid(facts["file"]["cid"])) == whole
    node = await rooms.dag.get(rooms.may(ediths, Verb.GET), ediths, parse_cid(facts["node"]["cid"]))
    assert node.raw.hex() == facts["node"]["raw"]
    reached = await rooms.dag.walk(rooms.may(ediths, Verb.GET), ediths, node.cid, "all")
    assert format_cid(reached.cid) == facts["file"]["cid"]
    figures = {row.id: row for row in await view_buckets(rooms.journal, rooms.buckets)}
    assert figures.keys() == {EDITHS, BOBS}
    raw = len(bytes.fromhex(facts["node"]["raw"]))
    assert (figures[EDITHS].pieces, figures[EDITHS].bytes) == (4, len(CONTENTS["a"]) + len(CONTENTS["b"]) + raw)
    assert (figures[BOBS].pieces, figures[BOBS].bytes) == (1, len(CONTENTS["a"]))


async def read(rooms: Rooms, number: int, cid: Cid) -> bytes:
    """A file of a bucket, whole."""
    bucket = await rooms.bucket(number)
    file = await rooms.files.open(rooms.may(bucket, Verb.GET), bucket, cid)
    async with aclosing(rooms.files.read(file)) as parts:
        return b"".join([part async for part in parts])


async def holds_names(rooms: Rooms, facts: dict[str, Any]) -> None:
    """Every name leads where its last record says, and there are no others."""
    for number, names in facts["names"].items():
        listed = await rooms.names.list(int(number))
        assert {one.name: format_cid(one.cid) for one in listed} == names
        bucket = await rooms.bucket(int(number))
        for name, cid in names.items():
            found = await rooms.names.get(rooms.may(bucket, Verb.GET), bucket, name)
            assert found is not None
            assert format_cid(found.cid) == cid


async def holds_stream(rooms: Rooms, facts: dict[str, Any]) -> None:
    """The bodies that were not removed, and the anchor that vouches for those that were."""
    may_read = rooms.access.decide(DEVICE.public, stream_resource(VAULT, STREAM), Verb.READ, T_MS)
    page = json.loads(await rooms.topics.read_page(may_read, VAULT, STREAM, facts["first"], 10, proof=True))
    assert [
        {"offset": event["offset"], "cid": event["cid"], "event": event["event"]} for event in page["events"]
    ] == facts["bodies"]
    found = await rooms.journal.query(find_anchors, VAULT, STREAM, 1, 10)
    assert found is not None
    (row,) = found[1]
    record = decode_retention(rooms.journal.read(row.position).payload)
    anchor = open_anchor(record.document, record.certificate, NODE)
    assert (anchor.number, anchor.start, anchor.first, anchor.bodies) == (1, 0, facts["first"], 1)


async def totals(rooms: Rooms, bucket: int) -> list[int]:
    """What the records of a bucket add up to, each read where the index says that it lies."""
    rows = await rooms.journal.query(
        lambda conn: conn.execute("SELECT segment, position FROM activity ORDER BY sequence").fetchall()
    )
    for row in rows:
        record = await trio.to_thread.run_sync(rooms.journal.read, Position(SegmentClass.RC, *row))
        assert record.kind == 15
    return list((await rooms.journal.query(list_totals)).get(bucket, Totals()))
