"""Token revocations at rest: one log record each, and one row per subject in meta.db (docs/specs/journal.md)."""

import enum
import sqlite3
from collections.abc import Iterable
from typing import Annotated

import msgspec

from edge_node.base.ids import Digest, PublicKey
from edge_node.base.limits import U53_MAX
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation

REVOCATION_KIND = 14
VERSION = 1

REVOCATIONS_SCHEMA = """
CREATE TABLE IF NOT EXISTS token_revocations (
    kind INTEGER NOT NULL,           -- 1 token, 2 holder, 3 issuer
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    until_ms INTEGER NOT NULL,       -- 0 unless of an issuer
    t_ms INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
"""
# The rule of TokenRevocations: what refuses more stands, of equals the earlier. So any stretch may be played again.
_WRITE = """
INSERT INTO token_revocations (kind, subject, until_ms, t_ms, note) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, subject) DO UPDATE SET until_ms = excluded.until_ms, t_ms = excluded.t_ms, note = excluded.note
WHERE excluded.until_ms > until_ms OR (excluded.until_ms = until_ms AND excluded.t_ms < t_ms)
"""
_SELECT = "SELECT kind, subject, until_ms, t_ms, note FROM token_revocations"

_Time = Annotated[int, msgspec.Meta(ge=0, le=U53_MAX)]


class _By(enum.IntEnum):
    TOKEN = 1
    HOLDER = 2
    ISSUER = 3


_NUMBERS = {RevokedBy.TOKEN: _By.TOKEN, RevokedBy.HOLDER: _By.HOLDER, RevokedBy.ISSUER: _By.ISSUER}
_NAMES = {number: by for by, number in _NUMBERS.items()}


class _Fields(msgspec.Struct, array_like=True, frozen=True):
    kind: int
    version: int
    by: _By
    subject: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    until_ms: _Time
    t_ms: _Time
    note: str


_DECODER = msgspec.msgpack.Decoder(_Fields)


def encode_revocation(change: TokenRevocation) -> bytes:
    """The payload of a revocation's record: `[14, 1, …]`, class rc."""
    return msgspec.msgpack.encode(_Fields(REVOCATION_KIND, VERSION, *_row(change)))


def decode_revocation(payload: bytes) -> TokenRevocation:
    """Read a revocation; trailing fields of a later release are passed over. msgspec.ValidationError otherwise."""
    fields = _DECODER.decode(payload)
    return _revocation(fields.by, fields.subject, fields.until_ms, fields.t_ms, fields.note)


def apply_revocations(conn: sqlite3.Connection, changes: Iterable[TokenRevocation]) -> None:
    """Write revocations inside the caller's transaction."""
    conn.executemany(_WRITE, [_row(change) for change in changes])


def load_revocations(conn: sqlite3.Connection) -> list[TokenRevocation]:
    """Every revocation there is, for TokenRevocations."""
    # As horizon_rows.load_horizons: a directory of an earlier release may be on a disk that cannot be written.
    if not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'token_revocations'").fetchone():
        return []
    return [_revocation(_By(kind), *rest) for kind, *rest in conn.execute(_SELECT)]


def _row(change: TokenRevocation) -> tuple[_By, bytes, int, int, str]:
    return _NUMBERS[change.by], bytes(change.subject), change.until_ms or 0, change.t_ms, change.note


def _revocation(by: _By, subject: bytes, until_ms: int, t_ms: int, note: str) -> TokenRevocation:
    return TokenRevocation(
        by=_NAMES[by],
        subject=Digest(subject) if by is _By.TOKEN else PublicKey(subject),
        until_ms=until_ms if by is _By.ISSUER else None,
        t_ms=t_ms,
        note=note,
    )
