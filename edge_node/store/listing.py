"""What is stored, page by page, for whoever shows it: streams, pieces, totals, when each device last wrote."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from edge_node.base.ids import Cid, PublicKey, StreamName, VaultId
from edge_node.journal import Position, SegmentClass
from edge_node.store.piece_listing import (
    FileDetail,
    Holder,
    PieceDetail,
    PieceSummary,
    find_files,
    find_holders,
    find_piece,
    page_pieces,
)
from edge_node.store.streams.replay import seq_from_row
from edge_node.store.streams.rows import StreamRow
from edge_node.store.streams.traffic import Seen

__all__ = [
    "BodyDetail",
    "CidDetail",
    "FileDetail",
    "Holder",
    "PieceDetail",
    "PieceSummary",
    "Totals",
    "find_cid",
    "find_streams",
    "load_seen",
    "next_number",
    "page_pieces",
    "page_streams",
    "read_totals",
]


@dataclass(frozen=True, slots=True)
class Totals:
    """What the node holds in all; a piece counts once for each scope that refers to it."""

    streams: int
    bodies: int
    events: int
    event_bytes: int
    pieces: int
    piece_bytes: int


@dataclass(frozen=True, slots=True)
class BodyDetail:
    """The event body that has a CID."""

    vault: VaultId
    stream: str
    first_offset: int
    count: int
    key: PublicKey
    seq: int
    t_ms: int
    received_ms: int
    size: int
    position: Position


@dataclass(frozen=True, slots=True)
class CidDetail:
    """All that is stored under one CID."""

    piece: PieceDetail | None
    holders: tuple[Holder, ...]
    body: BodyDetail | None
    files: tuple[FileDetail, ...] = ()


def read_totals(conn: sqlite3.Connection) -> Totals:
    """Sums over streams and owners."""
    streams, event_bytes = conn.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM streams").fetchone()
    size, pieces, bodies, events = conn.execute(
        "SELECT coalesce(sum(bytes), 0), coalesce(sum(pieces), 0), coalesce(sum(bodies), 0), coalesce(sum(events), 0)"
        " FROM usage"
    ).fetchone()
    return Totals(streams, bodies, events, event_bytes, pieces, size - event_bytes)


_STREAMS = (
    "SELECT name, bodies, bytes, next_offset, last_received_ms,"
    " (SELECT first_offset FROM bodies WHERE stream = streams.id ORDER BY first_offset LIMIT 1) FROM streams"
)


def page_streams(conn: sqlite3.Connection, vault: VaultId, after: str, part: str, limit: int) -> list[StreamRow]:
    """Streams of a vault by name, beyond `after`, with `part` in their name."""
    rows = conn.execute(
        _STREAMS + " WHERE vault = ? AND name > ? AND instr(name, ?) ORDER BY name LIMIT ?",
        (vault, after, part, limit),
    )
    return [_stream_row(row) for row in rows]


def find_streams(conn: sqlite3.Connection, vault: VaultId, names: Sequence[str]) -> list[StreamRow]:
    """Those of `names` that exist, by name."""
    rows = []
    for name in sorted(names):
        row = conn.execute(_STREAMS + " WHERE vault = ? AND name = ?", (vault, name)).fetchone()
        if row is not None:
            rows.append(_stream_row(row))
    return rows


def _stream_row(row: tuple[str, int, int, int, int, int | None]) -> StreamRow:
    name, bodies, size, end, last, first = row
    kept_from = end if first is None else first
    return StreamRow(name, end - kept_from, bodies, size, kept_from, end, last)


def find_cid(conn: sqlite3.Connection, cid: Cid) -> CidDetail:
    """The piece or files, their holders and the event body of one CID."""
    return CidDetail(find_piece(conn, cid), find_holders(conn, cid), _find_body(conn, cid), find_files(conn, cid))


def _find_body(conn: sqlite3.Connection, cid: Cid) -> BodyDetail | None:
    row = conn.execute(
        "SELECT vault, name, first_offset, count, windows.key, seq, t_ms, received_ms, bodies.bytes, segment, position"
        " FROM bodies JOIN streams ON streams.id = bodies.stream JOIN windows ON windows.id = bodies.window"
        " WHERE cid = ? ORDER BY bodies.id LIMIT 1",
        (cid,),
    ).fetchone()
    if row is None:
        return None
    vault, name, first, count, key, seq, t_ms, received_ms, size, segment, offset = row
    position = Position(SegmentClass.EV, segment, offset)
    return BodyDetail(
        VaultId(vault), name, first, count, PublicKey(key), seq_from_row(seq), seq_from_row(t_ms), received_ms, size,
        position,
    )  # fmt: skip


def load_seen(conn: sqlite3.Connection) -> list[tuple[PublicKey, Seen]]:
    """Each device's newest stored body by its number, as the index knows it; one look-up per device and stream."""
    newest: dict[bytes, tuple[int, str, int]] = {}
    rows = conn.execute(
        "SELECT windows.key, streams.name, highest,"
        " (SELECT received_ms FROM bodies WHERE window = windows.id ORDER BY seq DESC LIMIT 1)"
        " FROM windows JOIN streams ON streams.id = windows.stream"
    )
    for key, name, highest, at_ms in rows:
        if at_ms is not None and (key not in newest or at_ms > newest[key][0]):
            newest[key] = at_ms, name, seq_from_row(highest)
    return [(PublicKey(key), Seen(at_ms, StreamName(name), seq)) for key, (at_ms, name, seq) in newest.items()]


def next_number(conn: sqlite3.Connection, vault: VaultId, stream: StreamName, key: PublicKey) -> int:
    """The sequence number after the highest this key used on this stream; 1 for the first."""
    row = conn.execute(
        "SELECT highest FROM windows JOIN streams ON streams.id = windows.stream"
        " WHERE vault = ? AND name = ? AND windows.key = ?",
        (vault, stream, key),
    ).fetchone()
    return 1 if row is None else seq_from_row(row[0]) + 1
