"""What a finality proof is refused for: facts about an answer, and two about the chain itself."""

from typing import TYPE_CHECKING

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256, shorten
from edge_node.chain_light.errors import BadAnswer, ChainError

if TYPE_CHECKING:  # an anchor's own module raises these
    from edge_node.chain_light.anchor import Anchor
    from edge_node.chain_light.justification import Justification


class UnfitAuthorities(BadAnswer):
    """A list of authorities is none that could vote; `why` says which rule it breaks."""

    slug = "unfit-authorities"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"these authorities cannot finalize anything: {why}")


class OverlappingChanges(BadAnswer):
    """A set would end where, or before, the set before it ends: no chain gets past such an announcement."""

    slug = "overlapping-set-changes"

    def __init__(self, number: int, after: int) -> None:
        self.number, self.after = number, after
        super().__init__(f"a set of authorities would end with block {number}, the one before it with {after}")


class TooManyVotes(BadAnswer):
    """More votes than the voters could have: looking at each would be somebody else's use of our time."""

    slug = "too-many-votes"

    def __init__(self, votes: int, most: int) -> None:
        self.votes, self.most = votes, most
        super().__init__(f"{votes} votes, where {most} are the most")


class UnfitAncestry(BadAnswer):
    """The headers beside the votes are not the ways from what was voted for; `why` says which rule broke."""

    slug = "unfit-ancestry"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the headers beside the votes are not their ancestry: {why}")


class TooFewVotes(BadAnswer):
    """The weight that counted stays below the threshold; the rest says what became of the other votes.

    `unknown` votes are by nobody in the set, `invalid` ones have a signature that is not the voter's, `astray` ones
    are for a block that is not shown to descend from the target. Mostly unknown or invalid, from several endpoints:
    the set or its id is not the one we think it is.
    """

    slug = "too-few-votes"

    def __init__(self, set_id: int, counted: int, threshold: int, *, unknown: int, invalid: int, astray: int) -> None:
        self.set_id, self.counted, self.threshold = set_id, counted, threshold
        self.unknown, self.invalid, self.astray = unknown, invalid, astray
        super().__init__(
            f"weight {counted} of {threshold} voted in set {set_id} "
            f"(votes not counted: {unknown} by others, {invalid} not signed, {astray} for other blocks)"
        )


class OtherBlock(BadAnswer):
    """A justification finalizes another block than the one it came with."""

    slug = "justification-of-another-block"

    def __init__(self, wanted: Hash256, got: Hash256) -> None:
        self.wanted, self.got = wanted, got
        super().__init__(f"the votes are for block {shorten(got)}, not for {shorten(wanted)}")


class BehindAnchor(BadAnswer):
    """A proof for a block below what is finalized already."""

    slug = "behind-anchor"

    def __init__(self, number: int, anchor_number: int) -> None:
        self.number, self.anchor_number = number, anchor_number
        super().__init__(f"block {number} is below the finalized block {anchor_number}")


class BeyondHandOff(BadAnswer):
    """A proof for a block that the current set may not finalize: its last block's own proof comes first."""

    slug = "beyond-hand-off"

    def __init__(self, number: int, last: int) -> None:
        self.number, self.last = number, last
        super().__init__(f"block {number} is not this set's to finalize: its last block is {last}")


class BrokenChain(BadAnswer):
    """Headers that should follow one another do not."""

    slug = "broken-header-chain"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the headers are no chain: {why}")


class NoSetChange(BadAnswer):
    """A fragment in the middle of a warp proof announces and hands over nothing."""

    slug = "fragment-without-set-change"

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"the fragment of block {number} leads to no other set, and more fragments follow")


class EmptyWarp(BadAnswer):
    """A warp proof without a fragment that says there is more to come."""

    slug = "empty-warp-proof"

    def __init__(self) -> None:
        super().__init__("a warp proof has no fragment, and says that it is not the last")


class WarpBroken(BadAnswer):
    """A warp proof is good up to a fragment: `anchor` is how far it led, through `accepted` fragments."""

    slug = "warp-proof-broken"

    def __init__(self, anchor: "Anchor", accepted: int, cause: RemoteError) -> None:
        self.anchor, self.accepted, self.cause = anchor, accepted, cause
        super().__init__(f"fragment {accepted + 1} of a warp proof is refused: {cause}")


class HeaderNeeded(ChainError):
    """A proof came without its block's header, which says whether the set changes: ask for it, then verify again."""

    slug = "header-needed"
    remedy = "The node asks for the header by its hash."

    def __init__(self, block: Hash256) -> None:
        self.block = block
        super().__init__(f"the header of block {shorten(block)} is needed first")


class ForcedChangeSeen(ChainError):
    """A finalized block on our chain announces a set that the current one will not sign for.

    `anchor` has advanced to the block that was proved, which the current set finalized all the same; what follows it
    may be signed by a set that nothing proves to us. An advance that verifies nevertheless takes the alarm back.
    """

    slug = "forced-change-seen"
    remedy = "Give the node a newer signed checkpoint: after a forced change no proof leads on from here."

    def __init__(self, anchor: "Anchor", number: int, delay: int) -> None:
        self.anchor, self.number, self.delay = anchor, number, delay
        super().__init__(f"block {number} forces another set of authorities, {delay} blocks later")


class ConflictingFinality(ChainError):
    """The current set finalized a chain that holds `other` where the anchor's block stands: `justification` shows it.

    Never a lie of an endpoint: a third of the weight signed both sides. Keep both proofs.
    """

    slug = "conflicting-finality"
    remedy = "Stop: the chain's authorities contradict themselves. Compare with its operators before going on."

    def __init__(self, anchor: "Anchor", other: Hash256, justification: "Justification") -> None:
        self.anchor, self.other, self.justification = anchor, other, justification
        super().__init__(
            f"block {anchor.header.number} was finalized twice: as {shorten(anchor.hash)} and as {shorten(other)}"
        )
