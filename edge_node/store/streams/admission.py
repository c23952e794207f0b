"""Admission: gives each verified body its place in its stream, once, ahead of the disk and able to take it back."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.store.errors import SequenceJump, SequenceTooOld
from edge_node.store.streams.replay import ReplayWindow, Standing

TRACKED_MAX = 65_536  # windows kept in memory, about 300 bytes each: 20 MB at most

WindowKey = tuple[PublicKey, VaultId, StreamName]
HeadKey = tuple[VaultId, StreamName]


class Body(Protocol):
    """What admission must know of a verified body; the same object comes back as the twin of a repeat."""

    window_key: WindowKey
    head_key: HeadKey
    seq: int
    count: int
    first_offset: int


class Verdict(enum.Enum):
    """NEW: may be admitted; TWIN: the same number is on its way to the disk; SEEN: it is there already."""

    NEW = enum.auto()
    TWIN = enum.auto()
    SEEN = enum.auto()


@dataclass(slots=True)
class _Head:
    next_offset: int
    pending: int = 0


@dataclass(slots=True)
class _Tracked:
    window: ReplayWindow
    in_flight: dict[int, Body] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Undo:
    body: Body
    highest: int | None
    bits: int


class Admission:
    """Heads and windows of active streams: the index's state plus what is in flight. Pure; one caller at a time."""

    def __init__(self) -> None:
        self.generation = 0
        self._heads: dict[HeadKey, _Head] = {}
        self._windows: dict[WindowKey, _Tracked] = {}
        self._undo: list[_Undo] = []

    def missing(self, bodies: Iterable[Body]) -> tuple[set[HeadKey], set[WindowKey]]:
        """Which heads and windows must be loaded before these bodies can be admitted."""
        heads = {b.head_key for b in bodies if b.head_key not in self._heads}
        windows = {b.window_key for b in bodies if b.window_key not in self._windows}
        return heads, windows

    def fill(self, heads: dict[HeadKey, int], windows: dict[WindowKey, ReplayWindow], generation: int) -> None:
        """Take what was loaded, unless a setback or a `trim` came in between; what is tracked is newer and stays."""
        if generation != self.generation:
            return
        for head_key, next_offset in heads.items():
            self._heads.setdefault(head_key, _Head(next_offset))
        for window_key, window in windows.items():
            self._windows.setdefault(window_key, _Tracked(window))

    def judge(self, body: Body) -> Verdict:
        """Say what the body's number is; SequenceTooOld or SequenceJump for those never admitted.

        Its head and window must have been filled. Changes nothing.
        """
        tracked = self._windows[body.window_key]
        if body.seq in tracked.in_flight:
            return Verdict.TWIN
        match tracked.window.judge(body.seq):
            case Standing.SEEN:
                return Verdict.SEEN
            case Standing.BELOW:
                raise SequenceTooOld(body.seq, tracked.window.highest or 0)
            case Standing.JUMP:
                raise SequenceJump(body.seq, tracked.window.highest or 0)
            case Standing.UNSEEN:
                return Verdict.NEW

    def admit(self, body: Body) -> None:
        """Set the `first_offset` of a body judged NEW, and count its number and its offsets as used."""
        tracked, head = self._windows[body.window_key], self._heads[body.head_key]
        window = tracked.window
        self._undo.append(_Undo(body, window.highest, window.bits))
        body.first_offset = head.next_offset
        head.next_offset += body.count
        head.pending += 1
        window.add(body.seq)
        tracked.in_flight[body.seq] = body

    def twin_of(self, body: Body) -> Body:
        """The body in flight under the same number."""
        return self._windows[body.window_key].in_flight[body.seq]

    def hand_over(self) -> None:
        """What was admitted since the last call is now queued: it can no longer be withdrawn one by one."""
        self._undo.clear()

    def withdraw(self) -> None:
        """Take back, newest first, all that was admitted since the last `hand_over`."""
        for undo in reversed(self._undo):
            tracked, head = self._windows[undo.body.window_key], self._heads[undo.body.head_key]
            tracked.window.highest, tracked.window.bits = undo.highest, undo.bits
            del tracked.in_flight[undo.body.seq]
            head.next_offset = undo.body.first_offset
            head.pending -= 1
        self._undo.clear()

    def settle(self, body: Body) -> None:
        """The body is durable: its number is answered from the index from now on."""
        del self._windows[body.window_key].in_flight[body.seq]
        self._heads[body.head_key].pending -= 1

    def set_back(self) -> None:
        """A write was refused with all that stood behind it: forget everything, the index is the truth."""
        self.generation += 1
        self._heads.clear()
        self._windows.clear()
        self._undo.clear()

    def trim(self) -> None:
        """Forget quiet windows and heads, oldest first, once too many are tracked."""
        if len(self._windows) <= TRACKED_MAX:
            return
        # What is being loaded now may be older than what is forgotten here.
        self.generation += 1
        quiet = [key for key, tracked in self._windows.items() if not tracked.in_flight]
        for key in quiet[: len(self._windows) - TRACKED_MAX // 2]:
            del self._windows[key]
        for head_key in [key for key, head in self._heads.items() if not head.pending]:
            del self._heads[head_key]
