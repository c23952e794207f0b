"""Who signed both sides: votes of one voter in one round for different blocks (GRANDPA, "Equivocation")."""

from collections.abc import Iterable
from typing import NamedTuple

from edge_node.base.ids import PublicKey
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.finality import Verify, message_of, require_bounded
from edge_node.chain_light.justification import Justification, Precommit
from edge_node.trust.keys import verify_signature


class Equivocation(NamedTuple):
    """Two signed precommits of one voter, as the runtime's proof of an equivocation holds them."""

    set_id: int
    round: int
    voter: PublicKey
    first: Precommit
    second: Precommit


def find_equivocations(
    one: Justification, other: Justification, voters: AuthoritySet, *, verify: Verify = verify_signature
) -> tuple[Equivocation, ...]:
    """The voters of the set who signed two different votes, in two justifications of one round or within one.

    In different rounds a voter may change sides: then there are none. Raises TooManyVotes and UnfitAncestry for
    justifications of more votes or headers than are ever needed.
    """
    for justification in (one, other):
        require_bounded(justification, voters)
    if one.round != other.round:
        return ()
    votes: dict[PublicKey, dict[tuple[bytes, int, bytes], Precommit]] = {}
    for vote in one.precommits + other.precommits:
        if vote.voter in voters.weights:
            votes.setdefault(vote.voter, {})[vote.target_hash, vote.target_number, vote.signature] = vote
    found = []
    for voter, cast in votes.items():
        pair = _two_signed(cast.values(), one, voters.id, verify)
        if pair is not None:
            found.append(Equivocation(voters.id, one.round, voter, *pair))
    return tuple(found)


def _two_signed(
    votes: Iterable[Precommit], justification: Justification, set_id: int, verify: Verify
) -> tuple[Precommit, Precommit] | None:
    """The first two votes for different blocks that their voter signed. Who voted for one block is not looked at."""
    votes = tuple(votes)
    if len({(vote.target_hash, vote.target_number) for vote in votes}) == 1:
        return None
    signed: dict[tuple[bytes, int], Precommit] = {}
    for vote in votes:
        block = (vote.target_hash, vote.target_number)
        if block not in signed and verify(vote.voter, message_of(vote, justification, set_id), vote.signature):
            signed[block] = vote
            if len(signed) == 2:
                first, second = signed.values()
                return first, second
    return None
