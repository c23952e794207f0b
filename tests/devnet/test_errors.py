"""The root of the development chain's errors."""

from edge_node.base.errors import EdgeNodeError
from edge_node.devnet.errors import DevnetError


def test_they_have_one_root():
    """So that a caller can take them all."""
    assert issubclass(DevnetError, EdgeNodeError)
