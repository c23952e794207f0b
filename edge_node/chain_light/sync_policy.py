"""The bounds of the light client's sync, each with its reason; docs/specs/chain-client.md tells them to operators."""

from dataclasses import dataclass
from typing import Final

from edge_node.base.limits import MIB

BUILT_MS: Final = 1_788_220_800_000  # 1 September 2026: no clock that is right shows less to this release


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPolicy:
    """Seconds, blocks and counts; tests and the development chain choose shorter ones."""

    stalled_s: float = 180
    """Age of the newest final block from which on the client is stalled: 30 slots, where finality takes 3."""
    given_up_s: float = 1_800
    """How long two groups may claim what nothing proves, before a checkpoint is asked for."""
    poll_s: float = 6
    """How often claims are looked at where no justification comes by itself: once a slot."""
    cross_check_s: float = 600
    """How often the chain's own state and the other groups are asked."""
    vouch_s: float = 30
    """The same while somebody has to vouch for what is proved, or the last comparison was not good."""
    save_s: float = 60
    """How long an advance within one set may be kept in memory alone: it is proved again in one question."""
    warp_blocks: int = 512
    """From how many blocks behind on the client says that it warps: nodes keep a justification every 512."""
    link_headers: int = 64
    """How many headers are fetched one by one between the anchor and a justification that came by itself."""
    batch: int = 16
    """Finality proofs that are verified in one hop to a thread, and saved in one transaction."""
    batch_bytes: int = 32 * MIB
    """Bytes of proofs that may be held for one hop: two of the longest that are taken."""
    hop_s: float = 30
    """How long one question may take."""
    warp_s: float = 600
    """How long one endpoint may lead through a warp; what is proved by then is kept, and the next one goes on."""
    idle_s: float = 120
    """How long one endpoint may lead without proving anything: others are asked after it."""
    jump_s: float = 10
    """By how much wall time may run otherwise than running time before the clock counts as set anew."""
    asleep_s: float = 30
    """How long the process may have stood still before its connections count as dead."""
    tick_s: float = 1
    """How often age, clock and endpoints are looked at when nothing comes."""
    clock_lead_s: float = 30
    """How far behind the newest final block the clock of a live chain's client may be: machines' clocks differ."""
    built_ms: int = BUILT_MS
    """No clock below this can be right."""


USUAL: Final = SyncPolicy()
