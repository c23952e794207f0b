"""A value that was proved, with what it was proved by, and when none can be had (pure)."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.status import ChainState, ChainStatus

Value_co = TypeVar("Value_co", covariant=True)
Other = TypeVar("Other")


class NotProvable(ChainError, Refusal):
    """Nothing of the chain can be told now: there is nothing final to prove it by, or what is final is in doubt."""

    slug, status = "chain-not-provable", 503
    remedy = "`edge-node chain status` tells the state of the chain, and what to do about it."

    def __init__(self, state: ChainState, reason: str) -> None:
        self.state, self.reason = state, reason
        super().__init__(f"the chain is {state}: {reason}")


class ProofStatus(enum.StrEnum):
    """What a proof is worth at the moment. Each value is proved under the root of a block that is final to us."""

    FINAL = "final"
    """At the newest final block of a chain that is followed."""
    DEGRADED = "degraded"
    """The same, and something is lacking, such as a second witness or a clock: a newer block may be withheld."""
    STALE = "stale"
    """The chain is not followed at the moment: it may have gone on."""
    PROVISIONAL = "provisional"
    """Nobody has vouched yet for what the client was led to: good to be shown, and to be acted on by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved(Generic[Value_co]):
    """A value of the chain: at which block, how old that is in ms, and what the proof is worth, with why."""

    value: Value_co
    number: int
    block: Hash256
    state_root: Hash256
    age_ms: int
    proof: ProofStatus
    why: str
    """Empty for FINAL."""

    def map(self, read: Callable[[Value_co], Other]) -> "Proved[Other]":
        """The same of what `read` makes of the value."""
        return Proved(
            value=read(self.value),
            number=self.number,
            block=self.block,
            state_root=self.state_root,
            age_ms=self.age_ms,
            proof=self.proof,
            why=self.why,
        )


_NEVER: Final = frozenset({ChainState.NO_ANCHOR, ChainState.HALTED})
_WORTH: Final[Mapping[ChainState, ProofStatus]] = {
    ChainState.FOLLOWING: ProofStatus.FINAL,
    ChainState.CROSS_CHECK: ProofStatus.DEGRADED,
    ChainState.DEGRADED: ProofStatus.DEGRADED,
}


def worth_of(status: ChainStatus) -> tuple[ProofStatus, str]:
    """What a proof at the newest final block is worth, and why; NotProvable where nothing may be told."""
    if status.state in _NEVER:
        raise NotProvable(status.state, status.reason)
    if status.provisional:
        return ProofStatus.PROVISIONAL, status.provisional
    worth = _WORTH.get(status.state, ProofStatus.STALE)
    return worth, "" if worth is ProofStatus.FINAL else status.reason
