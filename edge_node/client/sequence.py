"""Sequence numbers of signed events: which process life, and the how-manieth event of it, one count per stream.

The node refuses a number more than 2^32 above the highest it has seen of a key in a stream, which is exactly one boot
of the form boot u32 || counter u32. A whole boot per life would leave no slack: were the first event of a life refused,
every later one would be a jump too far. So a life begins at the next multiple of 2^24: 255 lives in a row may be
refused or given up whole, and a life of more than 16 million events runs on into the next one's numbers.
"""

from dataclasses import dataclass

COUNTER_BITS = 24
COUNTER_MAX = 2**COUNTER_BITS - 1


def make_seq(life: int, counter: int) -> int:
    """The 64-bit number of a pair."""
    return life << COUNTER_BITS | counter


def life_of(seq: int) -> int:
    """The life a number was given in."""
    return seq >> COUNTER_BITS


@dataclass(frozen=True, slots=True)
class Marks:
    """What is on disk about one stream's numbers; None where there is none.

    `acknowledged`: the highest the node has confirmed. `waiting`: the highest still in the queue. `refused`: the
    highest of every life in which the node refused some for good, by life.
    """

    acknowledged: int | None
    waiting: int | None
    refused: dict[int, int]


def first_seq(marks: Marks) -> int:
    """The first number of a process life.

    One life above the newest that the node knows or will know from the queue. If that one was used already and all of
    it was refused, it is continued: lives piled on top of it would soon be a jump the node never accepts. A life
    without an event leaves no mark, hence takes no number.
    """
    known = [life_of(seq) for seq in (marks.acknowledged, marks.waiting) if seq is not None]
    seq = make_seq(max(known, default=0) + 1, 0)
    while (used := marks.refused.get(life_of(seq))) is not None and used >= seq:
        seq = used + 1
    return seq
