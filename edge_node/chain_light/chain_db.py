"""What the light client remembers: anchors, hand-offs, evidence, checkpoints and pins, one transaction each change.

What is read back is proved once more before it is believed (docs/specs/chain-db.md). All of this blocks: offload it.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_record import Advanced, AnchorRecord, Evidence, HandOff
from edge_node.chain_light.chain_db_errors import ChainDbMisuse
from edge_node.chain_light.chain_db_file import open_file, refusal_of
from edge_node.chain_light.checkpoint import NO_MARKS, Marks, OpenedCheckpoint
from edge_node.chain_light.checkpoint_record import KeptCheckpoint, decode_marks, encode_marks, marks_of
from edge_node.chain_light.finality import Verify
from edge_node.chain_light.kept_record import RecordDamaged
from edge_node.trust.keys import verify_signature

ANCHORS_KEPT: Final = 3
HAND_OFFS_KEPT_MS: Final = 30 * 86_400_000
HAND_OFFS_KEPT_MAX: Final = 2_048  # ten times what Cere can have in 30 days; of 667 voters each they are 180 MB
DOCUMENTS_KEPT: Final = 32  # one a day: a month; an anchor that stands on one has it in its own row

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """An anchor that was proved once more, and how it came here."""

    anchor: Anchor
    source: str
    verified_ms: int
    boot: str
    monotonic_ms: int


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Evidence, and when an operator settled it; None while it still halts the client."""

    evidence: Evidence
    settled_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is known of one network: `genesis` is the chain's, None when there is nothing of it.

    `anchors` are newest first; `damaged` names in words each row that was passed over.
    """

    genesis: Hash256 | None
    anchors: tuple[StoredAnchor, ...]
    marks: Marks
    hand_offs: int
    evidence: tuple[StoredEvidence, ...]
    halts: bool
    """Whether evidence is unsettled, be it readable or not: damage lets no client go on."""
    damaged: tuple[str, ...]
    forced: tuple[int, int] | None = None
    """The newest forced change that was proved: the block from which on it holds, and its delay."""


def _nothing(damaged: tuple[str, ...]) -> Loaded:
    return Loaded(genesis=None, anchors=(), marks=NO_MARKS, hand_offs=0, evidence=(), halts=False, damaged=damaged)


class ChainDb:
    """chain.db, open. Blocking; calls from several threads wait for one another.

    Each change is one transaction: it is on the medium when the call returns, or ChainDbUnwritable (ChainDbDamaged)
    and nothing has changed. `aside` is where a file that could not be read is now.
    """

    def __init__(self, path: Path, conn: sqlite3.Connection, aside: Path | None) -> None:
        self.path, self.aside = path, aside
        self._conn = conn
        conn.text_factory = bytes  # one flipped bit makes text of bytes: that is a damaged row, and no error of SQLite
        self._lock = threading.Lock()

    def save(self, advance: Advanced, evidence: Sequence[Evidence] = ()) -> None:
        """Keep one step, and what was found in making it: the newest anchor is then `advance.after`."""
        self.save_all([advance], evidence)

    def save_all(self, advances: Sequence[Advanced], evidence: Sequence[Evidence] = ()) -> None:
        """Keep several steps in one transaction, oldest first: every hand-off, and of the anchors the newest few."""
        hand_offs = [HandOff.of_advance(step) for step in advances if step.is_hand_off]
        anchors = [AnchorRecord.of_advance(step) for step in advances[-ANCHORS_KEPT:]]
        with self._transaction() as conn:
            for one in hand_offs:
                _add_hand_off(conn, one)
            for anchor in anchors:
                _add_anchor(conn, anchor)
            for found in evidence:
                _add_evidence(conn, found)

    def accept(self, opened: OpenedCheckpoint, raw: bytes, *, accepted_ms: int, marks: Marks, as_anchor: bool) -> None:
        """Keep a checkpoint that open_checkpoint believed, and the marks after it; perhaps as the newest anchor.

        ChainDbMisuse when `raw` is another document.
        """
        document = KeptCheckpoint(raw=raw, by=opened.by, accepted_ms=accepted_ms)
        said = opened.checkpoint
        if document.digest != opened.digest:
            raise ChainDbMisuse("the checkpoint that was opened is not in this document")
        with self._transaction() as conn:
            _add_document(conn, said.genesis, document)
            _put_marks(conn, said.genesis, marks)
            if as_anchor:
                _add_anchor(conn, AnchorRecord.of_checkpoint(said, raw, accepted_ms))

    def note_forced(self, genesis: Hash256, number: int, delay: int) -> None:
        """Keep that a forced change was proved: no header after it tells it again."""
        with self._transaction() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO forced(genesis, number, delay) VALUES (?, ?, ?)", (genesis, number, delay)
            )

    def settle(self, genesis: Hash256, now_ms: int) -> int:
        """An operator has looked at all evidence of a network: it is kept, and halts no longer. How many it was."""
        with self._transaction() as conn:
            return conn.execute(
                "UPDATE evidence SET settled_ms = ? WHERE genesis = ? AND settled_ms IS NULL", (now_ms, genesis)
            ).rowcount

    def add_pin(self, raw: bytes, instead_of: Sequence[bytes] = ()) -> None:
        """Keep a signed document of metadata in the place of others; once however often it comes."""
        with self._transaction() as conn:
            conn.executemany("DELETE FROM pins WHERE digest = ?", [(blake2b_256(one),) for one in instead_of])
            conn.execute("INSERT OR IGNORE INTO pins(digest, raw) VALUES (?, ?)", (blake2b_256(raw), raw))

    def pins(self) -> tuple[list[bytes], list[str]]:
        """The documents of metadata, oldest first, and in words those that are damaged. Nothing is judged here."""
        rows = self._rows("SELECT id, digest, raw FROM pins ORDER BY id")
        rotten = [row for row, digest, raw in rows if not isinstance(raw, bytes) or blake2b_256(raw) != digest]
        return [raw for row, _, raw in rows if row not in rotten], [f"pin {row}: it is damaged" for row in rotten]

    def hand_offs(self, genesis: Hash256) -> list[HandOff]:
        """The hand-offs kept of a network, lowest first; damaged ones are left out."""
        rows = self._rows("SELECT id, record FROM hand_offs WHERE genesis = ? ORDER BY number", (genesis,))
        return _readable("hand-off", rows, HandOff.decode, [])

    def checkpoints(self, genesis: Hash256) -> list[KeptCheckpoint]:
        """The checkpoints accepted of a network, newest first; damaged ones are left out."""
        rows = self._rows("SELECT id, record FROM documents WHERE genesis = ? ORDER BY id DESC", (genesis,))
        return _readable("checkpoint", rows, KeptCheckpoint.decode, [])

    def load(self, genesis: Hash256 | None, *, verify: Verify = verify_signature) -> Loaded:
        """What is known of a network; without a `genesis`, of that with the newest anchor.

        Each anchor is proved again, by its justification under the voters before it or by the checkpoint it is from;
        a row that does not hold is passed over. RecordNewer where a later release wrote one.
        """
        damaged = [] if self.aside is None else [f"the whole file was damaged, and is now {self.aside.name}"]
        if genesis is None:
            genesis = self._newest_genesis()
        if genesis is None:
            return _nothing(tuple(damaged))
        anchors, marks = self._anchors(genesis, damaged, verify), self._marks(genesis, damaged)
        evidence, halts = self._evidence(genesis, damaged)
        return Loaded(
            genesis=genesis,
            anchors=tuple(anchors),
            marks=marks,
            hand_offs=self._hand_offs_ever(genesis),
            evidence=tuple(evidence),
            halts=halts,
            damaged=tuple(damaged),
            forced=self._forced(genesis),
        )

    def close(self) -> None:
        """Close the file; the last close folds the write-ahead log into it."""
        with self._lock:
            self._conn.close()

    def _anchors(self, genesis: Hash256, damaged: list[str], verify: Verify) -> list[StoredAnchor]:
        rows = self._rows("SELECT id, record FROM anchors WHERE genesis = ? ORDER BY id DESC", (genesis,))

        def stored(raw: bytes) -> StoredAnchor:
            record = AnchorRecord.decode(raw)
            anchor = record.anchor(verify=verify)
            if record.genesis != genesis:
                raise RecordDamaged("it is of another network")
            return StoredAnchor(anchor, record.source, record.verified_ms, record.boot, record.monotonic_ms)

        return _readable("anchor", rows, stored, damaged)

    def _marks(self, genesis: Hash256, damaged: list[str]) -> Marks:
        """The marks; where their row is damaged, what the documents that are kept make of them."""
        rows = self._rows("SELECT marks FROM networks WHERE genesis = ? AND marks IS NOT NULL", (genesis,))
        marks = _readable("marks", [("row", raw) for (raw,) in rows], decode_marks, damaged)
        if rows and not marks:
            return marks_of(self.checkpoints(genesis))
        return marks[0] if marks else NO_MARKS

    def _evidence(self, genesis: Hash256, damaged: list[str]) -> tuple[list[StoredEvidence], bool]:
        """The evidence that can be read, and whether any, readable or not, is unsettled."""
        rows = self._rows("SELECT id, settled_ms, record FROM evidence WHERE genesis = ? ORDER BY id", (genesis,))
        found = [
            StoredEvidence(evidence, settled_ms)
            for number, settled_ms, record in rows
            for evidence in _readable("evidence", [(number, record)], Evidence.decode, damaged)
        ]
        return found, any(settled_ms is None for _, settled_ms, _ in rows)

    def _forced(self, genesis: Hash256) -> tuple[int, int] | None:
        """One that cannot be read is none: the chain's state tells it again."""
        for number, delay in self._rows("SELECT number, delay FROM forced WHERE genesis = ?", (genesis,)):
            if isinstance(number, int) and isinstance(delay, int):
                return number, delay
        return None

    def _hand_offs_ever(self, genesis: Hash256) -> int:
        rows = self._rows("SELECT hand_offs FROM networks WHERE genesis = ?", (genesis,))
        return sum(count for (count,) in rows if isinstance(count, int))

    def _newest_genesis(self) -> Hash256 | None:
        rows = self._rows(
            "SELECT genesis FROM anchors WHERE typeof(genesis) = 'blob' AND length(genesis) = ?"
            " ORDER BY id DESC LIMIT 1",
            (Hash256.size,),
        )
        return Hash256(rows[0][0]) if rows else None

    def _rows(self, query: str, arguments: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._conn.execute(query, arguments).fetchall()
            except sqlite3.Error as error:
                raise refusal_of(self.path.name, error) from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the medium afterwards, or nothing of it."""
        with self._lock:
            try:
                self._conn.execute("BEGIN IMMEDIATE")
                yield self._conn
                self._conn.execute("COMMIT")
            except sqlite3.Error as error:
                raise refusal_of(self.path.name, error) from None
            finally:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")


def open_chain_db(path: Path) -> ChainDb:
    """Open or make chain.db; one that cannot be read is set aside (`ChainDb.aside`) and a new one begun.

    ChainDbNewer for a later release's, ChainDbUnwritable when the disk does not allow it.
    """
    conn, aside = open_file(path)
    return ChainDb(path, conn, aside)


def _add_anchor(conn: sqlite3.Connection, record: AnchorRecord) -> None:
    conn.execute("INSERT INTO anchors(genesis, record) VALUES (?, ?)", (record.genesis, record.encode()))
    _keep_newest(conn, "anchors", record.genesis, ANCHORS_KEPT)


def _add_document(conn: sqlite3.Connection, genesis: Hash256, document: KeptCheckpoint) -> None:
    conn.execute("INSERT INTO documents(genesis, record) VALUES (?, ?)", (genesis, document.encode()))
    _keep_newest(conn, "documents", genesis, DOCUMENTS_KEPT)


def _keep_newest(conn: sqlite3.Connection, table: str, genesis: Hash256, most: int) -> None:
    conn.execute(
        f"DELETE FROM {table} WHERE genesis = ?1 AND id NOT IN"  # noqa: S608 - the table's name is one of ours
        f" (SELECT id FROM {table} WHERE genesis = ?1 ORDER BY id DESC LIMIT ?2)",
        (genesis, most),
    )


def _add_hand_off(conn: sqlite3.Connection, one: HandOff) -> None:
    """Add it once, count it, and forget those that are 30 days older than the newest, or too many."""
    added = conn.execute(
        "INSERT OR IGNORE INTO hand_offs(genesis, number, at_ms, record) VALUES (?, ?, ?, ?)",
        (one.genesis, one.header.number, one.at_ms, one.encode()),
    ).rowcount
    conn.execute(
        "INSERT INTO networks(genesis, hand_offs) VALUES (?1, ?2)"
        " ON CONFLICT(genesis) DO UPDATE SET hand_offs = hand_offs + ?2",
        (one.genesis, added),
    )
    conn.execute(
        "DELETE FROM hand_offs WHERE genesis = ?1"
        " AND at_ms < (SELECT max(at_ms) FROM hand_offs WHERE genesis = ?1) - ?2",
        (one.genesis, HAND_OFFS_KEPT_MS),
    )
    _keep_newest(conn, "hand_offs", one.genesis, HAND_OFFS_KEPT_MAX)


def _add_evidence(conn: sqlite3.Connection, found: Evidence) -> None:
    # What the same endpoints show again and again is one piece of evidence: of its time and source only the first.
    digest = blake2b_256(found.identity())
    conn.execute(
        "INSERT OR IGNORE INTO evidence(genesis, digest, record) VALUES (?, ?, ?)",
        (found.genesis, digest, found.encode()),
    )


def _put_marks(conn: sqlite3.Connection, genesis: Hash256, marks: Marks) -> None:
    conn.execute(
        "INSERT INTO networks(genesis, marks) VALUES (?1, ?2) ON CONFLICT(genesis) DO UPDATE SET marks = ?2",
        (genesis, encode_marks(marks)),
    )


def _readable(
    what: str, rows: Sequence[tuple[object, object]], read: Callable[[bytes], Row], damaged: list[str]
) -> list[Row]:
    """The rows that can be read; the others are named in `damaged`."""
    found = []
    for name, raw in rows:
        try:
            found.append(read(_bytes(raw)))
        except RecordDamaged as why:
            damaged.append(f"{what} {name}: {why.why}")
    return found


def _bytes(raw: object) -> bytes:
    if not isinstance(raw, bytes):
        raise RecordDamaged("it holds no bytes")
    return raw
