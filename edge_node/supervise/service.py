"""What the supervisor is told of a room: how it runs, whether the node can do without it, how it stops."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from edge_node.base.errors import EdgeNodeError


class ServiceEnded(EdgeNodeError):
    """A service returned although nobody had asked it to stop."""

    slug = "service-ended"
    remedy = "See the log for what it said last; a required service's end stops the node."

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"service {name} ended by itself")


class StopOverdue(EdgeNodeError):
    """A service did not finish its last work in the time it had."""

    slug = "stop-overdue"
    remedy = "Look for a slow or stuck disk; the log is recovered at the next start."

    def __init__(self, name: str, deadline_s: float) -> None:
        self.name, self.deadline_s = name, deadline_s
        super().__init__(f"service {name} did not close within {deadline_s:g} s")


def cause_of(error: BaseException) -> str:
    """The facts at the leaves of an exception group, in one line."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(cause_of(inner) for inner in error.exceptions)
    return str(error) or type(error).__name__


def _always_well() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One room's running part.

    `run(task_status=...)` calls `task_status.started()` when it is ready and then runs until it is cancelled.
    At shutdown `drain` comes first (stop accepting, let running work end; at most `drain_s`, skipped in a hurry), then
    `close` (last work that must not be lost, shielded, at most `close_s`), both while `run` still runs; then `run` is
    cancelled. `condition` is the room's own word on what is wrong, empty when nothing is. With `beat_s` the service
    promises a heartbeat at least that often. Neighbours of one `stage` stop together, not one after the other.
    """

    name: str
    run: Callable[..., Awaitable[Any]]
    required: bool = True
    drain: Callable[[], Awaitable[object]] | None = None
    drain_s: float = 10.0
    close: Callable[[], Awaitable[object]] | None = None
    close_s: float = 30.0
    stage: str = ""
    beat_s: float | None = None
    condition: Callable[[], str] = _always_well
