"""Retention planned: how many of a stream's oldest bodies its policy lets go (pure; docs/specs/retention.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_node.settings import RetentionPolicy


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A stored body as the planner sees it. `trusted`: the node's clock was set when it took the body in."""

    first_offset: int
    count: int
    bytes: int
    received_ms: int
    trusted: bool


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """A stream: bytes of all its bodies, the offset after its newest event."""

    bytes: int
    end: int


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes: the oldest `bodies` bodies, with the first offset that stays and the times between which they came."""

    start: int
    first: int
    bodies: int
    bytes: int
    oldest_ms: int
    newest_ms: int

    @property
    def events(self) -> int:
        """How many events go."""
        return self.first - self.start

    def join(self, later: "Removal") -> "Removal":
        """Both as one, `later` being the next of the same stream."""
        return Removal(
            self.start,
            later.first,
            self.bodies + later.bodies,
            self.bytes + later.bytes,
            min(self.oldest_ms, later.oldest_ms),
            max(self.newest_ms, later.newest_ms),
        )


def plan_removal(
    policy: RetentionPolicy,
    stream: StreamFacts,
    bodies: Sequence[StoredBody],
    now_ms: int | None,
    heir_ms: int | None = None,
    until: int | None = None,
) -> Removal | None:
    """What `policy` lets go of a stream's oldest `bodies`, all of them or a beginning; None for nothing.

    Bodies go whole, oldest first, up to the first that stays. `now_ms` is None while the clock is not to be trusted:
    then nothing goes for its age. A body that came under a clock that was not set is as old as the next one that came
    under a good one, so that none is taken for older than it is; `heir_ms` is that time for the last of `bodies`.
    With `until` nothing goes beyond that offset.
    """
    ages = _received_at_latest(bodies, heir_ms)
    left = stream.bytes
    gone = 0
    for body, came_ms in zip(bodies, ages, strict=True):
        stop = body.first_offset + body.count
        wanted = stream.end - stop < policy.events_min or (until is not None and stop > until)
        if wanted or not (_is_too_old(policy, came_ms, now_ms) or _is_too_much(policy, left)):
            break
        left -= body.bytes
        gone += 1
    return _removal(bodies[:gone]) if gone else None


def may_remove(policy: RetentionPolicy, stream: StreamFacts, oldest: StoredBody, now_ms: int | None) -> bool:
    """Whether a look at the bodies is worth it, judged by the stream's size and its oldest body alone."""
    if _is_too_much(policy, stream.bytes):
        return True
    # One that came under a bad clock may be of any age: those after it tell.
    return _is_too_old(policy, oldest.received_ms if oldest.trusted else 0, now_ms)


def _is_too_old(policy: RetentionPolicy, came_ms: int | None, now_ms: int | None) -> bool:
    if policy.age_s is None or now_ms is None or came_ms is None:
        return False
    return now_ms - came_ms > policy.age_s * 1_000


def _is_too_much(policy: RetentionPolicy, left: int) -> bool:
    return policy.bytes_max is not None and left > policy.bytes_max


def _received_at_latest(bodies: Sequence[StoredBody], heir_ms: int | None) -> list[int | None]:
    """For each body a time by which it had certainly come; None where none is known."""
    times: list[int | None] = []
    known = heir_ms
    for body in reversed(bodies):
        known = body.received_ms if body.trusted else known
        times.append(known)
    return times[::-1]


def _removal(gone: Sequence[StoredBody]) -> Removal:
    times = [body.received_ms for body in gone]
    first = gone[-1].first_offset + gone[-1].count
    return Removal(gone[0].first_offset, first, len(gone), sum(body.bytes for body in gone), min(times), max(times))
