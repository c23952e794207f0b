"""The databases: the right format, whole, and nothing set aside."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_node.doctor.finding import Finding, bad, in_bytes, ok, unknown, warn
from edge_node.doctor.site import Site
from edge_node.journal import UNFINISHED, Database, DatabaseState, inspect_database, open_unchanged, quick_check

QUICK_S = 10.0  # for each database; `--deep` takes the time it needs
WAL_MAX_BYTES = 256 * 1024 * 1024  # checkpoints come every 8 MiB: so much means that some reader never lets go

_DERIVED = "Stop the node and start it: a damaged index is set aside and rebuilt from the log."
_TRUTH = "Stop the node and start it: the registry is rebuilt from the log's rc segments; keep the old file."


@dataclass(frozen=True, slots=True)
class Aside:
    """Files that an earlier start or the audit trail set aside."""

    names: Sequence[str]
    size: int


def judge_database(name: str, state: DatabaseState, *, segments: bool) -> Finding:
    """One finding; `segments`: whether a log exists that the database should follow."""
    check, remedy = f"databases.{name}", _TRUTH if name == "meta" else _DERIVED
    file = state.path.name
    if not state.present:
        if segments:
            return warn(check, f"{file} is missing; the next start fills it from the log", "Nothing to do by hand.")
        return ok(check, f"{file} is made by the first start")
    figures = {"bytes": state.size, "wal_bytes": state.wal_bytes}
    if state.foreign:
        return bad(check, f"{file} is another program's database", remedy, **figures)
    if state.newer is not None:
        return bad(check, f"{file} has format {state.newer} of a later release", "Run that release, or a later one.",
                   **figures)  # fmt: skip
    if state.verdict == UNFINISHED:
        return unknown(check, f"{file} ({in_bytes(state.size)}) was not checked to its end in {QUICK_S:.0f} s",
                       "Run `edge-node doctor --deep`.", **figures)  # fmt: skip
    if state.verdict != "ok":
        return bad(check, f"{file} is damaged: {state.verdict}", remedy, **figures)
    if state.wal_bytes > WAL_MAX_BYTES:
        return warn(check, f"{file}'s write-ahead log has grown to {in_bytes(state.wal_bytes)}",
                    "Some program keeps the database open: find it (`fuser`) and end it, or restart the node.",
                    **figures)  # fmt: skip
    return ok(check, f"{file} ({in_bytes(state.size)}): SQLite's quick check finds nothing wrong", **figures)


def judge_audit(path: Path, verdict: str) -> Finding:
    """One finding on audit.db, which is history and never stops the node."""
    if verdict == "ok":
        return ok("databases.audit", f"{path.name}: SQLite's quick check finds nothing wrong")
    if verdict == UNFINISHED:
        return unknown("databases.audit", f"{path.name} was not checked to its end", "Run `edge-node doctor --deep`.")
    return warn(
        "databases.audit", f"{path.name} is damaged: {verdict}", "The next start sets it aside; history is lost."
    )


def judge_aside(aside: Aside) -> Finding:
    """One finding on what was set aside."""
    if not aside.names:
        return ok("databases.aside", "no damaged database was ever set aside")
    said = f"{', '.join(aside.names[:3])} ({in_bytes(aside.size)}): a database was found damaged and set aside"
    return warn("databases.aside", said, "Look at the disk (`smartctl -a`); then the files may be deleted.",
                names=list(aside.names))  # fmt: skip


def check_databases(site: Site) -> list[Finding]:
    """Probe and judge all of them."""
    paths = site.paths
    segments = paths.segments.exists()
    found = [
        judge_database(database.value, inspect_database(path, database, _within(site)), segments=segments)
        for path, database in ((paths.index_db, Database.INDEX), (paths.meta_db, Database.META))
    ]
    if paths.audit_db.exists():
        found.append(judge_audit(paths.audit_db, _check_audit(paths.audit_db, _within(site))))
    return [*found, judge_aside(_probe_aside(paths.root))]


def _within(site: Site) -> Callable[[], bool]:
    """Whether the time for one database is over."""
    until = float("inf") if site.deep else site.clock.monotonic_s() + QUICK_S
    return lambda: site.clock.monotonic_s() > until


def _check_audit(path: Path, expired: Callable[[], bool]) -> str:
    try:
        with contextlib.closing(open_unchanged(path)) as connection:
            return quick_check(connection, expired)
    except sqlite3.DatabaseError as error:
        return str(error)


def _probe_aside(root: Path) -> Aside:
    files = sorted(path for path in root.iterdir() if ".corrupt-" in path.name or ".aside" in path.name)
    return Aside([path.name for path in files], sum(path.stat().st_size for path in files))
