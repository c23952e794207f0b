"""What the operator's door says of the chain, as far as the screens show it (docs/specs/control.md, pure)."""

from tui.models import Doc, Whole


class FinalBlock(Doc, frozen=True):
    """The newest block that is proved to be final; `slot_ms` is None where its header names no slot."""

    number: Whole = 0
    hash: str = ""
    state_root: str = ""
    set_id: Whole = 0
    voters: Whole = 0
    slot_ms: Whole | None = None
    verified_ms: Whole = 0


class Endpoint(Doc, frozen=True):
    """One endpoint; `finalized` and `best` are what it claims. `behind` is counted here, from the highest claim."""

    url: str = ""
    group: str = ""
    verdict: str = ""
    reason: str = ""
    finalized: Whole | None = None
    best: Whole | None = None
    latency_ms: float | None = None
    asked: Whole = 0
    refused: Whole = 0
    leads: bool = False
    banned_until_ms: Whole | None = None
    behind: Whole | None = None


class Runtime(Doc, frozen=True):
    """The runtime as it was proved; `why` is empty where somebody vouches for its metadata."""

    spec_version: Whole | None = None
    why: str = ""


class Chain(Doc, frozen=True):
    """`GET /v1/chain`; `state` is `off` or a word of docs/specs/chain-client.md, `verified` counts storage proofs."""

    network: str | None = None
    genesis: str | None = None
    state: str = ""
    reason: str = ""
    remedy: str = ""
    since_ms: Whole | None = None
    finalized: FinalBlock | None = None
    best: Whole | None = None
    provisional: str = ""
    writes: bool = False
    runtime: Runtime | None = None
    endpoints: list[Endpoint] = []
    history: list[tuple[Whole, Whole]] = []
    hand_offs: Whole = 0
    verified: Whole = 0
    refused: Whole = 0

    @property
    def off(self) -> bool:
        """Whether the node follows no chain."""
        return self.state == "off"

    def age_ms(self, now_ms: int) -> int | None:
        """How old the finalized block is by its slot, and no less than since it was proved; None without one."""
        if self.finalized is None:
            return None
        proved_ms, slot_ms = self.finalized.verified_ms, self.finalized.slot_ms
        # A development chain writes blocks faster than its slots come: their times run ahead of every clock.
        return max(0, now_ms - (proved_ms if slot_ms is None else min(slot_ms, proved_ms)))
