"""The changes themselves: repeatable, bounded, and none that changes nothing for ever."""

import contextlib

from edge_node.wire.protobuf_fields import MalformedProtobuf, scan_fields
from tests.fuzz.mutation import LONGEST, Dice, change_fields, mutate

SEEDS = [b"", b"a", bytes(range(256)), b"z" * 5_000]


def test_a_seed_makes_the_same_inputs_again():
    """An input that broke something can be made again from its seed and number."""
    made = [[mutate(Dice(f"seed/{number}"), SEEDS) for number in range(500)] for _ in range(2)]
    assert made[0] == made[1]
    assert len(set(made[0])) > 300


def test_inputs_are_bounded():
    """However often something is repeated, an input is at most 16 KiB, or as long as its seed."""
    lengths = [len(mutate(Dice(f"long/{number}"), SEEDS)) for number in range(2_000)]
    assert max(lengths) == LONGEST
    assert min(lengths) == 0


def test_dice_show_every_side():
    """No side is left out, and no roll is beyond the last."""
    dice = Dice("sides")
    assert {dice.roll(6) for _ in range(500)} == set(range(6))
    assert all(0 <= start <= stop <= 10 for start, stop in (dice.span(10) for _ in range(500)))


def test_messages_are_changed_with_lengths_that_fit():
    """Most changed messages are messages still, so that what lies deep in them is reached."""
    seed = bytes.fromhex("0a0b0a0548656c6c6f12020801" + "1801")
    made = [change_fields(Dice(f"fields/{number}"), seed, [seed]) for number in range(400)]
    whole = 0
    for raw in made:
        with contextlib.suppress(MalformedProtobuf):
            scan_fields(raw)
            whole += 1
    assert len(set(made)) > 50
    assert whole > 300
