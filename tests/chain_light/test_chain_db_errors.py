"""What chain.db refuses with: each says what is the case and what to do."""

import pytest

from edge_node.chain_light.chain_db_errors import ChainDbDamaged, ChainDbMisuse, ChainDbNewer, ChainDbUnwritable
from edge_node.chain_light.errors import ChainError


@pytest.mark.parametrize(
    "error",
    [ChainDbNewer("chain.db", 2, 1), ChainDbUnwritable("chain.db", "full"), ChainDbDamaged("chain.db", "rot")],
    ids=lambda error: error.slug,
)
def test_refusals(error):
    """They name the file and have a remedy; the node's own state is the cause."""
    assert isinstance(error, ChainError)
    assert str(error).startswith("chain.db ")
    assert error.remedy
    assert error.status == 503


def test_misuse_is_ours():
    """No door tells it to anybody."""
    assert not hasattr(ChainDbMisuse("why"), "status")
