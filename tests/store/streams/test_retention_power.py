"""Retention under power cuts: whatever is lost at whatever moment, no row speaks of a record that is gone."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from edge_node.base.ids import StreamName
from edge_node.journal import Database, Draft, JournalError, Placed, Position, SegmentClass
from edge_node.journal.catalogue import unlink_segment
from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine, open_engine
from edge_node.kinds import NODE_KINDS
from edge_node.settings import RetentionPolicy
from edge_node.store.streams.records import EVENTS_KIND, VERSION, EventsRecord, decode_events, encode_record
from edge_node.store.streams.retainer import _make_draft
from edge_node.store.streams.retention import plan_removal
from edge_node.store.streams.retention_rows import find_dead_segments, read_oldest
from edge_node.store.streams.rows import item_of
from edge_node.trust.key_certificate import KeyCertificate, KeyUse, certify_key
from edge_node.trust.receipt_key import ReceiptIdentity
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.cid import raw_piece_cid
from tests.journal.power import PowerDisk
from tests.journal.rig import rig_site
from tests.journal.test_power_cut import Lost, Trial
from tests.store.rig import NOW_MS, vault_of
from tests.store.streams.test_retainer import facts

SEEDS = int(os.environ.get("EDGE_NODE_POWER_SEEDS", "1000")) // 5
CHUNK = 50
SHARED_MEMORY = Path("/dev/shm")
VAULT = vault_of("ann")
STREAMS = (StreamName("site/a"), StreamName("site/b"))
KEYS = [bytes([number]) * 32 for number in (1, 2)]
RECEIPT = SigningKey.from_seed(b"\x06" * 32)
VOUCHED = KeyCertificate(use=KeyUse.RECEIPT, key=RECEIPT.public, not_before=0, not_after=2**52, serial=1)
IDENTITY = ReceiptIdentity(RECEIPT, certify_key(SigningKey.from_seed(b"\x01" * 32), VOUCHED), VOUCHED)


class RetentionTrial(Trial):
    """Epochs of posts, removals and drops of segments, each ended by a cut."""

    def __init__(self, seed: int, folder: Path, disk_type: type[PowerDisk] = PowerDisk) -> None:
        super().__init__(seed, folder, disk_type)
        self.bodies: dict[tuple[str, int], bytes] = {}
        self.first = dict.fromkeys(STREAMS, 0)
        self.seq = 0
        self.removed = self.dropped = 0

    @cached_property
    def directory(self) -> Path:
        return self.folder / "seg" / SegmentClass.EV.value

    def open(self) -> Engine:
        return open_engine(rig_site(self.folder, self.disk, kinds=NODE_KINDS), {})

    def write(self, engine: Engine) -> None:
        match self.chance.choice(("post", "post", "post", "remove", "drop")):
            case "post":
                self.post(engine)
            case "remove":
                self.remove(engine)
            case "drop":
                self.drop(engine)

    def post(self, engine: Engine) -> None:
        heads = dict(index_of(engine).execute("SELECT name, next_offset FROM streams"))
        drafts, fresh = [], {}
        for _ in range(self.chance.choice((1, 2, 4))):
            stream = self.chance.choice(STREAMS)
            drafts.append(self.body(stream, heads.get(stream, 0), fresh))
            heads[stream] = heads.get(stream, 0) + drafts[-1].item.count
        self.land(engine, drafts)
        self.bodies.update(fresh)

    def body(self, stream: StreamName, offset: int, fresh: dict[tuple[str, int], bytes]) -> Draft:
        self.seq += 1
        content = self.chance.randbytes(self.chance.choice((10, 300, 3_000)))
        record = EventsRecord(
            EVENTS_KIND, VERSION, stream, offset, self.chance.choice((1, 5)), 0, self.chance.choice(KEYS), bytes(VAULT),
            "a/b", self.seq, 0, 2, bytes(64), NOW_MS + self.seq, 2, False, "test", "", content,
        )  # fmt: skip
        fresh[stream, offset] = content
        return Draft(EVENTS_KIND, VERSION, raw_piece_cid(content), encode_record(record), item_of(record))

    def remove(self, engine: Engine) -> None:
        stream = self.chance.choice(STREAMS)
        oldest = read_oldest(index_of(engine), VAULT, stream, self.chance.choice((1, 3, 20)))
        if oldest is None:
            return
        policy = RetentionPolicy(bytes_max=self.chance.choice((0, 2_000, 10_000)))
        plan = plan_removal(policy, oldest.facts, [kept.body for kept in oldest.bodies], NOW_MS)
        if plan is None:
            return
        gone, moment = oldest.bodies[: plan.bodies], (NOW_MS, 2)
        self.land(engine, [_make_draft(IDENTITY, VAULT, stream, oldest.anchored, gone, "policy", moment)])
        self.first[stream] = plan.first
        self.removed += plan.bodies

    def land(self, engine: Engine, drafts: list[Draft]) -> list[Placed]:
        assert engine.stage is not None
        outcome = engine.stage.write([drafts])
        assert not isinstance(outcome, Setback), outcome
        return outcome[0]

    def drop(self, engine: Engine) -> None:
        assert engine.stage is not None
        for number in find_dead_segments(index_of(engine), engine.stage.segments[SegmentClass.EV].number):
            unlink_segment(self.disk, self.directory, number)
            engine.reader.forget(SegmentClass.EV, number)
            self.dropped += 1

    def check(self, engine: Engine) -> None:
        """Rows and records agree, nothing acknowledged is missing, nothing that was removed is back."""
        rows = index_of(engine).execute(
            "SELECT name, first_offset, count, segment, position FROM bodies JOIN streams ON streams.id = bodies.stream"
        )
        held: dict[tuple[str, int], bytes] = {}
        ends = dict.fromkeys(STREAMS, 0)
        for name, offset, count, segment, position in rows:
            held[name, offset] = self.content(engine, Position(SegmentClass.EV, segment, position))
            ends[name] = max(ends[name], offset + count)
        for stream in STREAMS:
            self.check_stream(engine, stream, held, ends[stream])
        self.bodies = held

    def content(self, engine: Engine, position: Position) -> bytes:
        try:
            return decode_events(engine.reader.read(position).payload).body
        except JournalError as error:
            raise Lost(f"a row whose record is gone: {error}") from None

    def check_stream(self, engine: Engine, stream: str, held: dict[tuple[str, int], bytes], end: int) -> None:
        row: Any = (
            index_of(engine)
            .execute(
                "SELECT next_offset, (SELECT max(first_offset) FROM anchors WHERE stream = streams.id)"
                " FROM streams WHERE name = ?",
                (stream,),
            )
            .fetchone()
        )
        next_offset, first = (row[0], row[1] or 0) if row else (0, 0)
        if first < self.first[stream]:
            raise Lost(f"{stream}: an acknowledged anchor is gone")
        self.first[stream] = first  # an anchor that was under way may have come through
        for (name, offset), content in self.bodies.items():
            if name == stream and offset >= first and held.get((name, offset)) != content:
                raise Lost(f"{stream} {offset} is lost")
        if any(name == stream and offset < first for name, offset in held):
            raise Lost(f"{stream}: what was removed is back")
        if next_offset != max(end, first):
            raise Lost(f"{stream} ends at {next_offset}, its bodies at {end}, its anchor at {first}")

    def check_rebuild(self) -> None:
        before = facts(self.folder)
        self.restore({})
        self.open().close(clean=True)
        if facts(self.folder) != before:
            raise Lost("the rebuilt index differs from the one that was kept up")


def index_of(engine: Engine) -> sqlite3.Connection:
    return engine.databases[Database.INDEX].connection


@pytest.fixture
def fast() -> Iterator[Path]:
    """A folder in memory if there is one: the databases' syncs are real and would only cost time."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_power_cut_parts_the_index_from_the_log(first: int, fast: Path) -> None:
    """Seed by seed; removals and drops do happen in them."""
    lost, removed, dropped = {}, 0, 0
    for seed in range(first, min(first + CHUNK, SEEDS)):
        folder = fast / str(seed)
        folder.mkdir()
        trial = RetentionTrial(seed, folder)
        try:
            trial.run()
        except (Lost, JournalError) as error:
            lost[seed] = str(error)
        removed, dropped = removed + trial.removed, dropped + trial.dropped
    assert lost == {}
    assert removed > CHUNK
    assert dropped > 0
