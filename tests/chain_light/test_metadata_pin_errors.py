"""What a pin is refused with: facts, each with what to do, and slugs of their own."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.metadata_pin_errors import (
    MalformedPin,
    MetadataNotPinned,
    PinConflicts,
    PinFromFuture,
    PinGoesBack,
    PinNotTrusted,
    PinOfOtherNetwork,
    TooManyPins,
)

ONE, TWO = Hash256(bytes(32)), Hash256(b"\1" * 32)
ALL = [
    MalformedPin("x\x1b[2J"), PinNotTrusted("a", "b"), PinOfOtherNetwork(ONE, TWO), PinFromFuture(2, 1),
    PinGoesBack(1, 2), PinConflicts(3), TooManyPins(4), MetadataNotPinned(7, ONE, TWO, "why"),
]  # fmt: skip


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.slug)
def test_refusals(error):
    """Printable, with a remedy; only one claims to come from somebody it does not come from."""
    assert str(error).isprintable()
    assert error.remedy
    assert error.forged is isinstance(error, PinNotTrusted)


def test_metadata_that_was_not_even_asked_for():
    """Has no hash to be named."""
    assert str(MetadataNotPinned(7, ONE, None, "why")) == "the metadata of runtime 7 (code 00000000…): why"


def test_slugs_are_their_own():
    """No two facts share one."""
    assert len({error.slug for error in ALL}) == len(ALL)
