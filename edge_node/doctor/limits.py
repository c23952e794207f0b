"""What the machine lets the node's process have: open files, the size of a file."""

import resource
from dataclasses import dataclass
from pathlib import Path

from edge_node.doctor.finding import Finding, bad, in_bytes, ok, warn
from edge_node.doctor.site import Site
from edge_node.settings import Settings
from edge_node.settings.doors import parse_pairs

SEGMENTS_OPEN = 64 + 3  # descriptors kept for reading, and one being written per class
ROOM = 128  # databases and their readers, sockets of its own, libraries
_FILES = "Set LimitNOFILE=65536 in the unit, or `ulimit -Hn 65536` where the node is started."


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """Hard limits, None for none. `of` says whose: the running node's, or those of this process."""

    of: str
    open_files: int | None
    file_bytes: int | None
    connections: int
    segment_bytes: int


def probe_limits(site: Site) -> LimitFacts:
    """The running node's limits where they may be read, else this process's own."""
    connections, segment = count_connections(site.settings), site.settings.journal.segment_bytes
    pid = site.holder.pid if site.holder else None
    if pid is not None:
        try:
            found = parse_limits(Path(f"/proc/{pid}/limits").read_text())
            return LimitFacts(f"process {pid}", found["open files"], found["file size"], connections, segment)
        except (OSError, KeyError):
            pass  # another user's process, or gone meanwhile: this one's own limits are the next best
    files, size = resource.getrlimit(resource.RLIMIT_NOFILE)[1], resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    return LimitFacts("this session (a unit's may differ)", _finite(files), _finite(size), connections, segment)


def count_connections(settings: Settings) -> int:
    """What all doors together may hold open: a pair with HTTP has its own server, and all share one for gRPC."""
    pairs, http, grpc = parse_pairs(settings.ddc.doors), settings.http, settings.grpc
    servers = [http.listen or http.listen_tls, *(pair.http for pair in pairs)]
    calls = [grpc.listen, *(pair.grpc for pair in pairs)]
    return http.connections_max * sum(map(bool, servers)) + grpc.connections_max * any(calls)


def parse_limits(text: str) -> dict[str, int | None]:
    """The hard limits of /proc/<pid>/limits by name, without `Max `; None for unlimited."""
    found: dict[str, int | None] = {}
    for line in text.splitlines()[1:]:
        fields = line[26:].split()
        if len(fields) >= 2:
            found[line[:26].strip().removeprefix("Max ")] = int(fields[1]) if fields[1].isdigit() else None
    return found


def _finite(limit: int) -> int | None:
    return None if limit == resource.RLIM_INFINITY else limit


def judge_limits(facts: LimitFacts) -> list[Finding]:
    """Two findings."""
    return [_judge_files(facts), _judge_size(facts)]


def _judge_files(facts: LimitFacts) -> Finding:
    check, least = "limits.open_files", SEGMENTS_OPEN + ROOM
    wanted = facts.connections + least
    figures = {"limit": facts.open_files, "wanted": wanted, "of": facts.of}
    if facts.open_files is None:
        return ok(check, f"{facts.of}: no limit", **figures)
    said = f"{facts.of}: at most {facts.open_files} open files"
    if facts.open_files < 2 * least:
        return bad(check, f"{said}; log and databases alone want {least}", _FILES, **figures)
    if facts.open_files < wanted:
        doors = f"{facts.connections} connections (http.connections_max, grpc.connections_max)"
        return warn(check, f"{said}; {doors} want {wanted}", _FILES, **figures)
    return ok(check, said, **figures)


def _judge_size(facts: LimitFacts) -> Finding:
    check = "limits.file_size"
    if facts.file_bytes is None:
        return ok(check, f"{facts.of}: files may have any size")
    said = f"{facts.of}: a file has at most {in_bytes(facts.file_bytes)}"
    if facts.file_bytes < 2 * facts.segment_bytes:
        return bad(check, f"{said}; a segment alone has {in_bytes(facts.segment_bytes)}, databases grow beyond it",
                   "Remove LimitFSIZE= from the unit, or `ulimit -f unlimited`.")  # fmt: skip
    return ok(check, said)


def check_limits(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_limits(probe_limits(site))
