"""What the call of Timestamp does."""

from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.work import Work


def set_now(work: Work, origin: Origin, now: int) -> None:
    """Note the block's time in ms UTC; its author alone."""
    origin.require_nobody()
    work.put("Timestamp", "Now", now)


HANDLERS: dict[str, Handler] = {"set": set_now}
