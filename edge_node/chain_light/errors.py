"""The roots of what the light client refuses: our own state of knowledge, and what a remote got wrong."""

from edge_node.base.errors import EdgeNodeError, RemoteError


class ChainError(EdgeNodeError):
    """Root of the light client's errors."""

    slug = "chain"


class BadAnswer(ChainError, RemoteError):
    """Root of what an endpoint sent that is not what was asked for, not well-formed, or not proved.

    It never says anything about the chain, only about who answered.
    """

    slug, status = "bad-chain-answer", 502
    remedy = "The node asks its other endpoints; replace an endpoint that keeps answering so."
