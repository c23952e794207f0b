"""Where sets of authorities end: a search by what an endpoint says of the set's number at chosen heights, all at once.

A node proves a set's last block cheaply to whoever knows its height, and dearly (every header of the set) to whoever
does not. The runtime counts a set in the block that announces it, so that is the block which is looked for. What the
endpoint says here is a hint: a lie leads to a proof that is refused, or to none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Self

from edge_node.chain_light.errors import BadAnswer

PROBES_MAX: Final = 256  # heights asked about at once: four batches of 64
STRETCHES_MAX: Final = 128  # stretches searched at once, the lowest first: four weeks of Cere have 168 sets at most


class HintsDisagree(BadAnswer):
    """An endpoint says that the sets' number falls as the chain goes on, or gives one block two numbers."""

    slug = "set-hints-disagree"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"what it says of the sets cannot be: {why}")


@dataclass(frozen=True, slots=True)
class HandOffSearch:
    """What is known so far: `points` are (height, set's number there), ascending, from where the search begins.

    A pair of neighbours with different numbers and heights between them is a stretch to look into.
    """

    points: tuple[tuple[int, int], ...]

    @classmethod
    def between(cls, low: int, low_id: int, high: int, high_id: int) -> Self:
        """Look for the blocks above `low` and up to `high` that announce a set; HintsDisagree, as `learned`."""
        return cls(((low, low_id),)).learned({high: high_id} if high > low else {})

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """The (low, high) between which a number changes at a height that is not known yet."""
        return tuple(
            (low, high)
            for (low, low_id), (high, high_id) in pairwise(self.points)
            if low_id != high_id and high - low > 1
        )

    @property
    def announcing(self) -> tuple[int, ...]:
        """The heights known to be the first of a number: blocks that announce a set, ascending, up to a stretch.

        What lies above an unsearched stretch is left out: proofs are followed in order.
        """
        until = self.stretches[0][0] if self.stretches else self.points[-1][0]
        return tuple(
            high for (_, low_id), (high, high_id) in pairwise(self.points) if low_id != high_id and high <= until
        )

    def probes(self, most: int = PROBES_MAX) -> tuple[int, ...]:
        """The heights to ask about next, ascending, at most `most`; none when all is found.

        Stretches share them evenly, so that many sets cost hardly more rounds than one.
        """
        stretches = self.stretches[: min(STRETCHES_MAX, most)]
        if not stretches:
            return ()
        share = most // len(stretches)
        heights = set[int]()
        for low, high in stretches:
            parts = min(share + 1, high - low)
            heights |= {low + (high - low) * part // parts for part in range(1, parts)}
        return tuple(sorted(heights))

    def learned(self, ids: Mapping[int, int]) -> Self:
        """With what was said; HintsDisagree when a number is lower than one at a lesser height, or contradicts one."""
        known = dict(self.points)
        for height, set_id in ids.items():
            if known.setdefault(height, set_id) != set_id:
                raise HintsDisagree(f"block {height} has two numbers, {known[height]} and {set_id}")
        points = tuple(sorted(known.items()))
        for (low, low_id), (high, high_id) in pairwise(points):
            if high_id < low_id:
                raise HintsDisagree(f"set {low_id} at block {low} is followed by set {high_id} at block {high}")
        return replace(self, points=points)
