"""chain.db: what was acknowledged is there after any end, and what is read back is proved before it is believed."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light import chain_db_file
from edge_node.chain_light.anchor_record import CHECKPOINT_SOURCE, Evidence
from edge_node.chain_light.chain_db import (
    ANCHORS_KEPT,
    DOCUMENTS_KEPT,
    HAND_OFFS_KEPT_MAX,
    HAND_OFFS_KEPT_MS,
    open_chain_db,
)
from edge_node.chain_light.chain_db_errors import ChainDbDamaged, ChainDbMisuse, ChainDbUnwritable
from edge_node.chain_light.checkpoint import NO_MARKS, Signers, sign_checkpoint
from edge_node.chain_light.kept_record import RecordNewer
from edge_node.paths import Paths
from edge_node.trust.keys import verify_signature
from tests.chain_light.steps import DAY_MS, GENESIS, NOW_MS, name, walk
from tests.chain_light.test_anchor_record import resealed
from tests.chain_light.test_checkpoint import GENESIS as OTHER_GENESIS
from tests.chain_light.test_checkpoint import GOOD, OPERATOR, RELEASE, opened

ROOT = Path(__file__).parents[2]
STEPS = walk(10)
PROOF = Evidence(
    genesis=GENESIS, kind="conflicting-finality", why="twice", source="ws://a", found_ms=NOW_MS, parts=(("a", b"1"),)
)


@pytest.fixture
def path(tmp_path):
    return Paths(tmp_path).chain_db


def anchors(path, genesis=GENESIS):
    """The anchors there are, newest first, by what tells them apart."""
    with closing(open_chain_db(path)) as db:
        return [name(one.anchor) for one in db.load(genesis).anchors]


def change(path, statement, *arguments):
    """What damage, or another release, does to a row."""
    with sqlite3.connect(path) as conn:
        assert conn.execute(statement, arguments).rowcount
    conn.close()


def test_an_empty_file_knows_nothing(path):
    """Of no network."""
    with closing(open_chain_db(path)) as db:
        for genesis in (None, GENESIS):
            loaded = db.load(genesis)
            assert (loaded.genesis, loaded.anchors, loaded.marks, loaded.hand_offs) == (genesis, (), NO_MARKS, 0)
            assert (loaded.evidence, loaded.halts, loaded.damaged) == ((), False, ())


def test_steps_are_there_after_the_end(path):
    """The newest three anchors, newest first, with how they came; every hand-off; each set that was followed."""
    with closing(open_chain_db(path)) as db:
        for one in STEPS[:4]:
            db.save(one)
        db.save_all([replace(one, boot="b", monotonic_ms=7) for one in STEPS[4:]])
    with closing(open_chain_db(path)) as db:
        loaded = db.load(GENESIS)
        assert [one.anchor for one in loaded.anchors] == [one.after for one in reversed(STEPS[-ANCHORS_KEPT:])]
        newest = loaded.anchors[0]
        assert (newest.source, newest.verified_ms) == (STEPS[-1].source, STEPS[-1].verified_ms)
        assert (newest.boot, newest.monotonic_ms) == ("b", 7)
        assert loaded.hand_offs == 3
        assert [one.header.number for one in db.hand_offs(GENESIS)] == [3, 6, 9]
        assert loaded.damaged == ()


def test_networks_are_kept_apart(path):
    """A development chain that began anew takes nothing from the one before, and is found by being the newest."""
    other = Hash256(bytes(32))
    with closing(open_chain_db(path)) as db:
        db.save(STEPS[0])
        db.save(replace(STEPS[1], genesis=other))
        assert db.load(None).genesis == other
        assert [len(db.load(genesis).anchors) for genesis in (GENESIS, other, OTHER_GENESIS)] == [1, 1, 0]


def test_a_hand_off_counts_once(path):
    """Though it comes again after a restart from an older anchor."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS[:3])
        db.save_all(STEPS[2:3])
        assert db.load(GENESIS).hand_offs == 1


