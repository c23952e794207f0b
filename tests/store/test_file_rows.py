"""Files in the index: each bucket's own list of parts, found by file and by part."""

import sqlite3

from edge_node.base.ids import Cid, VaultId
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store import reference_rows, usage
from edge_node.store.file_rows import (
    SCHEMA,
    MultipartRow,
    apply_multiparts,
    find_file_of,
    find_multipart,
    forget_multipart,
    is_part_of,
)
from edge_node.store.records import MULTIPART_KIND, VERSION, MultipartRecord
from edge_node.store.scope import Scope
from edge_node.wire.cid import CidKind, make_cid, raw_piece_cid

OWNER = VaultId(b"o" * 32)
FILE = make_cid(CidKind.MULTIPART, b"f" * 32)
ONE, TWO, THREE = (raw_piece_cid(bytes([number])) for number in range(3))
HERE, THERE = Scope(OWNER, 7), Scope(OWNER, 8)


def opened() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA + reference_rows.SCHEMA + usage.SCHEMA)
    return conn


def join(conn: sqlite3.Connection, scope: Scope, *parts: tuple[Cid, int]) -> None:
    size = sum(size for _, size in parts)
    assert scope.bucket is not None
    record = MultipartRecord(MULTIPART_KIND, VERSION, scope.owner, b"k" * 32, 0, 0, scope.bucket, size, list(parts))
    apply_multiparts(conn, [(Placed(Position(SegmentClass.RC, 1, 64), 1, 1, FILE), record)])


def test_each_bucket_has_its_own_parts() -> None:
    """The same bytes cut in two ways are two files; neither is read through the other's parts."""
    conn = opened()
    join(conn, HERE, (ONE, 5), (TWO, 5), (ONE, 5))
    join(conn, THERE, (THREE, 15))
    assert find_multipart(conn, HERE, FILE) == MultipartRow(15, ((ONE, 5), (TWO, 5), (ONE, 5)))
    assert find_multipart(conn, THERE, FILE) == MultipartRow(15, ((THREE, 15),))
    assert [find_file_of(conn, HERE, part) for part in (ONE, TWO, THREE)] == [FILE, FILE, None]
    assert [is_part_of(conn, THERE, FILE, part) for part in (ONE, TWO, THREE)] == [False, False, True]
    assert reference_rows.refers(conn, HERE, FILE)


def test_other_parts_replace_the_first() -> None:
    """The bucket has the file once, and the parts it no longer has are free."""
    conn = opened()
    join(conn, HERE, (ONE, 5), (TWO, 5))
    join(conn, HERE, (THREE, 10))
    assert find_file_of(conn, HERE, ONE) is None
    assert find_multipart(conn, HERE, FILE) == MultipartRow(10, ((THREE, 10),))
    assert usage.list_bucket_usage(conn) == [(7, bytes(OWNER), 0, 1)]


def test_a_file_forgotten_leaves_nothing() -> None:
    """Neither its list nor its claims; what was never there is passed over."""
    conn = opened()
    join(conn, HERE, (ONE, 5))
    forget_multipart(conn, FILE, OWNER, 8)
    assert find_file_of(conn, HERE, ONE) == FILE
    forget_multipart(conn, FILE, OWNER, 7)
    assert find_multipart(conn, HERE, FILE) is None
    assert conn.execute("SELECT count(*) FROM multipart_parts").fetchone() == (0,)
