"""Whether the node runs, and what it says of itself through its socket when it does."""

from collections.abc import Mapping
from typing import Any

from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Holder, Site

_LOG = "The log says since when and why: `edge-node tui`, or `journalctl -u edge-node`."


def judge_running(
    holder: Holder | None, live: Mapping[str, Any] | None, why_not: str, *, hangs: bool = False
) -> list[Finding]:
    """Who has the directory, and the health of a running node."""
    if holder is None:
        return [ok("node.process", "no process works in the data directory")]
    who = f"process {holder.pid}" if holder.pid else "a process"
    found = [ok("node.process", f"{who} ({holder.doing}) works in the data directory", pid=holder.pid)]
    if not holder.serves:
        return found
    if hangs:
        said = "it has its control socket and does not answer: it hangs, or its disk does"
        return [*found, bad("node.health", said, f"Look at `dmesg` for the disk, then restart it. {_LOG}")]
    if live is None:
        said, remedy = f"its control socket does not answer: {why_not}", "Run it as a member of the socket's group."
        return [*found, unknown("node.health", said, remedy)]
    return [*found, _judge_health(live), _judge_damages(live)]


def _judge_health(live: Mapping[str, Any]) -> Finding:
    health = live.get("health") or {}
    state, reasons = str(health.get("state", "")), [str(reason) for reason in health.get("reasons") or []]
    said = f"it calls itself {state or 'nothing'}" + (f": {'; '.join(reasons)}" if reasons else "")
    if state == "healthy":
        return ok("node.health", said)
    if state in {"degraded", "stopping"}:
        return warn("node.health", said, _LOG)
    return bad("node.health", said, _LOG)


def _judge_damages(live: Mapping[str, Any]) -> Finding:
    journal = live.get("journal") or {}
    state, damages = str(journal.get("state", "")), int(journal.get("damages") or 0)
    said = f"its journal is {state}" + (f" and met {damages} damaged places" if damages else "")
    if state == "writable" and not damages:
        return ok("node.journal", said)
    if state in {"writable", "low"}:
        return warn("node.journal", said, _LOG)
    return bad("node.journal", said, f"See what ails the disk. {_LOG}")


def check_running(site: Site) -> list[Finding]:
    """Judge what is known."""
    if site.hidden:
        return [unknown("node.process", f"whether a node runs cannot be seen: {site.hidden}",
                        "Run it as the node's user, or as root.")]  # fmt: skip
    return judge_running(site.holder, site.live, site.no_live, hangs=site.hangs)