def test_old_hand_offs_are_forgotten_by_their_slots_time(path):
    """Thirty days before the newest are kept, and the count says all there were; so are no more than the bound."""
    at = [replace(one, block_ms=NOW_MS + one.after.header.number * 10 * DAY_MS) for one in walk(14)]
    with closing(open_chain_db(path)) as db:
        for one in at:
            db.save(one)
        assert [one.header.number for one in db.hand_offs(GENESIS)] == [9, 12]
        assert db.load(GENESIS).hand_offs == 4
        assert at[11].block_ms - at[8].block_ms == HAND_OFFS_KEPT_MS
        change(path, "UPDATE hand_offs SET at_ms = at_ms + 1 WHERE number = 12")
        db.save(replace(at[2], block_ms=NOW_MS + 120 * DAY_MS))
        assert [one.header.number for one in db.hand_offs(GENESIS)] == [3, 12]
        many = [(GENESIS, number, NOW_MS + 200 * DAY_MS, b"") for number in range(100, 100 + HAND_OFFS_KEPT_MAX)]
        with sqlite3.connect(path) as conn:
            conn.executemany("INSERT INTO hand_offs(genesis, number, at_ms, record) VALUES (?, ?, ?, ?)", many)
        conn.close()
        db.save(replace(at[5], block_ms=NOW_MS + 200 * DAY_MS))
        with sqlite3.connect(path) as conn:
            assert conn.execute("SELECT count(*) FROM hand_offs").fetchone()[0] == HAND_OFFS_KEPT_MAX
        conn.close()


def test_a_checkpoint_is_kept_with_its_marks(path):
    """The document, the marks after it, and, where it leads, the anchor; each time the newest anchor is the last."""
    raw = sign_checkpoint(GOOD, RELEASE[:2])
    found = opened(raw)
    marks = NO_MARKS.after(found)
    with closing(open_chain_db(path)) as db:
        db.accept(found, raw, accepted_ms=NOW_MS, marks=marks, as_anchor=False)
        assert db.load(OTHER_GENESIS).anchors == ()
        db.accept(found, raw, accepted_ms=NOW_MS, marks=marks, as_anchor=True)
    with closing(open_chain_db(path)) as db:
        loaded = db.load(OTHER_GENESIS)
        assert [(one.anchor, one.source) for one in loaded.anchors] == [(GOOD.anchor, CHECKPOINT_SOURCE)]
        assert loaded.marks == marks
        assert [(one.raw, one.by) for one in db.checkpoints(OTHER_GENESIS)] == [(raw, Signers.RELEASE)] * 2
        with pytest.raises(ChainDbMisuse):
            db.accept(found, sign_checkpoint(replace(GOOD, counter=8), RELEASE), accepted_ms=0, marks=marks,
                      as_anchor=True)  # fmt: skip


def test_a_month_of_checkpoints_is_kept(path):
    """An anchor that stands on an older one has it in its own row."""
    with closing(open_chain_db(path)) as db:
        for counter in range(1, DOCUMENTS_KEPT + 3):
            raw = sign_checkpoint(replace(GOOD, counter=counter), [OPERATOR])
            db.accept(opened(raw), raw, accepted_ms=NOW_MS, marks=NO_MARKS, as_anchor=counter == 1)
        kept = db.checkpoints(OTHER_GENESIS)
        assert [one.checkpoint().counter for one in kept] == list(range(DOCUMENTS_KEPT + 2, 2, -1))
        loaded = db.load(OTHER_GENESIS)
        assert [one.anchor for one in loaded.anchors] == [GOOD.anchor]
        assert loaded.marks == NO_MARKS  # those that were given, as long as they can be read


def test_evidence_halts_until_it_is_settled(path):
    """It is kept for ever; what is shown again is not new, also after it was settled."""
    with closing(open_chain_db(path)) as db:
        db.save(STEPS[0], [PROOF])
        db.save_all([], [replace(PROOF, source="ws://b"), replace(PROOF, parts=(("a", b"2"),))])
        loaded = db.load(GENESIS)
        assert [one.evidence.parts[0][1] for one in loaded.evidence] == [b"1", b"2"]
        assert loaded.halts
        assert not db.load(OTHER_GENESIS).halts
        assert db.settle(GENESIS, NOW_MS) == 2
        db.save_all([], [PROOF])
        loaded = db.load(GENESIS)
        assert [one.settled_ms for one in loaded.evidence] == [NOW_MS, NOW_MS]
        assert not loaded.halts


