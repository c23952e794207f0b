"""How much of a disk the journal takes, keeps in reserve and leaves alone; pure arithmetic over figures of statvfs."""

from dataclasses import dataclass
from enum import Enum

from edge_node.base.limits import MIB
from edge_node.settings.tree import JournalSettings

ROUND_BYTES = 8 * MIB  # extents in one round: longer rounds would make small records wait behind large ones
SMALL_DISK_BYTES = 32_000_000_000  # cards below this hold segments of at most 32 MiB
SMALL_DISK_SEGMENT_BYTES = 32 * MIB
ASK_EVERY_BYTES = 16 * MIB  # between two questions to the file system our own writes are counted instead
ASK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class SpacePlan:
    """Sizes in bytes that fit one file system of `total` bytes."""

    total: int
    segment: int
    preallocate: int
    reserve: int
    free_min: int
    round: int
    ask_every: int


def plan_space(total: int, settings: JournalSettings) -> SpacePlan:
    """Scale the settings down to a file system of `total` bytes, so that even 16 MiB works."""
    ceiling = settings.segment_bytes
    if total < SMALL_DISK_BYTES:
        ceiling = min(ceiling, SMALL_DISK_SEGMENT_BYTES)
    segment = min(ceiling, max(MIB, total // 16))
    return SpacePlan(
        total=total,
        segment=segment,
        preallocate=min(settings.preallocate_bytes, segment // 4),
        reserve=min(settings.reserve_bytes, total // 16),
        free_min=min(settings.free_min_bytes, total // 8),
        round=min(ROUND_BYTES, segment),
        ask_every=min(ASK_EVERY_BYTES, total // 64),
    )


class Ballast(Enum):
    """What to do with the reserve file."""

    KEEP = "keep"
    RELEASE = "release"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether only what frees space may be written, and what becomes of the ballast."""

    low: bool
    ballast: Ballast


def judge_space(free: int, plan: SpacePlan, *, low: bool, ballast_held: bool) -> Verdict:
    """Decide from free bytes; leaving the low state needs a margin, so that it does not flap.

    The ballast is held on to in the low state until space is so short that a delete could fail: what is released
    too early, another program takes.
    """
    if free < plan.free_min:
        short = ballast_held and free < plan.reserve
        return Verdict(low=True, ballast=Ballast.RELEASE if short else Ballast.KEEP)
    enough = plan.free_min + plan.free_min // 8 + (0 if ballast_held else plan.reserve)
    if free >= enough:
        return Verdict(low=False, ballast=Ballast.KEEP if ballast_held else Ballast.RESTORE)
    return Verdict(low=low, ballast=Ballast.KEEP)


@dataclass(slots=True)
class SpaceMeter:
    """Free bytes, asked seldom and estimated in between."""

    free: int
    asked_at_s: float
    ask_every: int
    written: int = 0

    def note(self, count: int) -> None:
        """Our own writes since the last answer."""
        self.written += count

    def due(self, now_s: float) -> bool:
        """Whether the estimate is too old or too far from the last answer."""
        return self.written >= self.ask_every or now_s - self.asked_at_s >= ASK_EVERY_S

    def answer(self, free: int, now_s: float) -> None:
        """Take a fresh figure."""
        self.free, self.asked_at_s, self.written = free, now_s, 0

    @property
    def estimate(self) -> int:
        """Free bytes by the last answer less what we wrote since."""
        return self.free - self.written
