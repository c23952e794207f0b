"""Who may read and change the node's files: its directory, keys, databases, settings and sockets."""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Site

DIRECTORY, PRIVATE = 0o700, 0o600
SHOWN_DIRECTORY, SHOWN, GROUP_READS = 0o755, 0o644, 0o640
SOCKET_DIRECTORY, SOCKET = 0o750, 0o660

_AS_THE_NODE = "Run it as the node's user, or as root."


@dataclass(frozen=True, slots=True)
class Entry:
    """One path as found. `most` is the widest mode it may have; `secret`: who reads it is the node.

    `own`: it must belong to the owner of the data directory; else root's will do too.
    """

    path: str
    mode: int
    owner: int
    most: int
    secret: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class PermissionFacts:
    """What lies there, who owns the data directory, and whose eyes look."""

    entries: Sequence[Entry]
    owner: int
    looking: int
    hidden: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    most: int
    secret: bool = False
    own: bool = True


def probe_permissions(site: Site) -> PermissionFacts:
    """Look at every path a stranger could gain by; contents are not opened."""
    entries: list[Entry] = []
    hidden: list[str] = []
    for place in (*_secrets(site), *_others(site)):
        try:
            status = place.path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            hidden.append(str(place.path))
            continue
        mode = stat.S_IMODE(status.st_mode)
        entries.append(Entry(str(place.path), mode, status.st_uid, place.most, place.secret, place.own))
    return PermissionFacts(entries, site.paths.root.stat().st_uid, os.geteuid(), hidden)


def _secrets(site: Site) -> Iterator[_Place]:
    paths, settings = site.paths, site.settings
    yield _Place(paths.keys, DIRECTORY, secret=True)
    with contextlib.suppress(PermissionError):  # then the directory itself is told as hidden
        for file in sorted(path for path in paths.keys.rglob("*") if ".key" in path.name or "key.pem" in path.name):
            yield _Place(file, PRIVATE, secret=True)
    if settings.node.key_file:
        yield _Place(Path(settings.node.key_file), PRIVATE, secret=True)
    if settings.http.certificate_key_file:
        # Certificates of the system are root's, and a group of their own may read their keys.
        yield _Place(Path(settings.http.certificate_key_file), GROUP_READS, secret=True, own=False)


def _others(site: Site) -> Iterator[_Place]:
    paths, control = site.paths, site.settings.control
    yield _Place(paths.root, SHOWN_DIRECTORY)
    yield _Place(paths.segments, DIRECTORY)
    for database in (paths.index_db, paths.meta_db, paths.audit_db, paths.chain_db):
        yield _Place(database, PRIVATE)
    yield _Place(paths.identity, SHOWN)
    yield _Place(paths.lock, SHOWN)
    if site.loaded.file:
        yield _Place(Path(site.loaded.file), SHOWN, own=False)
    for chosen, usual in ((control.socket, paths.control_socket), (control.view_socket, paths.view_socket)):
        yield _Place(Path(chosen) if chosen.startswith("/") else usual, SOCKET)
        if not chosen:
            yield _Place(usual.parent, SOCKET_DIRECTORY)


def judge_permissions(facts: PermissionFacts) -> list[Finding]:
    """A finding for each path that is too open or somebody else's, or one that all is well."""
    found = [finding for entry in facts.entries for finding in _judge(entry, facts.owner)]
    if facts.hidden:
        said = f"{facts.hidden[0]} may not be looked at ({len(facts.hidden)} in all)"
        found.append(unknown("permissions.hidden", said, _AS_THE_NODE))
    if facts.looking not in (0, facts.owner):
        said = f"the directory belongs to user {facts.owner}, this is user {facts.looking}"
        found.append(unknown("permissions.user", said, _AS_THE_NODE))
    return found or [ok("permissions.files", f"{len(facts.entries)} paths are the node's own and no wider than needed")]


def _judge(entry: Entry, owner: int) -> Iterator[Finding]:
    excess, mode = entry.mode & ~entry.most & 0o777, f"{entry.mode:04o}"
    figures = {"path": entry.path, "mode": mode, "owner": entry.owner}
    close = f"chmod {entry.most:o} {entry.path}"
    if excess and entry.secret:
        yield bad("permissions.exposed", f"{entry.path} has mode {mode}: others than the node may have its keys",
                  f"{close}; if somebody else could have read it, make new keys.", **figures)  # fmt: skip
    elif excess & 0o022:
        yield bad("permissions.writable", f"{entry.path} has mode {mode}: others may change what the node relies on",
                  f"{close}.", **figures)  # fmt: skip
    elif excess:
        yield warn("permissions.wide", f"{entry.path} has mode {mode}, wider than {entry.most:04o}",
                   f"{close}.", **figures)  # fmt: skip
    if entry.owner != owner and (entry.own or entry.owner != 0):
        yield bad("permissions.owner", f"{entry.path} belongs to user {entry.owner}, the directory to user {owner}",
                  f"chown {owner} {entry.path}; a verb was run as another user.", **figures)  # fmt: skip


def check_permissions(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_permissions(probe_permissions(site))
