"""Who is told of what: heads, justifications, storage and extrinsics, each encoded once for all who hear of it."""

from collections.abc import Callable, Sequence
from typing import Final

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import json_of_header
from edge_node.chain_light.trie_build import Trie
from edge_node.devnet.faults import Lies
from edge_node.devnet.rpc.json_rpc import encode_result, write_note
from edge_node.devnet.rpc.params import to_hex
from edge_node.devnet.runtime import Block, Finality

SUBSCRIPTIONS_MAX: Final = 1_024  # of one connection, as real nodes allow
EARLY_MAX: Final = 256  # notes that wait for the answer with the id: who leaves that unread for so long reads no more
NEW_HEADS, ALL_HEADS, FINAL_HEADS = "chain_newHead", "chain_allHead", "chain_finalizedHead"
JUSTIFICATIONS, STORAGE = "grandpa_justifications", "state_storage"
RUNTIME_VERSION, EXTRINSIC = "state_runtimeVersion", "author_extrinsicUpdate"


class Subscription:
    """One of them. What comes before its id was answered waits, so that no client hears of an id it does not know."""

    def __init__(self, id_: str, topic: str, deliver: Callable[[bytes], None], drop: Callable[[], None]) -> None:
        """`deliver` takes a note to the client, `drop` ends with one that does not read."""
        self.id, self.topic = id_, topic
        self.on_end: Callable[[], object] = lambda: None
        self.on_last: Callable[[], object] = lambda: None
        self._deliver, self._drop = deliver, drop
        self._early: list[bytes] | None = []

    def push(self, result: bytes) -> None:
        """Tell it a result."""
        note = write_note(self.topic, self.id, result)
        if self._early is None:
            self._deliver(note)
        elif len(self._early) < EARLY_MAX:
            self._early.append(note)
        else:
            self._drop()

    def begin(self) -> None:
        """Its id was answered: what waited goes out."""
        early, self._early = self._early or [], None
        for note in early:
            self._deliver(note)


class Board:
    """All that is subscribed to at one server; a ChainService tells it what happens."""

    def __init__(self, lies: Lies) -> None:
        self._lies = lies
        self._topics: dict[str, dict[str, Subscription]] = {}
        self._storage: dict[str, tuple[Subscription, dict[bytes, bytes | None]]] = {}

    def __len__(self) -> int:
        return sum(len(held) for held in self._topics.values()) + len(self._storage)

    def join(self, subscription: Subscription) -> None:
        """Tell it of its topic until it ends."""
        held = self._topics.setdefault(subscription.topic, {})
        held[subscription.id] = subscription

        def end() -> None:
            held.pop(subscription.id, None)

        subscription.on_end = end

    def join_storage(self, subscription: Subscription, keys: Sequence[bytes], block: Block, state: Trie) -> None:
        """Tell it what stands at these keys, now and whenever that changes."""
        values = {key: state.get(key) for key in keys}
        self._storage[subscription.id] = (subscription, values)

        def end() -> None:
            self._storage.pop(subscription.id, None)

        subscription.on_end = end
        subscription.push(_changes(block.hash, values))

    def on_block(self, block: Block) -> None:
        """See Told."""
        if self._lies.deaf:
            return
        if self._topics.get(NEW_HEADS) or self._topics.get(ALL_HEADS):
            header = encode_result(json_of_header(block.header))
            self._tell(NEW_HEADS, header)
            self._tell(ALL_HEADS, header)
        for subscription, values in tuple(self._storage.values()):
            changed = {key: now for key, before in values.items() if (now := block.state.get(key)) != before}
            if changed:
                values.update(changed)
                subscription.push(_changes(block.hash, changed))

    def on_final(self, blocks: Sequence[Block], finalities: Sequence[Finality]) -> None:
        """See Told."""
        if self._lies.deaf:
            return
        if self._topics.get(FINAL_HEADS):
            for block in blocks:
                self._tell(FINAL_HEADS, encode_result(json_of_header(block.header)))
        if self._topics.get(JUSTIFICATIONS):
            for finality in finalities:
                told = self._lies.twist(JUSTIFICATIONS, [], to_hex(finality.justification))
                self._tell(JUSTIFICATIONS, encode_result(told))

    def _tell(self, topic: str, result: bytes) -> None:
        for subscription in tuple(self._topics.get(topic, {}).values()):
            subscription.push(result)


def _changes(block: Hash256, values: dict[bytes, bytes | None]) -> bytes:
    changes = [(to_hex(key), None if value is None else to_hex(value)) for key, value in values.items()]
    return encode_result({"block": to_hex(block), "changes": changes})
