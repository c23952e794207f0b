"""What the light client says of itself: a state, always with its reason, and how each endpoint behaves (pure)."""

import enum
from dataclasses import dataclass
from typing import Final, NamedTuple

from edge_node.base.ids import Hash256


class ChainState(enum.StrEnum):
    """Where the client stands; docs/specs/chain-client.md has what leads from one to the next."""

    NO_ANCHOR = "no-anchor"
    LOADING = "loading"
    CLOCK_CHECK = "clock-check"
    PROBING = "probing"
    WARPING = "warping"
    CROSS_CHECK = "cross-check"
    FOLLOWING = "following"
    STALLED = "stalled"
    DEGRADED = "degraded"
    NEEDS_CHECKPOINT = "needs-checkpoint"
    HALTED = "halted"


class Verdict(enum.StrEnum):
    """What is thought of one endpoint."""

    UNTRIED = "untried"
    USABLE = "usable"
    BEHIND = "behind"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    BANNED = "banned"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalBlock:
    """The newest block that is proved to be final. `slot_ms` is its slot's time, ms UTC; None without a BABE digest."""

    number: int
    hash: Hash256
    state_root: Hash256
    set_id: int
    voters: int
    slot_ms: int | None
    verified_ms: int
    """When this node verified it, ms UTC of its own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatus:
    """One endpoint: a verdict and its reason, the heights it claims (hints), and what its answers were worth."""

    url: str
    group: str
    verdict: Verdict
    reason: str
    finalized: int | None
    best: int | None
    latency_ms: float | None
    asked: int
    refused: int
    """Answers that were not what was asked for, malformed, or not proved."""
    leads: bool
    banned_until_ms: int | None


class RuntimeStatus(NamedTuple):
    """The runtime of a final block, as it was proved last; the hash of its metadata where somebody vouches for it."""

    spec_version: int | None
    code: Hash256 | None
    """BLAKE2b-256 of `:code`."""
    metadata: Hash256 | None
    why: str
    """Why nothing is signed or decoded by its metadata; empty where it is pinned."""


UNPROVED_RUNTIME: Final = RuntimeStatus(None, None, None, "the chain's runtime is not proved yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """Everything an operator may want to know of the chain at one moment; ages in ms."""

    network: str
    genesis: Hash256 | None
    state: ChainState
    reason: str
    """Never empty: what was found, in words for people."""
    remedy: str
    """What a person can do about it; empty when there is nothing to do."""
    since_ms: int
    """When the state was entered, ms UTC."""
    finalized: FinalBlock | None
    age_ms: int | None
    """How old the finalized block is by its slot's time, or by when it was verified where it has none."""
    best: int | None
    """The highest unfinalized head that an endpoint claims: unverified, for people to see."""
    provisional: str
    """Why what is proved must not yet be acted on by writing; empty when it may."""
    writes: bool
    """Whether extrinsics may be sent and new rights taken from the chain."""
    runtime: RuntimeStatus
    endpoints: tuple[EndpointStatus, ...]
    history: tuple[tuple[int, int], ...]
    """Newest last, at most 240: when a block was proved final (ms UTC), and its height."""
    hand_offs: int
    """Sets of authorities that were followed since the first anchor on record."""
    proofs: int
    """Storage proofs that were verified since the start."""
    refused: int
    """Answers of endpoints that were refused since the start."""
