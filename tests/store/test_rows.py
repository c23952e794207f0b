"""The piece index against a plain model: who holds what, and which segments hold a live byte."""

import sqlite3
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Cid, VaultId
from edge_node.base.limits import EXTENT_BYTES
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store import rows, usage
from edge_node.store.records import DELETE_KIND, PIECE_KIND, REFERENCE_KIND, VERSION, PieceRecord, ReferenceRecord

OWNERS = [VaultId(bytes([number]) * 32) for number in (1, 2, 3)]
CIDS = [Cid(b"\x01\x02\x1e\x20" + bytes([number]) * 32) for number in range(3)]
SIZES = [10, EXTENT_BYTES, 2 * EXTENT_BYTES + 5]


def opened() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.executescript(rows.SCHEMA + usage.SCHEMA)
    return conn


def placed(cid: bytes, segment: int, offset: int) -> Placed:
    return Placed(Position(SegmentClass.PX, segment, offset), 1, 1, cid)


def piece(owner: VaultId, number: int, segment: int) -> PieceRecord:
    size = SIZES[number]
    extents = [(segment + at, at) for at in range(-(-size // EXTENT_BYTES))] if size > 64 * 1024 else []
    return PieceRecord(PIECE_KIND, VERSION, owner, b"k" * 32, 0, 0, size, extents, b"")


def reference(kind: int, owner: VaultId, number: int) -> ReferenceRecord:
    return ReferenceRecord(kind, VERSION, owner, b"k" * 32, 0, 0, SIZES[number])


STEPS = st.tuples(st.sampled_from(["piece", "refer", "delete"]), st.sampled_from(OWNERS), st.integers(0, 2))


class Model:
    """What a log of pieces means, as plain dicts; each step goes to the index too."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        self.held: dict[int, set[VaultId]] = {}
        self.copies: dict[int, tuple[int, PieceRecord]] = {}

    def piece(self, owner: VaultId, number: int, step: int) -> None:
        record, home = piece(owner, number, step * 10), step * 10 + 9
        rows.apply_pieces(self.conn, [(placed(CIDS[number], home, 0), record)])
        self.copies[number] = home, record
        self.held.setdefault(number, set()).add(owner)

    def refer(self, owner: VaultId, number: int, _step: int) -> None:
        if number in self.copies:  # a reference is only written to what is there
            rows.apply_references(self.conn, [(placed(CIDS[number], 0, 0), reference(REFERENCE_KIND, owner, number))])
            self.held[number].add(owner)

    def delete(self, owner: VaultId, number: int, _step: int) -> None:
        rows.apply_deletes(self.conn, [(placed(CIDS[number], 0, 0), reference(DELETE_KIND, owner, number))])
        self.held.get(number, set()).discard(owner)
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

    def usage(self, owner: VaultId) -> tuple[int, int]:
        mine = [number for number, owners in self.held.items() if owner in owners]
        return sum(SIZES[number] for number in mine), len(mine)


@given(st.lists(STEPS, max_size=25))
def test_the_index_agrees_with_a_model(plan: list[tuple[str, VaultId, int]]) -> None:
    """After any log that can be written: holders, usage and live bytes are those of dicts; the unheld is gone."""
    conn = opened()
    model = Model(conn)
    for step, (what, owner, number) in enumerate(plan, 1):
        getattr(model, what)(owner, number, step)
    assert {s: b for s, b in conn.execute("SELECT segment, bytes FROM live") if b} == model.live()
    for number, cid in enumerate(CIDS):
        assert (rows.find_standing(conn, cid).piece is not None) == (number in model.copies)
        assert set(rows.find_standing(conn, cid).owners) == model.held.get(number, set())
    for owner in OWNERS:
        row = conn.execute("SELECT bytes, pieces FROM usage WHERE owner = ?", (owner,)).fetchone()
        assert (row or (0, 0)) == model.usage(owner)
        for number, cid in enumerate(CIDS):
            mine = rows.find_held(conn, owner, cid)
            assert (mine is not None) == (owner in model.held.get(number, set()))
            if mine is not None:
                assert mine.positions() == [Position(SegmentClass.PX, *at) for at in model.copies[number][1].extents]


def test_dead_segments_are_those_without_a_live_byte() -> None:
    """Segments of broken-off uploads and of deleted pieces, below the open one; none that still holds anything."""
    conn = opened()
    rows.apply_extents(conn, [(placed(b"", 1, 0), None), (placed(b"", 2, 0), None), (placed(b"", 1, 9), None)])
    rows.apply_pieces(conn, [(placed(CIDS[0], 3, 0), piece(OWNERS[0], 0, 3))])
    rows.apply_pieces(conn, [(placed(CIDS[1], 2, 0), piece(OWNERS[0], 1, 2))])
    assert rows.find_dead_segments(conn, 9) == [1]
    rows.apply_deletes(conn, [(placed(CIDS[0], 0, 0), reference(DELETE_KIND, OWNERS[0], 0))])
    assert rows.find_dead_segments(conn, 9) == [1, 3]
    assert rows.find_dead_segments(conn, 3) == [1]


def test_owners_of_a_healed_piece_survive_the_loss_of_its_first_copy() -> None:
    """References written before the copy they refer to, as a log reads that lost a segment, count for it."""
    conn = opened()
    rows.apply_references(conn, [(placed(CIDS[0], 0, 0), reference(REFERENCE_KIND, OWNERS[1], 0))])
    rows.apply_pieces(conn, [(placed(CIDS[0], 5, 0), piece(OWNERS[0], 0, 5))])
    for owner in OWNERS[:2]:
        assert rows.find_held(conn, owner, CIDS[0]) is not None
        rows.apply_deletes(conn, [(placed(CIDS[0], 0, 0), reference(DELETE_KIND, owner, 0))])
    assert rows.find_standing(conn, CIDS[0]).piece is None
