"""The facts of a running client that need a memory: since when heads stand still, and since when we lag behind."""

from dataclasses import dataclass, field

from edge_node.base.clock import Clock
from edge_node.chain_light.staleness import Facts, claimants
from edge_node.chain_light.status import EndpointStatus
from edge_node.chain_light.sync_policy import SyncPolicy


@dataclass
class Outlook:
    """Looked at every moment; told of each advance."""

    clock: Clock
    policy: SyncPolicy
    live: bool
    forced: tuple[int, int] | None = None
    """A forced change that is proved on our chain: the block from which on it holds, and its delay."""
    last_fault: str = ""
    """What was wrong with the last proof that was refused."""
    state: str = ""
    """Why the comparison with the chain's own state was not good."""
    _bests: dict[str, int] = field(default_factory=dict)
    _led_on: bool = False
    _grew_s: float = field(init=False)
    _lagging_since_s: float | None = None

    def __post_init__(self) -> None:
        self._grew_s = self.clock.monotonic_s()

    def note_forced(self, number: int, delay: int) -> None:
        """A forced change that is in force from block `number` on was proved, now or once more."""
        if self.forced != (number, delay):
            self.forced, self._led_on = (number, delay), False

    def advanced(self, number: int) -> None:
        """A proof has led on to block `number`: whatever kept it from doing so is over.

        The set that is forced out may sign up to the change's own block, so a forced change is over only from there on.
        """
        self._led_on, self.last_fault, self._lagging_since_s = True, "", None
        if self.forced is not None and number >= self.forced[0]:
            self.forced = None

    def best(self, endpoints: tuple[EndpointStatus, ...]) -> int | None:
        """The highest head that any endpoint claims."""
        return max((one.best for one in endpoints if one.best is not None), default=None)

    def _note_heads(self, endpoints: tuple[EndpointStatus, ...], now_s: float) -> None:
        """Each by itself: one that claims the highest there can be must not hide that the others' grow."""
        for one in endpoints:
            if one.best is not None and one.best > self._bests.get(one.url, -1):
                self._bests[one.url], self._grew_s = one.best, now_s

    def facts(
        self,
        *,
        finalized: int,
        age_ms: int,
        endpoints: tuple[EndpointStatus, ...],
        groups: frozenset[str],
        clock_fault: str,
        disk: str,
    ) -> Facts:
        """The facts as of now."""
        now_s = self.clock.monotonic_s()
        self._note_heads(endpoints, now_s)
        if len(claimants(endpoints, finalized)) < 2:
            self._lagging_since_s = None
        elif self._lagging_since_s is None:
            self._lagging_since_s = now_s
        lagging_s = 0.0 if self._lagging_since_s is None else now_s - self._lagging_since_s
        return Facts(
            finalized=finalized,
            age_ms=age_ms,
            stalled_ms=int(self.policy.stalled_s * 1_000),
            still_ms=int((now_s - self._grew_s) * 1_000),
            live=self.live,
            groups=groups,
            endpoints=endpoints,
            clock=clock_fault,
            disk=disk,
            state=self.state,
            forced=self.forced,
            leads_on=self._led_on and age_ms <= self.policy.stalled_s * 1_000,
            lagging_ms=int(lagging_s * 1_000),
            given_up_ms=int(self.policy.given_up_s * 1_000),
            last_fault=self.last_fault,
        )
