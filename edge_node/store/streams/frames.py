"""What a subscriber is sent: runs of rendered events and gaps, cut to size and put into its wire's frames."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class GapReason(enum.StrEnum):
    """Why offsets are not delivered."""

    RETENTION = "retention"
    SLOW = "slow"
    DAMAGE = "damage"


@dataclass(frozen=True, slots=True)
class Gap:
    """The offsets `[first, stop)` are passed over."""

    first: int
    stop: int
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Run:
    """Rendered events with the offsets `first …`, one after another."""

    first: int
    events: Sequence[bytes]

    @property
    def stop(self) -> int:
        """The offset after the last."""
        return self.first + len(self.events)


Part = Run | Gap


class Framing(Protocol):
    """How one wire carries an event object and a gap. Compared by identity: one object per wire."""

    def event(self, offset: int, rendered: bytes) -> bytes:
        """The frame of one event."""
        ...

    def gap(self, gap: Gap) -> bytes:
        """The frame of a gap marker."""
        ...


class Frames(NamedTuple):
    """Frames to be sent as they stand: `events` of them carry events, `cursor` is the offset that comes after."""

    data: bytes
    events: int
    cursor: int


def gather(parts: Iterable[Part], cursor: int, bytes_max: int, framing: Framing) -> Frames:
    """The frames of `parts` from `cursor` on, about `bytes_max` bytes, one frame at least.

    The parts follow each other without holes, and `cursor` lies in the first of them.
    """
    frames: list[bytes] = []
    left, events, frame_event = bytes_max, 0, framing.event
    for part in parts:
        if isinstance(part, Gap):
            frames.append(framing.gap(Gap(max(part.first, cursor), part.stop, part.reason)))
            cursor = part.stop
            continue
        for rendered in part.events[cursor - part.first :] if cursor > part.first else part.events:
            frame = frame_event(cursor, rendered)
            left -= len(frame)
            if left < 0 and frames:
                return Frames(b"".join(frames), events, cursor)
            frames.append(frame)
            cursor += 1
            events += 1
    return Frames(b"".join(frames), events, cursor)
