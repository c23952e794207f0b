"""Memory: what is there, what the settings let the node take at most, and what it takes now."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from edge_node.base.limits import MIB
from edge_node.doctor.finding import Finding, bad, in_bytes, ok, warn
from edge_node.doctor.site import Site

IDLE_BYTES = 95 * MIB  # the promise for a node at rest
_LESS = (
    "Lower http.bodies_bytes_max, http.answers_bytes_max, grpc.puts_bytes_max, grpc.reads_bytes_max,"
    " subscriptions.tail_bytes_max or the queues."
)


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """Sizes in bytes. `total` is the machine's or the control group's, whichever is less."""

    total: int
    available: int
    bounds: int
    node: int | None = None


def probe_memory(site: Site) -> MemoryFacts:
    """Ask the kernel, the control group, and the running node's process."""
    machine, settings = psutil.virtual_memory(), site.settings
    total = min(machine.total, group_limit() or machine.total)
    bounds = (
        settings.http.bodies_bytes_max + settings.http.answers_bytes_max + settings.journal.queue_bytes_max
        + settings.ingest.queue_bytes_max + settings.subscriptions.tail_bytes_max
        + settings.grpc.puts_bytes_max + settings.grpc.reads_bytes_max
    )  # fmt: skip
    return MemoryFacts(total, min(machine.available, total), IDLE_BYTES + bounds, _node_bytes(site))


def group_limit(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The memory limit of this control group; None without one."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (root / name).read_text().strip()
        except OSError:
            continue
        return int(text) if text.isdigit() else None
    return None


def _node_bytes(site: Site) -> int | None:
    if site.holder is None or site.holder.pid is None:
        return None
    try:
        return int(psutil.Process(site.holder.pid).memory_info().rss)
    except psutil.Error:
        return None


def judge_memory(facts: MemoryFacts) -> list[Finding]:
    """Two findings: room now, and room when everything the settings allow comes at once."""
    return [_judge_now(facts), _judge_bounds(facts)]


def _judge_now(facts: MemoryFacts) -> Finding:
    check, said = "memory.available", f"{in_bytes(facts.available)} of {in_bytes(facts.total)} available"
    figures = {"total_bytes": facts.total, "available_bytes": facts.available, "node_bytes": facts.node}
    if facts.node is not None:
        said += f"; the node has {in_bytes(facts.node)}"
    needed = IDLE_BYTES if facts.node is None else 32 * MIB  # a running node needs room to answer, not to start
    if facts.available < needed:
        return bad(
            check, f"{said}: the kernel is about to end processes", "End other programs, or add memory.", **figures
        )
    return ok(check, said, **figures)


def _judge_bounds(facts: MemoryFacts) -> Finding:
    check, said = "memory.bounds", f"the settings bound the node to about {in_bytes(facts.bounds)}"
    figures = {"bounds_bytes": facts.bounds, "total_bytes": facts.total}
    if facts.bounds > facts.total:
        return warn(check, f"{said}; there are {in_bytes(facts.total)}", _LESS, **figures)
    return ok(check, said, **figures)


def check_memory(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_memory(probe_memory(site))