def test_damaged_evidence_halts_too(path):
    """Rot of a row lets no client go on that was halted by it."""
    with closing(open_chain_db(path)) as db:
        db.save_all([], [PROOF])
        change(path, "UPDATE evidence SET record = x'00'")
        loaded = db.load(GENESIS)
        assert (loaded.evidence, loaded.halts) == ((), True)
        assert loaded.damaged == ("evidence 1: it has 1 bytes",)


@pytest.mark.parametrize("place", [0, 7, 60, 200, 400, -1])
def test_a_damaged_anchor_is_named_and_the_one_before_it_taken(path, place):
    """Wherever the byte is."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS)
        row, record = db._conn.execute("SELECT id, record FROM anchors ORDER BY id DESC LIMIT 1").fetchone()
        rotten = bytearray(record)
        rotten[place] ^= 0x10
        change(path, "UPDATE anchors SET record = ? WHERE id = ?", bytes(rotten), row)
        loaded = db.load(GENESIS)
        assert [one.anchor for one in loaded.anchors] == [STEPS[-2].after, STEPS[-3].after]
        assert len(loaded.damaged) == 1
        assert loaded.damaged[0].startswith(f"anchor {row}: ")


@pytest.mark.parametrize("value", ["CAST(x'ff00ff' AS TEXT)", "'words'", "7", "0.5", "x''"])
@pytest.mark.parametrize("table", ["anchors", "evidence", "documents", "hand_offs", "networks", "pins"])
def test_a_column_of_another_kind_is_damage(path, table, value):
    """One flipped bit in a row's head makes text, or a number, of bytes: that row is passed over, and no more."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS[:3], [PROOF])
        db.add_pin(b"one")
        found = opened(raw := sign_checkpoint(GOOD, RELEASE[:2]))
        db.accept(found, raw, accepted_ms=NOW_MS, marks=NO_MARKS.after(found), as_anchor=True)
    columns = {"networks": "marks", "pins": "raw"}
    newest = "genesis NOT NULL" if table == "networks" else f"id = (SELECT max(id) FROM {table})"
    change(path, f"UPDATE {table} SET {columns.get(table, 'record')} = {value} WHERE {newest}")
    change(path, "UPDATE networks SET hand_offs = 'many'")
    with closing(open_chain_db(path)) as db:
        assert db.load(None).genesis is not None
        assert db.load(GENESIS).anchors
        assert db.load(GENESIS).halts
        told = [*db.load(GENESIS).damaged, *db.load(OTHER_GENESIS).damaged, *db.pins()[1]]
        assert bool(told) is (table not in {"documents", "hand_offs"})
        assert len(db.hand_offs(GENESIS)) + len(db.checkpoints(OTHER_GENESIS)) >= 1


def test_an_anchor_that_is_not_proved_is_not_loaded(path):
    """A row whole in itself, which its voters did not sign; and one of another network in this one's place."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS[:2])
        record = db._conn.execute("SELECT record FROM anchors ORDER BY id DESC LIMIT 1").fetchone()[0]
        change(path, "UPDATE anchors SET record = ? WHERE id = 2", resealed(record, _4=1))
        assert [one.anchor for one in db.load(GENESIS).anchors] == [STEPS[0].after]
        change(path, "UPDATE anchors SET record = ? WHERE id = 2", resealed(record, _2=bytes(32)))
        assert db.load(GENESIS).damaged == ("anchor 2: it is of another network",)


def test_every_anchor_is_verified_when_it_is_loaded(path):
    """With each vote it needs: what was believed once is not believed for having been written down."""
    asked = []
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS)
        db.load(GENESIS, verify=lambda *vote: asked.append(vote) is None and verify_signature(*vote))
        assert len(asked) == 3 * ANCHORS_KEPT
        assert db.load(GENESIS, verify=lambda *_: False).anchors == ()


def test_marks_that_rotted_are_made_of_the_documents(path):
    """So that no older checkpoint comes in; that they rotted is named."""
    raw = sign_checkpoint(GOOD, RELEASE[:2])
    marks = NO_MARKS.after(opened(raw))
    with closing(open_chain_db(path)) as db:
        db.accept(opened(raw), raw, accepted_ms=NOW_MS, marks=marks, as_anchor=True)
        change(path, "UPDATE networks SET marks = x'00112233'")
        loaded = db.load(OTHER_GENESIS)
        assert loaded.marks == marks
        assert len(loaded.damaged) == 1
        assert loaded.damaged[0].startswith("marks row: ")


def test_rotten_hand_offs_and_documents_are_left_out(path):
    """The others are read."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS)
        raw = sign_checkpoint(GOOD, RELEASE[:2])
        db.accept(opened(raw), raw, accepted_ms=NOW_MS, marks=NO_MARKS, as_anchor=False)
        change(path, "UPDATE hand_offs SET record = zeroblob(99) WHERE number = 6")
        change(path, "UPDATE documents SET record = zeroblob(99)")
        assert [one.header.number for one in db.hand_offs(GENESIS)] == [3, 9]
        assert db.checkpoints(OTHER_GENESIS) == []


