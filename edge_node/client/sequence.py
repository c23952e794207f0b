"""Sequence numbers of signed events: boot counter (upper 32 bits) and counter, one pair per stream.

The node refuses a number more than 2^32 above the highest it has seen of a key in a stream, so a boot may be at most
one above the last boot the node can know of. Everything here is arithmetic; the queue keeps the numbers.
"""

from dataclasses import dataclass

COUNTER_BITS = 32
COUNTER_MAX = 2**COUNTER_BITS - 1


def make_seq(boot: int, counter: int) -> int:
    """The 64-bit number of a pair."""
    return boot << COUNTER_BITS | counter


def boot_of(seq: int) -> int:
    """The boot a number was given in."""
    return seq >> COUNTER_BITS


@dataclass(frozen=True, slots=True)
class Marks:
    """What is on disk about one stream's numbers; None where there is none.

    `acknowledged`: the highest the node has confirmed. `waiting`: the highest still in the queue. `refused`: the
    highest of every boot in which the node refused some for good, by boot.
    """

    acknowledged: int | None
    waiting: int | None
    refused: dict[int, int]


def first_seq(marks: Marks) -> int:
    """The first number of a process life.

    One boot above the newest boot the node knows or will know from the queue. If that boot was used already and all of
    it was refused, it is continued: a second boot on top would be a jump the node never accepts. Boots without an
    event leave no mark, hence take no number.
    """
    known = [boot_of(seq) for seq in (marks.acknowledged, marks.waiting) if seq is not None]
    boot = max(known, default=0) + 1
    used = marks.refused.get(boot)
    return make_seq(boot, 0) if used is None else used + 1
