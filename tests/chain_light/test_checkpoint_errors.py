"""Refusals say what to do, and do not spill what they were given."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light import checkpoint_errors as errors
from edge_node.chain_light.errors import ChainError

ALL = [
    errors.MalformedCheckpoint("x"),
    errors.CheckpointNotTrusted("none", "none"),
    errors.OtherNetwork(Hash256(bytes(32)), Hash256(b"\x01" * 32)),
    errors.CheckpointExpired(1, 2),
    errors.CheckpointFromFuture(2, 1),
    errors.CheckpointGoesBack("counter", 1, 2),
    errors.CheckpointConflicts("height", 7),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.slug)
def test_each_is_a_fact_with_a_remedy(error):
    """One root, an own slug, a status of the asker's fault, a sentence of what to do."""
    assert isinstance(error, errors.CheckpointRefused)
    assert isinstance(error, ChainError)
    assert 400 <= error.status < 500
    assert error.remedy.endswith(".")
    assert len({other.slug for other in ALL}) == len(ALL)


def test_words_from_a_document_are_tamed():
    """Control characters are written out, and no reason is longer than a line or two."""
    error = errors.MalformedCheckpoint("\x1b[2J\u202e" + "x" * 9_000)
    assert str(error).isprintable()
    assert len(error.why) == 200
