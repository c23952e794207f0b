"""GRANDPA's voters in this process: which set votes, and the justifications it signs (GRANDPA, precommits)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.authority_changes import Forced, set_change_of
from edge_node.chain_light.grandpa import AuthoritySet, Justification, Precommit, vote_message
from edge_node.chain_light.header import Header
from edge_node.chain_light.pending_changes import PendingChanges
from edge_node.devnet.errors import DevnetError
from edge_node.trust.keys import SigningKey


class NotYourVote(DevnetError, LocalError):
    """A block was to be finalized by a set that may not: `number` lies above the last block of that set."""

    slug = "not-your-vote"

    def __init__(self, number: int, last: int) -> None:
        self.number, self.last = number, last
        super().__init__(f"block {number} is to be finalized, where the set's last block is {last}")


@dataclass(frozen=True, slots=True)
class Vote:
    """A justification and the id of the set that signed it."""

    justification: Justification
    set_id: int


class Voters:
    """The set that votes now, and what is announced. `keys` are all that may ever vote here."""

    def __init__(self, first: AuthoritySet, keys: Iterable[SigningKey]) -> None:
        self.current = first
        self.pending = PendingChanges()
        self._keys: Mapping[PublicKey, SigningKey] = {key.public: key for key in keys}
        self._forced: dict[int, Forced] = {}
        self._round = 0

    def note(self, header: Header) -> None:
        """See what a new block announces, and obey a forced change that is due."""
        change = set_change_of(header)
        if isinstance(change, Forced):
            self._forced[header.number + change.change.delay] = change
        elif change is not None:
            self.pending = self.pending.announced(header.number, change)
        due = self._forced.pop(header.number, None)
        if due is not None:
            self._enact(self.current.next(due.change.authorities), PendingChanges())

    def finalize(self, target: Hash256, number: int, withheld: Collection[PublicKey] = ()) -> Vote:
        """All of the set vote for a block but those `withheld`; NotYourVote above the set's last block.

        Voters whose key is not in this process are silent too.
        """
        last = self.pending.last_of_set
        if last is not None and number > last:
            raise NotYourVote(number, last)
        self._round += 1
        voters = self.current
        vote = self._vote(target, number, withheld)
        after, pending = self.pending.after(number, voters)
        if after is not voters:
            self._enact(after, pending)
        return vote

    def vote_against_rules(self, target: Hash256, number: int) -> Vote:
        """The current set votes for any block whatever, and remembers nothing of it: what honest voters never do."""
        return self._vote(target, number, ())

    def _vote(self, target: Hash256, number: int, withheld: Collection[PublicKey]) -> Vote:
        voters = self.current
        message = vote_message(target, number, self._round, voters.id)
        signing = [key for key, _ in voters.authorities if key in self._keys and key not in withheld]
        votes = tuple(Precommit(target, number, self._keys[key].sign(message), key) for key in signing)
        return Vote(Justification(self._round, target, number, votes), voters.id)

    def _enact(self, voters: AuthoritySet, pending: PendingChanges) -> None:
        self.current, self.pending, self._round = voters, pending, 0
