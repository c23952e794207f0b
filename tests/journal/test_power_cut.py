"""Durability's proof: whatever the power takes at whatever moment, nothing acknowledged is lost or wrong."""

import contextlib
import os
import random  # noqa: TID251 - a seeded model of chance, so that every run is the same
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.journal import Draft, JournalError, Position, SegmentClass
from edge_node.journal import round as round_layout
from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine, open_engine
from tests.journal.power import ForgetsNames, NeverSyncs, PowerCut, PowerDisk
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, draft, item_of, rig_kinds, rig_site, rows

SEEDS = int(os.environ.get("EDGE_NODE_POWER_SEEDS", "1000"))
CHUNK = 100
MUTANT_SEEDS = 40
KILLS = 0.3  # share of epochs that end with the process alone: the page cache outlives it, and the next cut may take it
SHARED_MEMORY = Path("/dev/shm")
KINDS = (NOTE, NOTE, BLOB, FACT, ERASE)


class Lost(AssertionError):
    """Something acknowledged is not there, or something that is there was never written."""


class Trial:
    """One seed: epochs of writing, each ended by a power cut, and what must still be there."""

    def __init__(self, seed: int, folder: Path, disk_type: type[PowerDisk] = PowerDisk) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.disk = disk_type(self.chance)
        self.disk.folders.add(folder)
        self.acknowledged: dict[Position, tuple[int, bytes]] = {}
        self.submitted: set[bytes] = set()

    def run(self) -> None:
        """Raise Lost if any promise is broken."""
        for _ in range(self.chance.choice((1, 2, 4))):
            self.disk.cut_at = self.disk.operations + self.chance.randrange(1, self.chance.choice((30, 160, 500)))
            killed = self.chance.random() < KILLS
            self.live(killed=killed)
            self.disk = self.disk.after_kill() if killed else self.disk.after_cut()
        engine = self.open()
        self.check(engine)
        engine.close(clean=True)
        self.check_rebuild()

    def open(self) -> Engine:
        return open_engine(rig_site(self.folder, self.disk, kinds=rig_kinds(self.disk.tick)), {})

    def live(self, *, killed: bool) -> None:
        """Write until the power goes or the process is killed, or until there is nothing more to write."""
        engine = None
        with contextlib.suppress(PowerCut):
            engine = self.open()
            self.check(engine)
            for _ in range(self.chance.randrange(1, 120)):
                self.write(engine)
        remains = self.remains()
        if engine is not None:
            # Closing a connection folds its log in, which a power cut does not do: the files stay as they were.
            for database in engine.databases.values():
                database.connection.close()
        self.restore(remains)
        if not killed:
            self.take_power_from_databases()

    def write(self, engine: Engine) -> None:
        sizes = (1, 1, 2, 4)
        tickets = [
            [self.draft() for _ in range(self.chance.choice(sizes))] for _ in range(self.chance.choice((1, 2, 5)))
        ]
        assert engine.stage is not None
        if self.chance.random() < 0.2:
            # The round stays open for a while, as it does for extents that nobody waits for yet.
            first = [[self.draft()] for _ in range(self.chance.choice((1, 3)))]
            assert engine.stage.write(first, finish=False) == []
            outcome, tickets = engine.stage.write(tickets), first + tickets
        else:
            outcome = engine.stage.write(tickets)
        assert not isinstance(outcome, Setback), outcome
        for drafts, places in zip(tickets, outcome, strict=True):
            for one, placed in zip(drafts, places, strict=True):
                self.acknowledged[placed.position] = one.kind, one.payload

    def draft(self) -> Draft:
        size = self.chance.choice((0, 1, 20, 300, 300, 5000, 9000))
        payload = self.chance.randbytes(8) + b"EDR1" * (size // 4)
        self.submitted.add(payload)
        return draft(self.chance.choice(KINDS), payload)

    def remains(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.glob("*.db*") if not path.name.endswith("-shm")}

    def restore(self, remains: dict[str, bytes]) -> None:
        for path in self.folder.glob("*.db*"):
            path.unlink()
        for name, content in remains.items():
            (self.folder / name).write_bytes(content)

    def take_power_from_databases(self) -> None:
        """index.db may lose its log, the log's end, or all; meta.db syncs each commit."""
        fate = self.chance.choice(("whole", "whole", "cut", "cut", "garbled", "no log", "lost"))
        log = self.folder / "index.db-wal"
        if fate == "lost":
            self.folder.joinpath("index.db").unlink(missing_ok=True)
        elif fate != "whole" and log.exists():
            content = log.read_bytes()
            at = 0 if fate == "no log" else self.chance.randrange(len(content) + 1)
            log.write_bytes(content[:at] + bytes(len(content) - at if fate == "garbled" else 0))

    def check(self, engine: Engine) -> None:
        """Everything acknowledged is there and verified; everything else that is there was written by us, whole."""
        for position, (kind, payload) in self.acknowledged.items():
            self.expect(engine, position, kind, payload)
        found = {}
        for database, table in zip(engine.databases.values(), ("rows", "facts"), strict=True):
            for row in database.connection.execute(f"SELECT * FROM {table}"):
                found[Position(SegmentClass(row[2]), row[3], row[4])] = row
        for position, (kind, payload) in self.acknowledged.items():
            row = found.pop(position, None)
            if row is None or (row[1], row[5], row[7]) != (kind, len(payload), item_of(payload)):
                raise Lost(f"no right row for {position}")
        for position in found:
            self.acknowledged[position] = self.revived(engine, position)

    def expect(self, engine: Engine, position: Position, kind: int, payload: bytes) -> None:
        try:
            record = engine.reader.read(position)
        except JournalError as error:
            raise Lost(str(error)) from None
        if (record.kind, record.payload) != (kind, payload):
            raise Lost(f"another record at {position}")

    def revived(self, engine: Engine, position: Position) -> tuple[int, bytes]:
        """A record that was under way when the power went may have come through, and then it counts."""
        try:
            record = engine.reader.read(position)
        except JournalError as error:
            raise Lost(f"a row without its record: {error}") from None
        if record.payload not in self.submitted:
            raise Lost(f"a record that nobody wrote at {position}")
        return record.kind, record.payload

    def check_rebuild(self) -> None:
        before = rows(self.folder)
        self.restore({})
        self.open().close(clean=True)
        if rows(self.folder) != before:
            raise Lost("the rebuilt databases differ from those that were kept up")


@pytest.fixture(autouse=True)
def early(monkeypatch) -> None:
    """Extents leave for the medium before their round is complete; the trial's records are small, so this is too."""
    monkeypatch.setattr(round_layout, "EARLY_BYTES", 4096)


@pytest.fixture
def fast() -> Iterator[Path]:
    """A folder in memory if there is one: the databases' syncs are real and would only cost time."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as name:
        yield Path(name)


def outcomes(seeds: range, base: Path, disk_type: type[PowerDisk]) -> dict[int, str]:
    """The seeds that lost something, with what."""
    lost = {}
    for seed in seeds:
        folder = base / str(seed)
        folder.mkdir()
        try:
            Trial(seed, folder, disk_type).run()
        except (Lost, JournalError) as error:
            lost[seed] = str(error)
        shutil.rmtree(folder)
    return lost


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_power_cut_loses_what_was_acknowledged(first: int, fast: Path) -> None:
    """Unsynced pages and names dropped or kept, the index lost or cut: what was acknowledged is there, verified."""
    assert outcomes(range(first, min(first + CHUNK, SEEDS)), fast, PowerDisk) == {}


def test_a_disk_that_never_syncs_is_caught(fast: Path) -> None:
    """The model is worth something: without fdatasync it finds acknowledged records lost."""
    assert outcomes(range(MUTANT_SEEDS), fast, NeverSyncs) != {}


def test_a_disk_that_forgets_names_is_caught(fast: Path) -> None:
    """Without a directory's fsync, whole segments vanish, and the model finds that too."""
    assert outcomes(range(MUTANT_SEEDS), fast, ForgetsNames) != {}
