"""Token revocations at rest: the record, the rows, and a restart."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Digest, PublicKey
from edge_node.journal import Database, Draft, Lane
from edge_node.trust.token_revocation_rows import (
    REVOCATION_KIND,
    REVOCATIONS_SCHEMA,
    VERSION,
    apply_revocations,
    decode_revocation,
    encode_revocation,
    load_revocations,
)
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation, TokenRevocations
from tests.store.rig import opened

ALICE, BOB = bytes([1]) * 32, bytes([2]) * 32
TIMES = st.integers(0, 2**53 - 1)


@st.composite
def revocations(draw: st.DrawFn) -> TokenRevocation:
    """Any revocation, of few subjects."""
    subject, t_ms = draw(st.sampled_from([ALICE, BOB])), draw(TIMES | st.integers(0, 3))
    note = draw(st.text(max_size=5))
    match draw(st.sampled_from(RevokedBy)):
        case RevokedBy.TOKEN:
            return TokenRevocation.of_token(Digest(subject), t_ms, note)
        case RevokedBy.HOLDER:
            return TokenRevocation.of_holder(PublicKey(subject), t_ms, note)
        case RevokedBy.ISSUER:
            return TokenRevocation.of_issuer(PublicKey(subject), draw(TIMES | st.integers(0, 3)), t_ms, note)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """meta.db in memory, with the table."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(REVOCATIONS_SCHEMA)
    yield conn
    conn.close()


@given(revocations())
def test_a_record_comes_back(revocation: TokenRevocation) -> None:
    """Every kind, with every type as it was."""
    read = decode_revocation(encode_revocation(revocation))
    assert read == revocation
    assert type(read.subject) is type(revocation.subject)


@pytest.mark.parametrize(
    ("revocation", "fields"),
    [
        (TokenRevocation.of_token(Digest(ALICE), 5, "n"), [14, 1, 1, ALICE, 0, 5, "n"]),
        (TokenRevocation.of_holder(PublicKey(ALICE), 5), [14, 1, 2, ALICE, 0, 5, ""]),
        (TokenRevocation.of_issuer(PublicKey(ALICE), 9, 5), [14, 1, 3, ALICE, 9, 5, ""]),
    ],
)
def test_a_record_is_the_array_of_the_specification(revocation: TokenRevocation, fields: list) -> None:
    """Kind and version first; what a later release appends is passed over."""
    assert msgspec.msgpack.decode(encode_revocation(revocation)) == fields
    assert decode_revocation(msgspec.msgpack.encode([*fields, "later"])) == revocation


@pytest.mark.parametrize(
    "fields",
    [
        7,
        [14],
        [14, 1, 0, ALICE, 0, 5, ""],
        [14, 1, 4, ALICE, 0, 5, ""],
        [14, 1, 1, b"short", 0, 5, ""],
        [14, 1, 1, ALICE, 0, -1, ""],
        [14, 1, 3, ALICE, 2**53, 5, ""],
        [14, 1, 1, ALICE, 0, 5],
    ],
)
def test_what_is_no_revocation_is_refused(fields: object) -> None:
    """Unknown kinds, other lengths, times that JavaScript does not hold."""
    with pytest.raises(msgspec.ValidationError):
        decode_revocation(msgspec.msgpack.encode(fields))


def test_rows_and_table_agree() -> None:
    """Whatever comes, in whatever order and however often: after a restart the table is what it was."""

    @given(st.lists(revocations(), max_size=12), st.integers(0, 12))
    def check(changes: list[TokenRevocation], again: int) -> None:
        with sqlite3.connect(":memory:") as conn:
            conn.executescript(REVOCATIONS_SCHEMA)
            apply_revocations(conn, changes)
            apply_revocations(conn, changes[again:])  # a stretch of the log that is played again
            table = TokenRevocations()
            for change in changes:
                table.apply(change)
            assert TokenRevocations(load_revocations(conn)).list() == table.list()
        conn.close()

    check()


async def test_a_restart_finds_what_was_revoked(tmp_path: Path) -> None:
    """Through the journal: the record is written, applied, and loaded by the next life; also from the log alone."""
    changes = [
        TokenRevocation.of_token(Digest(ALICE), 5, "leaked"),
        TokenRevocation.of_holder(PublicKey(ALICE), 6),
        TokenRevocation.of_issuer(PublicKey(BOB), 9, 7),
    ]
    async with opened(tmp_path / "data") as store:
        drafts = [Draft(REVOCATION_KIND, VERSION, b"", encode_revocation(change), change) for change in changes]
        await store.journal.append(drafts, Lane.CONTROL)
    async with opened(tmp_path / "data") as store:
        stored = await store.journal.query(load_revocations, database=Database.META)
        assert TokenRevocations(stored).list() == TokenRevocations(changes).list()
    for file in (tmp_path / "data").glob("meta.db*"):
        file.unlink()
    async with opened(tmp_path / "data") as store:
        stored = await store.journal.query(load_revocations, database=Database.META)
        assert TokenRevocations(stored).list() == TokenRevocations(changes).list()


def test_a_database_without_the_table_has_none() -> None:
    """A directory of an earlier release on a disk that cannot be written is read all the same."""
    with sqlite3.connect(":memory:") as conn:
        assert load_revocations(conn) == []
    conn.close()
