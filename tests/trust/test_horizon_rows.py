"""Horizons at rest: records of the log and one row per key."""

import sqlite3
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey
from edge_node.trust.horizon_rows import (
    HORIZONS_SCHEMA,
    apply_horizons,
    decode_horizon,
    encode_horizon,
    horizon_record,
    load_horizons,
)

ALICE, BOB = PublicKey(b"\x01" * 32), PublicKey(b"\x02" * 32)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """meta.db in memory, with the horizons' table."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(HORIZONS_SCHEMA)
    yield conn
    conn.close()


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**63 - 1))
def test_a_record_comes_back(key: bytes, t_ms: int) -> None:
    """Any key and any time."""
    record = horizon_record(PublicKey(key), t_ms)
    assert decode_horizon(encode_horizon(record)) == record


def test_a_record_is_the_array_of_the_specification() -> None:
    """Kind and version first; what a later release appends is passed over."""
    record = horizon_record(ALICE, 5)
    assert msgspec.msgpack.decode(encode_horizon(record)) == [10, 1, bytes(ALICE), 5]
    assert decode_horizon(msgspec.msgpack.encode([10, 1, bytes(ALICE), 5, "later"])) == record


@pytest.mark.parametrize("fields", [[10, 1, b"short", 5], [10, 1, bytes(32), -1], [10, 1, bytes(32), 2**63], [10], 7])
def test_what_is_no_horizon_is_refused(fields: object) -> None:
    """No key of another length and no time that SQLite cannot hold."""
    with pytest.raises(msgspec.ValidationError):
        decode_horizon(msgspec.msgpack.encode(fields))


def test_the_last_record_of_a_key_counts(conn: sqlite3.Connection) -> None:
    """One row per key; a stretch of the log played again ends the same."""
    records = [horizon_record(ALICE, 9), horizon_record(BOB, 5), horizon_record(ALICE, 7)]
    apply_horizons(conn, records)
    assert load_horizons(conn) == {ALICE: 7, BOB: 5}
    apply_horizons(conn, records)
    assert load_horizons(conn) == {ALICE: 7, BOB: 5}


def test_a_database_without_the_table_has_no_horizons() -> None:
    """A directory of an earlier release on a disk that cannot be written is read all the same."""
    with sqlite3.connect(":memory:") as conn:
        assert load_horizons(conn) == {}
    conn.close()
