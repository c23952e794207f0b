"""The root of what the chain room raises."""

from edge_node.base.errors import EdgeNodeError


class ChainError(EdgeNodeError):
    """Root of the chain room's errors."""

    slug = "chain"
