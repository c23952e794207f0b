"""`chain_*`: blocks, headers and heads."""

from collections.abc import Mapping
from typing import Final

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import GRANDPA, json_of_header
from edge_node.devnet.rpc.json_rpc import RpcError, encode_result
from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.params import Optional, block_hash, numbers, to_hex
from edge_node.devnet.rpc.served import UNKNOWN_BLOCK, Served
from edge_node.devnet.rpc.subscriptions import ALL_HEADS, FINAL_HEADS, NEW_HEADS, Subscription
from edge_node.devnet.runtime import Block, StateDiscarded


def get_header(served: Served, at: Hash256 | None) -> object:
    """A header; null for an unknown hash."""
    block = served.block(at)
    return None if block is None else json_of_header(block.header)


def get_block(served: Served, at: Hash256 | None) -> object:
    """A block with its extrinsics and, where they are kept, its justifications; null for an unknown hash."""
    block = served.block(at)
    if block is None:
        return None
    try:
        body = served.service.chain.body_of(block)
    except StateDiscarded:
        raise RpcError(UNKNOWN_BLOCK, f"Client error: the body of 0x{block.hash} is discarded") from None
    whole = {"header": json_of_header(block.header), "extrinsics": [to_hex(raw) for raw in body]}
    return {"block": whole, "justifications": _justifications(served, block)}


def _justifications(served: Served, block: Block) -> object:
    """Pairs of an engine's four bytes and its justification, each as a list of numbers, as real nodes answer."""
    finality = served.service.chain.finalities.get(block.number)
    if finality is None or finality.hash != block.hash or block.number > served.final.number:
        return None
    return [[list(GRANDPA), list(finality.justification)]]


def get_block_hash(served: Served, asked: int | list[int] | None) -> object:
    """The hash at a height, at each of several, or of the best block; null above it."""
    if isinstance(asked, list):
        return [_hash_at(served, number) for number in asked]
    return to_hex(served.best.hash) if asked is None else _hash_at(served, asked)


def _hash_at(served: Served, number: int) -> str | None:
    if number > served.best.number:
        return None
    return to_hex(served.service.chain.block_at(number).hash)


def get_finalized_head(served: Served) -> object:
    """The hash of the newest final block."""
    return to_hex(served.final.hash)


def _begin_best(served: Served, subscription: Subscription) -> None:
    subscription.push(encode_result(json_of_header(served.best.header)))
    served.board.join(subscription)


def _begin_final(served: Served, subscription: Subscription) -> None:
    subscription.push(encode_result(json_of_header(served.final.header)))
    served.board.join(subscription)


_GET_HASH: Final = Method(get_block_hash, (Optional(numbers),))
METHODS: Final[Mapping[str, Method]] = {
    "chain_getHeader": Method(get_header, (Optional(block_hash),)),
    "chain_getBlock": Method(get_block, (Optional(block_hash),)),
    "chain_getBlockHash": _GET_HASH,
    "chain_getHead": _GET_HASH,
    "chain_getFinalizedHead": Method(get_finalized_head),
    "chain_getFinalisedHead": Method(get_finalized_head),
}
_NEW: Final = Topic(
    NEW_HEADS, _begin_best, ("chain_unsubscribeNewHeads", "chain_unsubscribeNewHead", "unsubscribe_newHead")
)
_FINAL: Final = Topic(FINAL_HEADS, _begin_final, ("chain_unsubscribeFinalizedHeads", "chain_unsubscribeFinalisedHeads"))
TOPICS: Final[Mapping[str, Topic]] = {
    "chain_subscribeNewHeads": _NEW,
    "chain_subscribeNewHead": _NEW,
    "subscribe_newHead": _NEW,
    "chain_subscribeAllHeads": Topic(ALL_HEADS, _begin_best, ("chain_unsubscribeAllHeads",)),
    "chain_subscribeFinalizedHeads": _FINAL,
    "chain_subscribeFinalisedHeads": _FINAL,
}
