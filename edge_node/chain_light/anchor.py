"""What is known to be final, and how one proof leads from there to a later block (GRANDPA's hand-over of sets)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from edge_node.base.ids import Hash256
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.authority_changes import Forced, set_change_of
from edge_node.chain_light.finality import Verify, verify_justification
from edge_node.chain_light.finality_errors import (
    BehindAnchor,
    BeyondHandOff,
    BrokenChain,
    ConflictingFinality,
    ForcedChangeSeen,
    OtherBlock,
)
from edge_node.chain_light.header import Header, hash_header
from edge_node.chain_light.justification import Justification
from edge_node.chain_light.pending_changes import PendingChanges
from edge_node.trust.keys import verify_signature


@dataclass(frozen=True, slots=True)
class Anchor:
    """A finalized block, the set that votes on what follows it, and the changes announced up to it.

    Set and id belong together: neither is ever computed from the other or from a session's number.
    """

    header: Header
    voters: AuthoritySet
    pending: PendingChanges = field(default_factory=PendingChanges)
    hash: Hash256 = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hash_header(self.header))


def advance(
    anchor: Anchor, headers: Sequence[Header], justification: Justification, *, verify: Verify = verify_signature
) -> Anchor:
    """The anchor at the last of `headers`, which follow one another and which `justification` finalizes.

    The more of the headers between are among them, the more announcements are seen: with delays above zero one that
    was skipped shows as a set that nobody knows. Proof of the anchor itself is no progress and no error. Raises what
    verify_justification does, OtherBlock, BrokenChain, BehindAnchor, BeyondHandOff, MalformedScale for a malformed
    announcement, and of the chain itself ConflictingFinality and ForcedChangeSeen.
    """
    target, target_hash = headers[-1], hash_header(headers[-1])
    if (justification.target_hash, justification.target_number) != (target_hash, target.number):
        raise OtherBlock(target_hash, justification.target_hash)
    if target_hash == anchor.hash:
        return anchor
    if target.number < anchor.header.number:
        raise BehindAnchor(target.number, anchor.header.number)
    _require_within_set(target.number, anchor.pending)
    verify_justification(justification, anchor.voters, verify=verify)
    _require_linked(headers)
    _require_same_chain(anchor, headers, justification)
    return _with_announcements(anchor, headers)


def _with_announcements(anchor: Anchor, headers: Sequence[Header]) -> Anchor:
    """The anchor at the last header, after what each new one announces."""
    pending, forced, target = anchor.pending, None, headers[-1]
    for header in headers:
        if header.number <= anchor.header.number:
            continue
        _require_within_set(header.number, pending)
        change = set_change_of(header)
        if isinstance(change, Forced):
            forced = forced or (header.number, change.change.delay)
        elif change is not None:
            pending = pending.announced(header.number, change)
    voters, pending = pending.after(target.number, anchor.voters)
    ahead = replace(anchor, header=target, voters=voters, pending=pending)
    if forced is not None:
        raise ForcedChangeSeen(ahead, *forced)
    return ahead


def _require_within_set(number: int, pending: PendingChanges) -> None:
    """Honest voters sign nothing above their set's last block, and its own justification is always kept."""
    if pending.last_of_set is not None and number > pending.last_of_set:
        raise BeyondHandOff(number, pending.last_of_set)


def _require_linked(headers: Sequence[Header]) -> None:
    for before, after in pairwise(headers):
        if after.number != before.number + 1 or after.parent != hash_header(before):
            raise BrokenChain(f"block {after.number} does not follow block {before.number}")


def _require_same_chain(anchor: Anchor, headers: Sequence[Header], justification: Justification) -> None:
    """What is proved to be final descends from what was: as far as the headers show it."""
    height, first = anchor.header.number, headers[0].number
    if first <= height <= headers[-1].number:
        there = hash_header(headers[height - first])
    elif first == height + 1:
        there = headers[0].parent
    else:
        return
    if there != anchor.hash:
        raise ConflictingFinality(anchor, there, justification)
