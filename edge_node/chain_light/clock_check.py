"""Whether the node's clock can be right, and whether it, or the whole machine, has just jumped."""

from dataclasses import dataclass, field

from edge_node.base.clock import Clock
from edge_node.chain_light.sync_policy import SyncPolicy


@dataclass
class ClockCheck:
    """Looks at wall time beside running time. `floor_ms` is the time of the newest block that is known to be final."""

    clock: Clock
    policy: SyncPolicy
    floor_ms: int | None = None
    _wall_ms: int = field(init=False)
    _running_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Take the time as it is from now on."""
        self._wall_ms, self._running_s = self.clock.now_ms(), self.clock.monotonic_s()

    def jump(self) -> str:
        """What has happened since the last look, in words; empty when time went by as it should."""
        wall_s, running_s = self._elapsed()
        self.begin()
        if abs(wall_s - running_s) > self.policy.jump_s:
            return f"the clock was set {'ahead' if wall_s > running_s else 'back'} by {abs(wall_s - running_s):.0f} s"
        if running_s > self.policy.asleep_s:
            return f"the node stood still for {running_s:.0f} s"
        return ""

    def fault(self) -> str:
        """Why the clock cannot be right; empty when nothing speaks against it."""
        now_ms = self.clock.now_ms()
        if now_ms < self.policy.built_ms:
            return "it shows a time before this release was made"
        if self.floor_ms is not None and now_ms < self.floor_ms - int(self.policy.clock_lead_s * 1_000):
            return f"it is {(self.floor_ms - now_ms) // 1_000} s behind a block that is final"
        return ""

    def now_ms(self, block_ms: int | None = None) -> int | None:
        """The time, or None while it cannot be right: also because a final block is of `block_ms`."""
        now_ms = self.clock.now_ms()
        behind = block_ms is not None and now_ms < block_ms - int(self.policy.clock_lead_s * 1_000)
        return None if behind or self.fault() else now_ms

    def _elapsed(self) -> tuple[float, float]:
        """Seconds of wall time and of running time since the last look."""
        return (self.clock.now_ms() - self._wall_ms) / 1_000, self.clock.monotonic_s() - self._running_s
