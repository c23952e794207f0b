"""The state of every room and of the whole node (pure)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class RoomState(enum.StrEnum):
    """Where a service is in its life."""

    WAITING = "waiting"  # its turn to start has not come
    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"  # it runs, and says or shows that something is wrong
    RESTARTING = "restarting"
    DOWN = "down"  # its restart budget is spent
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RoomHealth:
    """One room's state; `reason` is empty when there is nothing to say."""

    state: RoomState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """A promised heartbeat: how old the last one is and how old it may be, in seconds."""

    age_s: float
    max_s: float

    @property
    def fresh(self) -> bool:
        """Whether the room has kept its promise."""
        return self.age_s <= self.max_s


@dataclass(frozen=True, slots=True)
class Health:
    """The roll-up: `ready` when every required room runs, undegraded."""

    ready: bool
    rooms: Mapping[str, RoomHealth]


def roll_up(rooms: Mapping[str, RoomHealth], required: frozenset[str], *, stopping: bool = False) -> Health:
    """Ready when all of `required` are RUNNING and nobody said stop; an optional room never makes a node unready."""
    return Health(not stopping and all(rooms[name].state is RoomState.RUNNING for name in required), rooms)


def observed(state: RoomState, reason: str, condition: str, beat_age_s: float, beat_s: float | None) -> RoomHealth:
    """A room from outside: a running one is DEGRADED by its own `condition` or by a heartbeat older than `beat_s`."""
    if state is not RoomState.RUNNING:
        return RoomHealth(state, reason)
    if beat_s is not None and beat_age_s > beat_s:
        return RoomHealth(RoomState.DEGRADED, f"no heartbeat for {beat_age_s:.0f} s")
    return RoomHealth(RoomState.DEGRADED, condition) if condition else RoomHealth(state, reason)
