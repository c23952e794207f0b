"""The piece index against a plain model: who holds what, and which segments hold a live byte."""

import sqlite3
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Cid, VaultId
from edge_node.base.limits import EXTENT_BYTES
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store import file_rows, reference_rows, rows, usage
from edge_node.store.errors import PieceRowUnreadable
from edge_node.store.records import DELETE_KIND, PIECE_KIND, REFERENCE_KIND, VERSION, PieceRecord, ReferenceRecord
from edge_node.store.scope import Scope
from edge_node.wire.cid import format_cid

ANN, BOB = (VaultId(bytes([number]) * 32) for number in (1, 2))
SCOPES = [Scope(ANN), Scope(ANN, 7), Scope(BOB), Scope(BOB, 7), Scope(ANN, 8)]
CIDS = [Cid(b"\x01\x02\x1e\x20" + bytes([number]) * 32) for number in range(3)]
SIZES = [10, EXTENT_BYTES, 2 * EXTENT_BYTES + 5]


def opened() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.executescript(rows.SCHEMA + reference_rows.SCHEMA + file_rows.SCHEMA + usage.SCHEMA)
    return conn


def placed(cid: bytes, segment: int, offset: int) -> Placed:
    return Placed(Position(SegmentClass.PX, segment, offset), 1, 1, cid)


