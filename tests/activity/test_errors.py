"""What is wrong with an acknowledgement, as facts."""

import pytest

from edge_node.activity.errors import (
    AckBackwards,
    AckBeyondSent,
    AckOfAnotherRequest,
    AckOfAnotherSigner,
    AckRefused,
    AckUnasked,
)

ALL = [AckUnasked(), AckOfAnotherSigner(), AckOfAnotherRequest(), AckBackwards(5, 7), AckBeyondSent(9, 8)]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.why)
def test_every_refusal_is_the_clients_and_final(error):
    """One slug and one status; the reason is a fact with its numbers, and a label of its own for the counter."""
    assert isinstance(error, AckRefused)
    assert (error.slug, error.status) == ("ack-refused", 400)
    assert error.remedy
    assert len({one.why for one in ALL}) == len(ALL)


def test_the_numbers_are_told():
    """Who made a mistake in counting sees both counts."""
    assert str(AckBackwards(5, 7)) == "5 bytes are acknowledged after 7 were"
    assert str(AckBeyondSent(9, 8)) == "9 bytes are acknowledged where 8 were sent"
