"""`author_*`: extrinsics sent, and watched to their end."""

from collections.abc import Mapping
from typing import Final

from edge_node.devnet.extrinsic_watch import Status
from edge_node.devnet.rpc.json_rpc import encode_result
from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.params import hex_bytes, to_hex
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.subscriptions import EXTRINSIC, Subscription


def submit(served: Served, raw: bytes) -> object:
    """Send an extrinsic; its hash."""
    return to_hex(served.service.submit(raw))


def pending(served: Served) -> object:
    """What waits for a block."""
    return [to_hex(waiting.raw) for waiting in served.service.pool]


def _watch(served: Served, subscription: Subscription, raw: bytes) -> None:
    def told(status: Status) -> None:
        if not served.lies.deaf:
            subscription.push(encode_result(_shown(status)))
        if status.kind.last:
            subscription.on_last()

    extrinsic = served.service.submit(raw, told)
    subscription.on_end = lambda: served.service.watches.remove(extrinsic, told)


def _shown(status: Status) -> object:
    """A status as clients read it: a word, or a word and the hash of a block or extrinsic."""
    return str(status.kind) if status.hash is None else {str(status.kind): to_hex(status.hash)}


METHODS: Final[Mapping[str, Method]] = {
    "author_submitExtrinsic": Method(submit, (hex_bytes,)),
    "author_pendingExtrinsics": Method(pending),
}
TOPICS: Final[Mapping[str, Topic]] = {
    "author_submitAndWatchExtrinsic": Topic(EXTRINSIC, _watch, ("author_unwatchExtrinsic",), (hex_bytes,)),
}