def piece(scope: Scope, number: int, segment: int) -> PieceRecord:
    size = SIZES[number]
    extents = [(segment + at, at) for at in range(-(-size // EXTENT_BYTES))] if size > 64 * 1024 else []
    return PieceRecord(PIECE_KIND, VERSION, scope.owner, b"k" * 32, 0, 0, size, extents, b"", scope.bucket)


def reference(kind: int, scope: Scope, number: int) -> ReferenceRecord:
    return ReferenceRecord(kind, VERSION, scope.owner, b"k" * 32, 0, 0, SIZES[number], scope.bucket)


STEPS = st.tuples(st.sampled_from(["piece", "refer", "delete"]), st.sampled_from(SCOPES), st.integers(0, 2))


class Model:
    """What a log of pieces means, as plain dicts; each step goes to the index too."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        self.held: dict[int, set[Scope]] = {}
        self.copies: dict[int, tuple[int, PieceRecord]] = {}

    def piece(self, scope: Scope, number: int, step: int) -> None:
        record, home = piece(scope, number, step * 10), step * 10 + 9
        rows.apply_pieces(self.conn, [(placed(CIDS[number], home, 0), record)])
        self.copies[number] = home, record
        self.held.setdefault(number, set()).add(scope)

    def refer(self, scope: Scope, number: int, _step: int) -> None:
        if number in self.copies:  # a reference is only written to what is there
            rows.apply_references(self.conn, [(placed(CIDS[number], 0, 0), reference(REFERENCE_KIND, scope, number))])
            self.held[number].add(scope)

    def delete(self, scope: Scope, number: int, _step: int) -> None:
        rows.apply_deletes(self.conn, [(placed(CIDS[number], 0, 0), reference(DELETE_KIND, scope, number))])
        self.held.get(number, set()).discard(scope)
        if not self.held.get(number):
            self.held.pop(number, None)
            self.copies.pop(number, None)

    def live(self) -> dict[int, int]:
        live: Counter[int] = Counter()
        for home, record in self.copies.values():
            live[home] += 1 + (0 if record.extents else record.size)
            for nth, (segment, _) in enumerate(record.extents):
                live[segment] += min(EXTENT_BYTES, record.size - nth * EXTENT_BYTES)
        return dict(live)

    def usage(self, *scopes: Scope) -> tuple[int, int]:
        mine = [number for number, holders in self.held.items() for scope in scopes if scope in holders]
        return sum(SIZES[number] for number in mine), len(mine)


@given(st.lists(STEPS, max_size=25))
def test_the_index_agrees_with_a_model(plan: list[tuple[str, Scope, int]]) -> None:
    """After any log that can be written: holders, usage and live bytes are those of dicts; the unheld is gone."""
    conn = opened()
    model = Model(conn)
    for step, (what, scope, number) in enumerate(plan, 1):
        getattr(model, what)(scope, number, step)
    assert {s: b for s, b in conn.execute("SELECT segment, bytes FROM live") if b} == model.live()
    for number, cid in enumerate(CIDS):
        (standing,) = rows.find_standings(conn, [cid])
        assert (standing.piece is not None) == (number in model.copies)
        assert set(standing.references) == model.held.get(number, set())
    for owner in (ANN, BOB):
        row = conn.execute("SELECT bytes, pieces FROM usage WHERE owner = ?", (owner,)).fetchone()
        assert (row or (0, 0)) == model.usage(*(scope for scope in SCOPES if scope.owner == owner))
    buckets = {(bucket, owner): sums for bucket, owner, *sums in usage.list_bucket_usage(conn)}
    for scope in SCOPES:
        if scope.bucket is not None:
            assert tuple(buckets.get((scope.bucket, scope.owner), (0, 0))) == model.usage(scope)
        check_scope(conn, model, scope)


def check_scope(conn: sqlite3.Connection, model: Model, scope: Scope) -> None:
    """What one scope holds is found through it, and nothing else is."""
    asked = [(scope, cid) for cid in CIDS]
    sizes, pieces = rows.find_held_sizes(conn, asked), rows.find_held(conn, asked)
    for number, mine in enumerate(pieces):
        held = scope in model.held.get(number, set())
        assert (mine is not None) == held
        assert sizes[number] == (SIZES[number] if held else None)
        if mine is not None:
            assert mine.positions() == [Position(SegmentClass.PX, *at) for at in model.copies[number][1].extents]


def test_dead_segments_are_those_without_a_live_byte() -> None:
    """Segments of broken-off uploads and of deleted pieces, below the open one; none that still holds anything."""
    conn = opened()
    rows.apply_extents(conn, [(placed(b"", 1, 0), None), (placed(b"", 2, 0), None), (placed(b"", 1, 9), None)])
    rows.apply_pieces(conn, [(placed(CIDS[0], 3, 0), piece(SCOPES[0], 0, 3))])
    rows.apply_pieces(conn, [(placed(CIDS[1], 2, 0), piece(SCOPES[0], 1, 2))])
    assert rows.find_dead_segments(conn, 9) == [1]
    rows.apply_deletes(conn, [(placed(CIDS[0], 0, 0), reference(DELETE_KIND, SCOPES[0], 0))])
    assert rows.find_dead_segments(conn, 9) == [1, 3]
    assert rows.find_dead_segments(conn, 3) == [1]


def test_owners_of_a_healed_piece_survive_the_loss_of_its_first_copy() -> None:
    """References written before the copy they refer to, as a log reads that lost a segment, count for it."""
    conn = opened()
    rows.apply_references(conn, [(placed(CIDS[0], 0, 0), reference(REFERENCE_KIND, SCOPES[1], 0))])
    rows.apply_pieces(conn, [(placed(CIDS[0], 5, 0), piece(SCOPES[0], 0, 5))])
    for scope in SCOPES[:2]:
        assert rows.find_held(conn, [(scope, CIDS[0])]) != [None]
        rows.apply_deletes(conn, [(placed(CIDS[0], 0, 0), reference(DELETE_KIND, scope, 0))])
    assert rows.find_standings(conn, CIDS[:1])[0].piece is None


def test_an_unreadable_row_is_named_and_spoils_no_other() -> None:
    """Whoever looks it up learns which piece's it is; what is looked up without it is found."""
    conn = opened()
    asked = [(SCOPES[0], cid) for cid in CIDS]
    rows.apply_pieces(conn, [(placed(cid, 9, 0), piece(SCOPES[0], number, 0)) for number, cid in enumerate(CIDS)])
    assert [row and row.size for row in rows.find_held(conn, asked)] == SIZES
    conn.execute("UPDATE pieces SET extents = x'c1' WHERE cid = ?", (CIDS[1],))
    for find in (lambda: rows.find_held(conn, asked), lambda: rows.find_standings(conn, CIDS)):
        with pytest.raises(PieceRowUnreadable) as caught:
            find()
        assert caught.value.cid == format_cid(CIDS[1])
    assert [row and row.size for row in rows.find_held(conn, [asked[0], asked[2]])] == [SIZES[0], SIZES[2]]
    assert [one.piece and one.piece.size for one in rows.find_standings(conn, CIDS[2:])] == SIZES[2:]
