"""Who writes and finalizes."""

from tests.devnet.runtime.stage import VALIDATORS


def test_a_validator_votes_with_weight_one_and_hides_its_key():
    """Only public halves are shown."""
    one = VALIDATORS[0]
    assert one.authority == (one.grandpa.public, 1)
    assert "grandpa" not in repr(one)