def test_a_row_of_a_later_release_is_refused_with_a_message(path):
    """It is not passed over as if it were damage: what it says may matter."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS)
        record = db._conn.execute("SELECT record FROM anchors ORDER BY id DESC LIMIT 1").fetchone()[0]
        change(path, "UPDATE anchors SET record = ?", resealed(record, _1=2))
        with pytest.raises(RecordNewer):
            db.load(GENESIS)


def test_pins_are_kept_once(path):
    """In the order they came, until others take their place; a damaged one is named."""
    with closing(open_chain_db(path)) as db:
        for raw in (b"one", b"two", b"one", b"three"):
            db.add_pin(raw)
        assert db.pins() == ([b"one", b"two", b"three"], [])
        db.add_pin(b"four", [b"two", b"unknown"])
    with closing(open_chain_db(path)) as db:
        change(path, "UPDATE pins SET raw = x'00' WHERE raw = ?", b"one")
        assert db.pins() == ([b"three", b"four"], ["pin 1: it is damaged"])


def test_a_file_set_aside_is_named_in_what_is_loaded(path):
    """Who sees no anchor also sees why."""
    path.write_bytes(b"rot" * 5_000)
    with closing(open_chain_db(path)) as db:
        assert db.aside == path.with_name("chain.db.corrupt-1")
        assert db.load(GENESIS).damaged == ("the whole file was damaged, and is now chain.db.corrupt-1",)
        db.save(STEPS[0])
    assert anchors(path) == [name(STEPS[0].after)]


def test_a_full_disk_is_named_and_changes_nothing(path):
    """Nor does it keep the next write from being tried, when there is room again."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS[:2])
        pages = db._conn.execute("PRAGMA page_count").fetchone()[0]
        db._conn.execute(f"PRAGMA max_page_count = {pages}")
        bulky = replace(PROOF, parts=(("a", bytes(100_000)),))
        with pytest.raises(ChainDbUnwritable, match=r"chain\.db cannot be written: .*full"):
            db.save(STEPS[2], [bulky])
        loaded = db.load(GENESIS)
        assert loaded.anchors[0].anchor == STEPS[1].after
        assert (loaded.hand_offs, loaded.evidence) == (0, ())
        db._conn.execute("PRAGMA max_page_count = 100000")
        db.save(STEPS[2], [bulky])
        assert db.load(GENESIS).anchors[0].anchor == STEPS[2].after


def test_a_read_only_disk_is_named_and_changes_nothing(path):
    """The same, of a disk that turned read-only underneath."""
    with closing(open_chain_db(path)) as db:
        db.save(STEPS[0])
        db._conn.execute("PRAGMA query_only = 1")
        for write in (lambda: db.save(STEPS[1]), lambda: db.add_pin(b"x"), lambda: db.settle(GENESIS, 1)):
            with pytest.raises(ChainDbUnwritable, match="readonly"):
                write()
        assert db.load(GENESIS).anchors[0].anchor == STEPS[0].after


