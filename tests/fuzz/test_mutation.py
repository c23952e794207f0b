"""The changes themselves: repeatable, bounded, and none that changes nothing for ever."""

from tests.fuzz.mutation import LONGEST, Dice, mutate

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
