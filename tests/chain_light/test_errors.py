"""Whose fault it is shows in the class."""

from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.chain_light.errors import BadAnswer, ChainError


def test_a_bad_answer_is_the_remotes_fault():
    """One `except` catches the room's errors, another what endpoints are blamed for."""
    assert issubclass(BadAnswer, ChainError)
    assert issubclass(BadAnswer, RemoteError)
    assert issubclass(ChainError, EdgeNodeError)
    assert not issubclass(ChainError, RemoteError)
    assert (BadAnswer.slug, BadAnswer.status) == ("bad-chain-answer", 502)