def test_rot_found_while_it_is_open_is_named(path):
    """Reading and writing both say it; the next start sets the file aside."""
    with closing(open_chain_db(path)) as db:
        db.save_all(STEPS)
    rotten = bytearray(path.read_bytes())
    db = open_chain_db(path)
    rotten[4_096:] = os.urandom(len(rotten) - 4_096)
    path.write_bytes(rotten)
    db._conn.execute("PRAGMA shrink_memory")  # what it read when it opened is still good
    for use in (lambda: db.load(GENESIS), lambda: db.save(STEPS[0])):
        with pytest.raises(ChainDbDamaged):
            use()
    db.close()
    assert anchors(path) == []


def test_threads_take_turns(path):
    """Whoever writes and reads at once: every change is there, whole."""
    with closing(open_chain_db(path)) as db, ThreadPoolExecutor(4) as pool:
        done = [pool.submit(db.add_pin, bytes((place,))) for place in range(40)]
        done += [pool.submit(db.load, GENESIS) for _ in range(10)] + [pool.submit(db.save, one) for one in STEPS]
        for one in done:
            one.result()
        assert sorted(db.pins()[0]) == [bytes((place,)) for place in range(40)]
        assert db.load(GENESIS).hand_offs == 3


def test_a_file_that_another_process_writes_is_waited_for_and_then_told(path, monkeypatch):
    """Nothing has changed then, and the next write finds it free."""
    monkeypatch.setattr(chain_db_file, "BUSY_TIMEOUT_S", 0.01)
    with closing(open_chain_db(path)) as db, closing(sqlite3.connect(path, isolation_level=None)) as other:
        db.save(STEPS[0])
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ChainDbUnwritable, match="locked"):
            db.save(STEPS[1])
        assert db.load(GENESIS).anchors[0].anchor == STEPS[0].after
        other.execute("ROLLBACK")
        db.save(STEPS[1])
        assert db.load(GENESIS).anchors[0].anchor == STEPS[1].after


def test_a_forced_change_is_remembered(path):
    """The newest of each network; a row that is no numbers is none."""
    with closing(open_chain_db(path)) as db:
        db.save(STEPS[0])
        assert db.load(GENESIS).forced is None
        db.note_forced(GENESIS, 30, 8)
        db.note_forced(GENESIS, 42, 0)
        db.note_forced(OTHER_GENESIS, 50, 1)
    with closing(open_chain_db(path)) as db:
        assert db.load(GENESIS).forced == (42, 0)
        db._conn.execute("UPDATE forced SET number = 'torn' WHERE genesis = ?", (GENESIS,))
        assert db.load(GENESIS).forced is None


def test_an_error_of_ours_in_a_transaction_takes_it_back(path):
    """Whatever it is: half a step is never there."""
    with closing(open_chain_db(path)) as db:
        db.save(STEPS[0])
        with pytest.raises(AttributeError):
            db.save(STEPS[1], [None])
        assert db.load(GENESIS).anchors[0].anchor == STEPS[0].after
        db.save(STEPS[1])


def test_a_file_of_the_first_format_is_read(path):
    """As it was written when the format was fixed: every later release reads it, row by row."""
    with sqlite3.connect(path) as conn:
        conn.executescript((ROOT / "tests/vectors/chain/chain-db-v1.sql").read_text())
    conn.close()
    made = walk(4, every=3)
    raw = sign_checkpoint(GOOD, RELEASE[:2])
    with closing(open_chain_db(path)) as db:
        loaded, other = db.load(GENESIS), db.load(OTHER_GENESIS)
        assert [one.anchor for one in loaded.anchors] == [one.after for one in made[:0:-1]]
        assert {(one.source, one.boot, one.monotonic_ms) for one in loaded.anchors} == {(made[0].source, "0f2e", 7)}
        assert [one.verified_ms for one in loaded.anchors] == [one.verified_ms for one in made[:0:-1]]
        assert (loaded.hand_offs, loaded.halts, loaded.damaged) == (1, True, ())
        assert [one.evidence for one in loaded.evidence] == [PROOF]
        (hand_off,) = db.hand_offs(GENESIS)
        assert (hand_off.header, hand_off.set_id, hand_off.at_ms) == (made[2].after.header, 0, NOW_MS)
        assert hand_off.justification == made[2].justification
        assert [(one.anchor, one.source) for one in other.anchors] == [(GOOD.anchor, CHECKPOINT_SOURCE)]
        assert other.marks == NO_MARKS.after(opened(raw))
        assert [(one.raw, one.by, one.accepted_ms) for one in db.checkpoints(OTHER_GENESIS)] == [
            (raw, Signers.RELEASE, NOW_MS)
        ]
        assert [len(one) > 500 for one in db.pins()[0]] == [True]
        assert (loaded.forced, other.forced) == (None, (20_010, 12))
        assert (db.load(None).genesis, db.aside) == (OTHER_GENESIS, None)


