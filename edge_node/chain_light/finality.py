"""Whether a justification finalizes its target in a set of authorities: GRANDPA's votes, counted.

Stricter than nodes, and still complete in practice. Nodes refuse the whole for one signature that does not verify;
they verify by the lenient rule of ZIP-215, which takes signatures ours does not. One authority could so stop every
strict client for ever. Here such a vote is merely not counted: what counts is signed by our own strict rule.
"""

import struct
from collections.abc import Callable
from typing import Final

from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.chain_light.ancestry import Block, descendants, parents_of
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.finality_errors import TooFewVotes, TooManyVotes, UnfitAncestry
from edge_node.chain_light.justification import ANCESTRIES_MAX, Justification, Precommit
from edge_node.trust.keys import verify_signature

Verify = Callable[[PublicKey, bytes, Signature], bool]

VOTES_PER_VOTER: Final = 2  # who contradicts himself is shown with both votes; a third has no use
_MESSAGE: Final = struct.Struct("<B32sIQQ")
_PRECOMMIT: Final = 1  # a prevote is 0, a primary's proposal 2


def vote_message(target_hash: Hash256, target_number: int, round_number: int, set_id: int) -> bytes:
    """What a voter signs to precommit, 53 bytes. The set id stands here alone: it binds a vote to its set."""
    return _MESSAGE.pack(_PRECOMMIT, target_hash, target_number, round_number, set_id)


def verify_justification(
    justification: Justification, voters: AuthoritySet, *, verify: Verify = verify_signature
) -> None:
    """Accept by returning: votes of at least the threshold of `voters` are for the target or a descendant of it.

    A vote counts when its voter is in the set and not counted yet, it is for the target or reaches it through the
    headers that came along, and its signature verifies. Other votes are not counted, and nothing worse. Raises
    TooManyVotes, UnfitAncestry or TooFewVotes. 20,000 signatures are verified in a second: offload it.
    """
    require_bounded(justification, voters)
    messages = _messages_for_target(justification, voters.id)
    weights, threshold = voters.weights, voters.threshold
    heard: set[PublicKey] = set()
    counted = unknown = invalid = astray = 0
    for target_hash, target_number, signature, voter in justification.precommits:
        weight = weights.get(voter)
        if weight is None:
            unknown += 1
        elif voter in heard:  # once, however often: or one key could reach the threshold alone
            continue
        elif (message := messages.get((target_hash, target_number))) is None:
            astray += 1
        elif verify(voter, message, signature):
            heard.add(voter)
            counted += weight
            if counted >= threshold:
                return
        else:
            invalid += 1
    raise TooFewVotes(voters.id, counted, threshold, unknown=unknown, invalid=invalid, astray=astray)


def require_bounded(justification: Justification, voters: AuthoritySet) -> None:
    """TooManyVotes or UnfitAncestry for more than is ever needed."""
    most = VOTES_PER_VOTER * len(voters.authorities)
    if len(justification.precommits) > most:
        raise TooManyVotes(len(justification.precommits), most)
    if len(justification.ancestries) > ANCESTRIES_MAX:
        raise UnfitAncestry(f"{len(justification.ancestries)}, where {ANCESTRIES_MAX} are the most")


def _messages_for_target(justification: Justification, set_id: int) -> dict[tuple[Hash256, int], bytes]:
    """The message to sign for each block voted for that is the target or descends from it."""
    target = Block(justification.target_hash, justification.target_number)
    voted = {Block(vote.target_hash, vote.target_number) for vote in justification.precommits}
    final = descendants(target, voted, parents_of(justification.ancestries))
    return {block: vote_message(*block, justification.round, set_id) for block in final}


def message_of(vote: Precommit, justification: Justification, set_id: int) -> bytes:
    """What the voter of one precommit of a justification signed, in the set of that id."""
    return vote_message(vote.target_hash, vote.target_number, justification.round, set_id)
