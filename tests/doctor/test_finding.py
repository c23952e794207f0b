"""Verdicts and their order."""

import pytest

from edge_node.doctor.finding import EXIT_CODES, Verdict, bad, in_bytes, in_time, ok, unknown, warn, worst

ALL = [ok("a.b", "x"), unknown("a.c", "x", "y"), warn("b.d", "x", "y"), bad("c.e", "x", "y")]


def test_the_gravest_verdict_decides() -> None:
    """What could not be looked at is worse than well and better than a warning."""
    assert [worst(ALL[: count + 1]) for count in range(4)] == ["ok", "unknown", "warn", "bad"]
    assert worst([]) is Verdict.OK
    assert [EXIT_CODES[finding.verdict] for finding in ALL] == [0, 1, 1, 2]


def test_a_check_names_its_subject_first() -> None:
    """`disk.free` is about the disk."""
    assert [finding.subject for finding in ALL] == ["a", "a", "b", "c"]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 * 2**40, "3.0 TiB")]
)
def test_sizes_are_said_in_powers_of_two(count: int, words: str) -> None:
    """As df -h says them."""
    assert in_bytes(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (119, "119 s"), (600, "10 min"), (7_200, "2 h"), (864_000, "10 days")]
)
def test_spans_are_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    """Nobody reads 864,000 s."""
    assert in_time(seconds) == words