# --- the end of the process, and of the power

CHILD = """
import os, signal, sys
from pathlib import Path
from edge_node.chain_light.chain_db import open_chain_db
from tests.chain_light.steps import walk
from tests.chain_light.test_chain_db import PROOF

STEPS = walk(3, every=2)
directory = Path(sys.argv[1])


def keep(kill_at):
    '''Keep the steps, and be killed before a statement; or, below zero, right after so many saves.'''
    said = open(directory / f"{kill_at}.said", "w", buffering=1)
    seen = 0

    def look(statement):
        nonlocal seen
        seen += 1
        if seen == kill_at:
            print("killed before", statement.split("(")[0].split()[0], file=said)
            os.kill(os.getpid(), signal.SIGKILL)

    db = open_chain_db(directory / f"{kill_at}.db")
    db._conn.set_trace_callback(look)
    for place, step in enumerate(STEPS):
        db.save(step, [PROOF] if place == 1 else [])
        print("kept", place + 1, file=said)
        if place + 1 == -kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    return seen


statements = keep(0)
for kill_at in [*range(1, statements + 1), -1, -2, -3]:
    child = os.fork()
    if child == 0:
        keep(kill_at)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
print(statements)
"""


def test_the_anchor_is_the_last_acknowledged_after_a_kill_at_any_step(tmp_path):
    """Killed before each statement of each save, its commit too, and after each commit: nothing kept is lost, and
    nothing is there in part."""
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    statements, made, commits = int(done.stdout.split()[-1]), walk(3, every=2), 0
    assert statements > 15
    for kill_at in [*range(1, statements + 1), -1, -2, -3]:
        said = (tmp_path / f"{kill_at}.said").read_text()
        kept = said.count("kept")
        commits += "killed before COMMIT" in said
        with closing(open_chain_db(tmp_path / f"{kill_at}.db")) as db:
            loaded = db.load(GENESIS)
            assert [one.anchor for one in loaded.anchors] == [one.after for one in made[:kept]][::-1][:ANCHORS_KEPT]
            assert loaded.hand_offs == kept // 2
            assert len(db.hand_offs(GENESIS)) == kept // 2
            assert loaded.halts is (kept > 1)
            assert (loaded.damaged, db.aside) == ((), None)
    assert commits == 3


def test_a_write_ahead_log_cut_by_the_power_leaves_whole_steps(tmp_path):
    """At whatever byte it was cut: what is read is a step that was made, with everything that was kept before it."""
    source = tmp_path / "source"
    source.mkdir()
    db = open_chain_db(source / "chain.db")
    db._conn.execute("PRAGMA wal_autocheckpoint = 0")
    sizes = []
    for one in STEPS[:6]:
        db.save(one)
        sizes.append((source / "chain.db-wal").stat().st_size)
    main, wal = (source / "chain.db").read_bytes(), (source / "chain.db-wal").read_bytes()
    db.close()
    seen = set()
    for number, size in enumerate(sorted({*sizes, *(at + off for at in sizes for off in (-1, -300, -4_200)), 40, 0})):
        path = tmp_path / f"{number}.db"
        path.write_bytes(main)
        path.with_name(path.name + "-wal").write_bytes(wal[:size])
        whole = sum(at <= size for at in sizes)
        found = anchors(path)
        assert found == [name(one.after) for one in STEPS[:whole]][::-1][:ANCHORS_KEPT]
        seen.add(whole)
    assert seen == set(range(7))
