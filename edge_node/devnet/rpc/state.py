"""`state_*` and `childstate_*`: what is stored, with and without proofs, and what the runtime says of itself."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_build import Trie, join_proofs
from edge_node.devnet.pallets.apis import APIS
from edge_node.devnet.rpc.json_rpc import INVALID_PARAMS, RpcError, encode_result
from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.params import Optional, block_hash, hex_bytes, hex_list, number, text, to_hex
from edge_node.devnet.rpc.runtime_calls import call_runtime
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.subscriptions import RUNTIME_VERSION, STORAGE, Subscription
from edge_node.devnet.runtime.genesis import CHILD_PREFIX

KEYS_PAGE_MAX: Final = 1_000  # as real nodes allow
PAIRS_MAX: Final = 10_000
QUERY_READS_MAX: Final = 16_384  # a tenth of a second of the loop
_TOO_MANY: Final = 4_002


def get_storage(served: Served, key: bytes, at: Hash256 | None) -> object:
    """A value; null where there is none."""
    return _shown(served.state(at).get(key))


def get_storage_hash(served: Served, key: bytes, at: Hash256 | None) -> object:
    """A value's BLAKE2b-256."""
    value = served.state(at).get(key)
    return None if value is None else to_hex(blake2b_256(value))


def get_storage_size(served: Served, key: bytes, at: Hash256 | None) -> object:
    """A value's bytes, or those of all values under the key."""
    sizes = [len(value) for _, value in served.state(at).pairs(key)]
    return sum(sizes) if sizes else None


def get_keys(served: Served, prefix: bytes, at: Hash256 | None) -> object:
    """All keys under a prefix."""
    return [to_hex(key) for key, _ in _few(served.state(at), prefix)]


def get_pairs(served: Served, prefix: bytes, at: Hash256 | None) -> object:
    """All keys under a prefix with their values."""
    return [(to_hex(key), to_hex(value)) for key, value in _few(served.state(at), prefix)]


def get_keys_paged(served: Served, prefix: bytes | None, count: int, after: bytes | None, at: Hash256 | None) -> object:
    """At most `count` keys under a prefix, those behind `after`."""
    return _page(served.state(at), prefix or b"", count, after)


def query_storage_at(served: Served, keys: Sequence[bytes], at: Hash256 | None) -> object:
    """The values at several keys, in the form of a change."""
    state, block = served.state(at), served.known(at)
    return [{"block": to_hex(block.hash), "changes": [(to_hex(key), _shown(state.get(key))) for key in keys]}]


def query_storage(served: Served, keys: Sequence[bytes], first: Hash256, last: Hash256 | None) -> object:
    """What changed at several keys, from one block to another; the first one is told whole."""
    begin, end = served.known(first).number, served.known(last).number
    blocks = end - begin + 1
    if not 0 < blocks * max(1, len(keys)) <= QUERY_READS_MAX:
        raise RpcError(_TOO_MANY, f"Cannot query {len(keys)} keys over {blocks} blocks")
    before, told = dict[bytes, bytes | None](), []
    for height in range(begin, end + 1):
        block = served.service.chain.block_at(height)
        state = served.state(block.hash)
        changed = {key: state.get(key) for key in keys if key not in before or before[key] != state.get(key)}
        before |= changed
        if changed:
            changes = [(to_hex(key), _shown(value)) for key, value in changed.items()]
            told.append({"block": to_hex(block.hash), "changes": changes})
    return told


def get_read_proof(served: Served, keys: Sequence[bytes], at: Hash256 | None) -> object:
    """The trie nodes that prove the values at several keys."""
    block = served.known(at)
    return {"at": to_hex(block.hash), "proof": [to_hex(node) for node in served.state(at).prove(keys)]}


def get_child_read_proof(served: Served, child: bytes, keys: Sequence[bytes], at: Hash256 | None) -> object:
    """The trie nodes that prove several keys of a child trie, from the state's root on."""
    state, block = served.state(at), served.known(at)
    proofs = [state.prove([child]), *(trie.prove(keys) for trie in [_child(served, child)] if trie is not None)]
    return {"at": to_hex(block.hash), "proof": [to_hex(node) for node in join_proofs(proofs)]}


def get_child_storage(served: Served, child: bytes, key: bytes, _at: Hash256 | None) -> object:
    """A value of a child trie."""
    trie = _child(served, child)
    return None if trie is None else _shown(trie.get(key))


def get_child_keys_paged(
    served: Served, child: bytes, prefix: bytes, count: int, after: bytes | None, _at: Hash256 | None
) -> object:
    """At most `count` keys of a child trie under a prefix, those behind `after`."""
    trie = _child(served, child)
    return [] if trie is None else _page(trie, prefix, count, after)


