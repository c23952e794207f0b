"""Reading the audit trail: the newest verdicts that match a filter, for the command line and the terminal."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import PublicKey
from edge_node.trust.audit_file import ForeignAuditFile, is_empty, refuse_foreign
from edge_node.trust.audit_row import AuditRow

LIMIT_MAX = 10_000  # one page in memory; older rows are reached with before_seq


class AuditUnreadable(EdgeNodeError):
    """The audit file is damaged, of another program or of another release."""

    slug = "audit-unreadable"
    remedy = "Start the node: it renames an unusable audit file aside and begins a fresh one."

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path.name} cannot be read: {why}")


class AuditEntry(msgspec.Struct, frozen=True):
    """A row and its place in the trail; `seq` grows with time."""

    seq: int
    row: AuditRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to read; None = any. `resource` covers what lies below it, times are ms and inclusive, seq is exclusive."""

    holder: PublicKey | None = None
    resource: str | None = None
    verb: str | None = None
    allowed: bool | None = None
    reason: str | None = None
    proved: bool | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    before_seq: int | None = None


EVERYTHING = AuditFilter()


def read_audit(path: Path, filters: AuditFilter = EVERYTHING, limit: int = 100) -> list[AuditEntry]:
    """At most `limit` matching rows, newest first, also while a node writes; [] if there is no file yet.

    Gap rows match every filter of content, except that each belongs to one ring (`proved`): what is missing might
    have matched. Blocking: one scan of the rings.
    AuditUnreadable if the file is not usable.
    """
    if not path.exists():
        return []
    # Conditions are constants of this file and values are bound, never pasted.
    clauses, values = zip(*_conditions(filters), strict=True)
    query = f"SELECT * FROM audit WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?"  # noqa: S608
    bound = [value for group in values for value in group]
    try:
        # Not mode=ro: such a reader leaves an empty WAL behind that it may not remove.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as conn:
            conn.execute("PRAGMA query_only = ON")
            if is_empty(conn):
                return []
            refuse_foreign(conn)
            return [_entry(row) for row in conn.execute(query, [*bound, min(limit, LIMIT_MAX)])]
    except (sqlite3.DatabaseError, ForeignAuditFile) as error:
        raise AuditUnreadable(path, str(error)) from error


def _conditions(filters: AuditFilter) -> Iterator[tuple[str, list[object]]]:
    yield "seq < ?", [2**63 - 1 if filters.before_seq is None else filters.before_seq]
    if filters.since_ms is not None:
        yield "t_ms >= ?", [filters.since_ms]
    if filters.until_ms is not None:
        yield "t_ms <= ?", [filters.until_ms]
    if filters.proved is not None:
        yield "proved = ?", [filters.proved]
    if filters.holder is not None:
        yield "(lost > 0 OR holder = ?)", [bytes(filters.holder)]
    for column in ("verb", "allowed", "reason"):
        if (value := getattr(filters, column)) is not None:
            yield f"(lost > 0 OR {column} = ?)", [value]
    if (resource := filters.resource) is not None:
        # substr, not LIKE: `_` is a letter of stream names and a wildcard of LIKE.
        below = resource + "/"
        yield "(lost > 0 OR resource = ? OR substr(resource, 1, ?) = ?)", [resource, len(below), below]


def _entry(row: tuple[int, int, bytes, str, str, int, str, str, int, int]) -> AuditEntry:
    seq, t_ms, holder, resource, verb, _allowed, reason, source, proved, lost = row
    return AuditEntry(seq, AuditRow(t_ms, holder, resource, verb, reason, source, proved=bool(proved), lost=lost))
