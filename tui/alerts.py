"""What the operator should know now: each alert a fact, why it matters, and what to do about it (pure)."""

from collections.abc import Iterator
from typing import NamedTuple

from tui.lines import Tone
from tui.models import Node
from tui.words import age_of, counted, size_of, span_of

_DAY_MS = 86_400_000
CERTIFICATE_SOON_MS = 14 * _DAY_MS
FILES_SHARE = 0.9
LATE_MS = 250.0
DISK_SHARE = 0.05


class Alert(NamedTuple):
    """`name` is stable, so that an alert's age can be told; `tone` is WARN or BAD."""

    name: str
    tone: Tone
    what: str
    why: str
    todo: str


def alerts_of(node: Node, now_ms: int) -> list[Alert]:
    """Everything that is not as it should be, the gravest first."""
    found = [*_of_rooms(node), *_of_journal(node), *_of_machine(node), *_of_doors(node, now_ms), *_of_records(node)]
    return sorted(found, key=lambda alert: alert.tone is not Tone.BAD)


def _of_rooms(node: Node) -> Iterator[Alert]:
    for room in node.rooms:
        if room.state in {"running", "waiting", "starting"}:
            continue
        bad = room.required or room.state == "down"
        yield Alert(
            f"room.{room.name}", Tone.BAD if bad else Tone.WARN, f"{room.name} is {room.state}",
            room.reason or "The room gave no reason.", f"See its log lines: 9, then /room={room.name}",
        )  # fmt: skip


def _of_journal(node: Node) -> Iterator[Alert]:
    journal = node.journal
    if journal.state not in {"", "writable"}:
        yield Alert(
            "journal.state", Tone.WARN if journal.state == "low" else Tone.BAD, f"journal is {journal.state}",
            journal.reason or f"{size_of(journal.free_bytes)} free, {size_of(journal.free_min_bytes)} are kept free.",
            "Free space on the data disk; deletes work while it is low.",
        )  # fmt: skip
    if journal.damages:
        yield Alert(
            "journal.damages", Tone.BAD, counted(journal.damages, "damaged record"),
            "Bytes on the disk are not what was written.",
            "Run edge-node doctor --deep; verify pieces with v on Store (3).",
        )  # fmt: skip


def _of_machine(node: Node) -> Iterator[Alert]:
    if node.clock.quality_name and not node.clock.trusted:
        yield Alert(
            "clock", Tone.WARN, f"clock is {node.clock.quality_name}",
            "Times of events are recorded as doubtful.", "Start a time service, or set clock.quality.",
        )  # fmt: skip
    disk, process = node.disk, node.process
    if disk.total_bytes and disk.free_bytes < disk.total_bytes * DISK_SHARE:
        yield Alert(
            "disk", Tone.WARN, f"disk has {size_of(disk.free_bytes)} left",
            f"Of {size_of(disk.total_bytes)} on {disk.path}.", "Free space, or let streams forget earlier.",
        )  # fmt: skip
    if process.open_files_max and process.open_files > process.open_files_max * FILES_SHARE:
        yield Alert(
            "files", Tone.WARN, f"{process.open_files} of {process.open_files_max} files open",
            "New connections will be refused.", "Raise LimitNOFILE, or lower http.connections_max.",
        )  # fmt: skip
    if node.loop.lateness_ms > LATE_MS:
        yield Alert(
            "loop", Tone.WARN, f"loop runs {node.loop.lateness_ms:.0f} ms late",
            "The machine has more to do than it can.", "See who takes the processor; lower the load.",
        )  # fmt: skip


def _of_doors(node: Node, now_ms: int) -> Iterator[Alert]:
    for door in node.doors:
        if door.expires_ms is None or door.expires_ms - now_ms > CERTIFICATE_SOON_MS:
            continue
        over = door.expires_ms <= now_ms
        when = f"{age_of(door.expires_ms, now_ms)} ago" if over else f"in {span_of((door.expires_ms - now_ms) / 1_000)}"
        yield Alert(
            f"door.{door.name}", Tone.BAD if over else Tone.WARN,
            f"{door.name} certificate {'ended' if over else 'ends'} {when}", "Clients will no longer connect.",
            "Put a new certificate in its place, then settings apply.",
        )  # fmt: skip


def _of_records(node: Node) -> Iterator[Alert]:
    if node.audit.lost_rows:
        yield Alert(
            "audit", Tone.WARN, f"{counted(node.audit.lost_rows, 'audit row')} lost",
            "Verdicts came faster than they were written.", "Look for a flood of refusals: 4, then ].",
        )  # fmt: skip
    if pending := node.settings.pending:
        yield Alert(
            "settings", Tone.WARN, f"{counted(pending, 'setting')} wait{'s' * (pending == 1)} for a restart",
            "They were read but are not in force.", "See them with , then /pending=yes",
        )  # fmt: skip
