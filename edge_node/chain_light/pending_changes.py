"""Changes of authorities that are announced and not yet in force, by the number of the block that ends a set."""

from dataclasses import dataclass

from edge_node.chain_light.authorities import Authority, AuthoritySet, require_fit
from edge_node.chain_light.authority_changes import Scheduled
from edge_node.chain_light.finality_errors import OverlappingChanges


@dataclass(frozen=True, slots=True)
class PendingChange:
    """`authorities` follow when block `number`, the last of the set before them, is finalized."""

    number: int
    authorities: tuple[Authority, ...]


@dataclass(frozen=True, slots=True)
class PendingChanges:
    """What is pending on one chain, soonest first; OverlappingChanges unless each ends above the one before.

    A set that ended where the one before it ends would never vote: nodes cannot finalize such a chain either.
    """

    changes: tuple[PendingChange, ...] = ()

    def __post_init__(self) -> None:
        for change in self.changes:
            require_fit(change.authorities)
        for before, after in zip(self.changes, self.changes[1:], strict=False):
            if after.number <= before.number:
                raise OverlappingChanges(after.number, before.number)

    @property
    def last_of_set(self) -> int | None:
        """The last block that the current set may finalize, if its end is announced."""
        return self.changes[0].number if self.changes else None

    def announced(self, number: int, change: Scheduled) -> "PendingChanges":
        """With what block `number` announced; UnfitAuthorities or OverlappingChanges for what no chain enacts."""
        return PendingChanges((*self.changes, PendingChange(number + change.delay, change.authorities)))

    def after(self, number: int, voters: AuthoritySet) -> tuple[AuthoritySet, "PendingChanges"]:
        """Who votes once block `number` is final, which is at most the last of `voters`, and what is pending then."""
        if self.last_of_set != number:
            return voters, self
        return voters.next(self.changes[0].authorities), PendingChanges(self.changes[1:])
