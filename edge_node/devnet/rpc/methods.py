"""All that a server answers, by name: methods, subscriptions, and what ends these."""

from collections.abc import Mapping
from typing import Final

from edge_node.devnet.rpc import author, chain, control, grandpa, payment, state, sync_state, system
from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.served import Served


def _listed(_: Served) -> object:
    """`rpc_methods`: clients build their interface of it, so subscriptions stand in it too."""
    return {"methods": NAMES}


METHODS: Final[Mapping[str, Method]] = {
    **author.METHODS,
    **chain.METHODS,
    **control.METHODS,
    **grandpa.METHODS,
    **payment.METHODS,
    **state.METHODS,
    **sync_state.METHODS,
    **system.METHODS,
    "rpc_methods": Method(_listed),
}
TOPICS: Final[Mapping[str, Topic]] = {**author.TOPICS, **chain.TOPICS, **grandpa.TOPICS, **state.TOPICS}
ENDS: Final = {name: topic.note for topic in TOPICS.values() for name in topic.end}
NAMES: Final = sorted((*METHODS, *TOPICS, *ENDS))
