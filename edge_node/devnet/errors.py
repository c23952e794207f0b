"""The root of what the development chain refuses."""

from edge_node.base.errors import EdgeNodeError


class DevnetError(EdgeNodeError):
    """Root of the development chain's errors."""
