"""Which state a running client is in, and why: following, degraded, stalled and by whose fault, or stuck for good."""

from dataclasses import dataclass
from typing import Final

from edge_node.chain_light import stages
from edge_node.chain_light.stages import Stage
from edge_node.chain_light.status import ChainState, EndpointStatus, Verdict

DISK_REMEDY: Final = "Look at the disk of the node: a hand-off counts only once it is on the medium."
_HEARD: Final = frozenset({Verdict.USABLE, Verdict.BEHIND})
# Who is banned still makes claims: after a change that nothing proves to us, every honest endpoint's proof is refused.
_CLAIMING: Final = _HEARD | {Verdict.BANNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a running client at one moment. Times are ms that have passed."""

    finalized: int
    age_ms: int
    """Of the finalized block: by its slot where the clock is known, and no less than since it was proved."""
    stalled_ms: int
    """From what age on the client is stalled."""
    still_ms: int
    """Since the head that any endpoint claims last grew."""
    live: bool
    """Whether a second group is wanted: a development chain has one."""
    groups: frozenset[str]
    """Groups with an endpoint that can be used."""
    endpoints: tuple[EndpointStatus, ...]
    clock: str
    """Why the clock is not known to be right; empty when it is."""
    disk: str
    """Why what is proved cannot be kept; empty when it can."""
    state: str
    """Why the chain's own state of its authorities could not be compared, or differed once; empty when it agreed."""
    forced: tuple[int, int] | None
    """The first block and the delay of a forced change that is proved on our chain."""
    leads_on: bool
    """Whether proofs have led on since that was proved, and not long ago."""
    lagging_ms: int
    """Since two groups have said that later blocks are final than we can prove; 0 when they do not."""
    given_up_ms: int
    """From when on that wants a checkpoint."""
    last_fault: str
    """What was wrong with the last proof that was refused."""


def claimants(endpoints: tuple[EndpointStatus, ...], finalized: int) -> frozenset[str]:
    """The groups that say a later block is final."""
    return frozenset(
        one.group
        for one in endpoints
        if one.verdict in _CLAIMING and one.finalized is not None and one.finalized > finalized
    )


def stage_of(facts: Facts) -> Stage:
    """The state that these facts are, the gravest first."""
    if facts.forced is not None and not (facts.leads_on and facts.finalized < facts.forced[0] - 1):
        return stages.forced(*facts.forced)
    ahead = claimants(facts.endpoints, facts.finalized)
    if len(ahead) >= 2 and facts.lagging_ms >= facts.given_up_ms:
        return stages.without_progress(ahead, facts.lagging_ms // 60_000, facts.last_fault)
    if facts.age_ms > facts.stalled_ms:
        return Stage(ChainState.STALLED, f"{_old(facts)}: {_whose(facts)}", _stall_remedy(facts))
    for why, remedy in _lacks(facts):
        return stages.degraded(why, remedy)
    return stages.following(facts.finalized, len(facts.groups))


def _lacks(facts: Facts) -> list[tuple[str, str]]:
    """What would make it surer, the gravest first."""
    lacks = []
    if facts.forced is not None:
        soon = stages.forced(*facts.forced)
        lacks.append((soon.reason, soon.remedy))
    if facts.disk:
        lacks.append((f"what is proved cannot be kept: {facts.disk}", DISK_REMEDY))
    if facts.state:
        lacks.append((facts.state, "The node asks again; update it if this stays."))
    if facts.clock:
        lacks.append((f"the clock is not known to be right: {facts.clock}", "Set the clock, or give the node a time."))
    if not facts.groups:
        lacks.append((f"no endpoint can be used: {stages.told(facts.endpoints)}", stages.ENDPOINT_REMEDY))
    elif facts.live and len(facts.groups) < 2:
        (only,) = facts.groups
        lacks.append(
            (f"only one group of endpoints, {only}, can be asked: it could withhold news", stages.ENDPOINT_REMEDY)
        )
    return lacks


def _old(facts: Facts) -> str:
    return f"the newest final block that is proved, {facts.finalized}, is {_span(facts.age_ms)} old"


def _whose(facts: Facts) -> str:
    """Whose fault it is that nothing newer is proved."""
    if facts.disk:
        return f"what is proved cannot be kept: {facts.disk}"
    if not facts.groups:
        return f"no endpoint can be used: {stages.told(facts.endpoints)}"
    heard = [one for one in facts.endpoints if one.verdict in _HEARD]
    ahead = max((one.finalized or 0 for one in heard), default=0)
    if ahead > facts.finalized:
        fault = f"; the last proof: {facts.last_fault}" if facts.last_fault else ""
        return f"endpoints say that block {ahead} is final, and none has proved it{fault}"
    best = max((one.best or 0 for one in heard), default=0)
    if facts.still_ms < facts.stalled_ms and best > facts.finalized:
        return f"the chain makes blocks (up to {best}) and finalizes none"
    return f"the chain makes no blocks, as far as {_names(facts.groups)} tell"


def _stall_remedy(facts: Facts) -> str:
    if facts.disk:
        return DISK_REMEDY
    if not facts.groups or claimants(facts.endpoints, facts.finalized):
        return stages.ENDPOINT_REMEDY
    return "Nothing is wrong with the node. If another operator's endpoint tells otherwise, add that one."


def _names(groups: frozenset[str]) -> str:
    return ", ".join(sorted(groups))


def _span(ms: int) -> str:
    if ms >= 2 * 86_400_000:
        return f"{ms // 86_400_000} days"
    if ms >= 2 * 3_600_000:
        return f"{ms // 3_600_000} hours"
    return f"{ms // 60_000} minutes" if ms >= 120_000 else f"{ms // 1_000} s"
