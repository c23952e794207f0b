"""Times in words."""

import pytest

from edge_node.base.moments import moment_of


@pytest.mark.parametrize(
    ("t_ms", "words"),
    [
        (0, "1970-01-01T00:00:00Z"), (1_700_000_000_999, "2023-11-14T22:13:20Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59Z"), (253_402_300_800_000, "253402300800000 ms"),
        (2**63, f"{2**63} ms"), (-1, "1969-12-31T23:59:59Z"),
    ],
)  # fmt: skip
def test_a_moment_is_said_to_the_second(t_ms: int, words: str) -> None:
    """UTC; what no calendar reaches is said as it is."""
    assert moment_of(t_ms) == words
