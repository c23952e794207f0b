"""`system_*`: what a node says of itself and of accounts."""

from collections.abc import Mapping
from typing import Any, Final

from edge_node import __version__
from edge_node.base.base58 import encode_base58
from edge_node.base.ids import Hash256
from edge_node.devnet.pallets.system import SS58_PREFIX
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.method import Method
from edge_node.devnet.rpc.params import Optional, account, anything, block_hash, hex_bytes, to_hex
from edge_node.devnet.rpc.refusals import error_of
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.runtime import InvalidExtrinsic

CHAIN: Final = "Cere Development"
NODE: Final = "edge_node devnet"
# A peer's id is the "identity" hash of its key's protobuf: type ed25519, then 32 bytes.
_PEER_HEAD: Final = bytes((0x00, 0x24, 0x08, 0x01, 0x12, 0x20))
_DECIMALS: Final = 10


def peer_id(served: Served) -> object:
    """The node's name among peers, of which it has none."""
    return encode_base58(_PEER_HEAD + served.peer)


def next_index(served: Served, who: bytes) -> object:
    """The nonce for the account's next extrinsic, after those that wait."""
    return served.service.next_nonce(who)


def dry_run(served: Served, raw: bytes, _at: Hash256 | None) -> object:
    """Whether an extrinsic could come into the next block: an ApplyExtrinsicResult, of which validity is looked at."""
    try:
        served.service.chain.check(raw)
    except InvalidExtrinsic as invalid:
        raise error_of(invalid) from None
    return to_hex(b"\0\0")


def health(_: Served) -> object:
    """A node without peers that wants none."""
    return {"peers": 0, "isSyncing": False, "shouldHavePeers": False}


def properties(_: Served) -> object:
    """How addresses and amounts are shown."""
    return {"ss58Format": SS58_PREFIX, "tokenDecimals": _DECIMALS, "tokenSymbol": "CERE"}


def sync_state(served: Served) -> object:
    """Where it stands."""
    best = served.best.number
    return {"startingBlock": 0, "currentBlock": best, "highestBlock": best}


def _always(value: Any) -> Method:
    return Method(lambda _: value)


def _no_peers(_served: Served, _peer: Any) -> object:
    raise RpcError(1_000, "this node has no peers")


_NONCE: Final = Method(next_index, (account,))
METHODS: Final[Mapping[str, Method]] = {
    "system_chain": _always(CHAIN),
    "system_chainType": _always("Development"),
    "system_name": _always(NODE),
    "system_version": _always(__version__),
    "system_properties": Method(properties),
    "system_health": Method(health),
    "system_syncState": Method(sync_state),
    "system_accountNextIndex": _NONCE,
    "account_nextIndex": _NONCE,
    "system_localPeerId": Method(peer_id),
    "system_localListenAddresses": _always([]),
    "system_peers": _always([]),
    "system_reservedPeers": _always([]),
    "system_nodeRoles": _always(["Authority"]),
    "system_dryRun": Method(dry_run, (hex_bytes, Optional(block_hash))),
    "system_dryRunAt": Method(dry_run, (hex_bytes, Optional(block_hash))),
    "system_addReservedPeer": Method(_no_peers, (anything,)),
}
