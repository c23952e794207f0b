"""What is done to a trial's chain: its cable is pulled, until the node has said so, and put back, until it follows."""

from edge_node.base.clock import Clock
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.chain_watch import ChainWatch, Look
from edge_node.devnet.layout import ChainHistory
from edge_node.devnet.processes import TrialFault

FOLLOW_S = 30.0
SEEN_MIN = 3  # blocks proved one after the other before anything is cut: it must have followed to fall behind
SAY_SO_S = 10.0  # longer than the check allows: it is for the check to say that it took too long
RETURN_S = 20.0


class Outage:
    """One outage, and everything the node said of the chain before, during and after it."""

    def __init__(self, chain: ChainSite, watch: ChainWatch, clock: Clock) -> None:
        self._chain, self._watch, self._clock = chain, watch, clock
        self._cut_ms = self._restored_ms = 0
        self._stalled: tuple[int, Look] | None = None
        self._followed: tuple[int, Look] | None = None

    async def run(self) -> None:
        """From a chain that is followed to one that is followed again; TrialFault when it never was followed."""
        if await self._watch.until(self._has_followed, FOLLOW_S) is None:
            raise TrialFault(f"the node did not follow the chain within {FOLLOW_S:.0f} s: {self._watch.said}")
        self._cut_ms = self._clock.now_ms()
        self._chain.cut()
        try:
            self._stalled = await self._watch.until(lambda look: look.state == "stalled", SAY_SO_S)
        finally:
            self._restored_ms = self._clock.now_ms()
            await self._chain.restore()
        before = self._stalled[1].number if self._stalled else max(self._watch.proved)
        self._followed = await self._watch.until(lambda look: follows(look) and look.number > before, RETURN_S)

    def _has_followed(self, look: Look) -> bool:
        return follows(look) and len(self._watch.proved) >= SEEN_MIN

    async def until_followed(self) -> None:
        """Until the node follows beyond every block it had proved, as after a restart."""
        before = max(self._watch.proved, default=0)
        await self._watch.until(lambda look: follows(look) and look.number > before, RETURN_S)

    def history(self) -> ChainHistory:
        """What the check is to prove."""
        return ChainHistory(
            url=self._chain.url,
            genesis=self._chain.genesis,
            proved=dict(self._watch.proved),
            cut_ms=self._cut_ms,
            stalled_ms=self._stalled[0] if self._stalled else None,
            reason=self._stalled[1].reason if self._stalled else "",
            stalled_at=self._stalled[1].number if self._stalled else 0,
            restored_ms=self._restored_ms,
            followed_ms=self._followed[0] if self._followed else None,
        )


def follows(look: Look) -> bool:
    """Whether finality is followed and something is proved."""
    return look.state == "following" and look.number > 0