def get_runtime_version(served: Served, at: Hash256 | None = None) -> object:
    """What the runtime says of itself, as JSON."""
    served.known(at)
    profile = served.form.profile
    version = profile.version
    return {
        "specName": version.spec_name,
        "implName": version.impl_name,
        "authoringVersion": version.authoring_version,
        "specVersion": version.spec_version,
        "implVersion": version.impl_version,
        "apis": [(to_hex(api.id), api.version) for api in APIS],
        "transactionVersion": version.transaction_version,
        "systemVersion": profile.state_version,
        "stateVersion": profile.state_version,
    }


def get_metadata(served: Served, at: Hash256 | None) -> object:
    """The metadata of version 14."""
    served.known(at)
    return to_hex(served.metadata(14))


def call(served: Served, name: str, arguments: bytes, at: Hash256 | None) -> object:
    """What the runtime answers a call of one of its interfaces."""
    return to_hex(call_runtime(served, name, arguments, served.known(at)))


def _begin_storage(served: Served, subscription: Subscription, keys: Sequence[bytes] | None) -> None:
    if keys is None:
        raise RpcError(INVALID_PARAMS, "Invalid params", "a subscription to all of the storage is not offered")
    served.board.join_storage(subscription, keys, served.best, served.state(None))


def _begin_version(served: Served, subscription: Subscription) -> None:
    subscription.push(encode_result(get_runtime_version(served)))
    served.board.join(subscription)


def _child(served: Served, child: bytes) -> Trie | None:
    if not child.startswith(CHILD_PREFIX):
        raise RpcError(INVALID_PARAMS, "Invalid params", "a child trie is named by :child_storage:default: and its id")
    return served.service.chain.children.get(child.removeprefix(CHILD_PREFIX))


def _page(trie: Trie, prefix: bytes, count: int, after: bytes | None) -> list[str]:
    if count > KEYS_PAGE_MAX:
        raise RpcError(_TOO_MANY, f"count exceeds maximum value. value: {count}, max: {KEYS_PAGE_MAX}")
    keys = (key for key, _ in trie.pairs(prefix) if after is None or key > after)
    return [to_hex(key) for key in islice(keys, count)]


def _few(trie: Trie, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    return islice(trie.pairs(prefix), PAIRS_MAX)


def _shown(value: bytes | None) -> str | None:
    return None if value is None else to_hex(value)


_AT: Final = Optional(block_hash)
_STORAGE: Final = Method(get_storage, (hex_bytes, _AT))
_PAGED: Final = Method(get_keys_paged, (Optional(hex_bytes), number, Optional(hex_bytes), _AT))
_CALL: Final = Method(call, (text, hex_bytes, _AT))
_VERSION: Final = Method(get_runtime_version, (_AT,))
METHODS: Final[Mapping[str, Method]] = {
    "state_getStorage": _STORAGE,
    "state_getStorageAt": _STORAGE,
    "state_getStorageHash": Method(get_storage_hash, (hex_bytes, _AT)),
    "state_getStorageSize": Method(get_storage_size, (hex_bytes, _AT)),
    "state_getKeys": Method(get_keys, (hex_bytes, _AT)),
    "state_getPairs": Method(get_pairs, (hex_bytes, _AT)),
    "state_getKeysPaged": _PAGED,
    "state_getKeysPagedAt": _PAGED,
    "state_queryStorageAt": Method(query_storage_at, (hex_list, _AT)),
    "state_queryStorage": Method(query_storage, (hex_list, block_hash, _AT)),
    "state_getReadProof": Method(get_read_proof, (hex_list, _AT)),
    "state_getChildReadProof": Method(get_child_read_proof, (hex_bytes, hex_list, _AT)),
    "state_getRuntimeVersion": _VERSION,
    "chain_getRuntimeVersion": _VERSION,
    "state_getMetadata": Method(get_metadata, (_AT,)),
    "state_call": _CALL,
    "state_callAt": _CALL,
    "childstate_getStorage": Method(get_child_storage, (hex_bytes, hex_bytes, _AT)),
    "childstate_getKeysPaged": Method(get_child_keys_paged, (hex_bytes, hex_bytes, number, Optional(hex_bytes), _AT)),
}
_RUNTIME: Final = Topic(
    RUNTIME_VERSION, _begin_version, ("state_unsubscribeRuntimeVersion", "chain_unsubscribeRuntimeVersion")
)
TOPICS: Final[Mapping[str, Topic]] = {
    "state_subscribeStorage": Topic(STORAGE, _begin_storage, ("state_unsubscribeStorage",), (Optional(hex_list),)),
    "state_subscribeRuntimeVersion": _RUNTIME,
    "chain_subscribeRuntimeVersion": _RUNTIME,
}
