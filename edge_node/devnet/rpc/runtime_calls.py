"""`state_call`: what the runtime's interfaces answer, in SCALE, by the types that the metadata describes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.storage_key import storage_key, value_of
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets.babe import EPOCH_SLOTS, SLOT_MS
from edge_node.devnet.pallets.system import version_value
from edge_node.devnet.rpc.fees import dispatch_info, fee_details
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.runtime import Block
from edge_node.wire.scale import MalformedScale, Scale, blob, compact, uint

CALL_FAILED: Final = 4_003
_VERSIONS: Final = (14, 15)
_PRIMARY_IN: Final = (1, 4)  # one slot in four is drawn, the others go round
_SECONDARY: Final = Chosen("PrimaryAndSecondaryPlainSlots")
_ACCOUNT_BYTES, _LENGTH_BYTES = 32, 4


class _Asked:
    """One call: whom it asks, at which block, and its arguments."""

    def __init__(self, served: Served, block: Block, arguments: bytes) -> None:
        self.served, self.block, self.scale = served, block, Scale(arguments)
        self.arguments = arguments

    def read(self, pallet: str, item: str, *keys: Any) -> Any:
        """A value of the block's state."""
        found = self.served.form.item(pallet, item)
        return value_of(found, self.served.state(self.block.hash).get(storage_key(found, *keys)))

    def extrinsic(self) -> tuple[bytes, int]:
        """The extrinsic in the arguments, and its length as they say it."""
        whole = self.arguments[:-_LENGTH_BYTES]
        return whole, len(whole)


def call_runtime(served: Served, name: str, arguments: bytes, block: Block) -> bytes:
    """The answer of a call at a block; RpcError for one that nobody answers, or with arguments of another form."""
    answer = _CALLS.get(name)
    if answer is None:
        why = f"Client error: Execution failed: Exported method {name[:60]} is not found"
        raise RpcError(CALL_FAILED, why)
    try:
        return answer(_Asked(served, block, arguments))
    except MalformedScale as malformed:
        raise RpcError(CALL_FAILED, f"Client error: Execution failed: bad input data: {malformed}") from None


def _encoded(asked: _Asked, api: str, method: str, value: Value) -> bytes:
    """A value by the type that the metadata gives the method."""
    metadata = asked.served.form.metadata
    (output,) = (one.output for held in metadata.apis if held.name == api for one in held.methods if one.name == method)
    return encode_value(metadata.registry, output, value)


def _version(asked: _Asked) -> bytes:
    profile = asked.served.form.profile
    held: Any = version_value(profile.version, profile.state_version)
    return _encoded(asked, "Core", "version", held)


def _metadata(asked: _Asked) -> bytes:
    return blob(asked.served.metadata(_VERSIONS[0]))


def _metadata_at(asked: _Asked) -> bytes:
    version = asked.scale.u32()
    asked.scale.end()
    return b"\1" + blob(asked.served.metadata(version)) if version in _VERSIONS else b"\0"


def _metadata_versions(_: _Asked) -> bytes:
    return compact(len(_VERSIONS)) + b"".join(uint(version, 4) for version in _VERSIONS)


def _nonce(asked: _Asked) -> bytes:
    who = asked.scale.take(_ACCOUNT_BYTES)
    asked.scale.end()
    return uint(asked.read("System", "Account", who)["nonce"], 4)


def _grandpa_authorities(asked: _Asked) -> bytes:
    return _encoded(asked, "GrandpaApi", "grandpa_authorities", asked.read("Grandpa", "Authorities"))


def _grandpa_set(asked: _Asked) -> bytes:
    return uint(asked.read("Grandpa", "CurrentSetId"), 8)


def _babe_configuration(asked: _Asked) -> bytes:
    value: Value = {
        "slot_duration": SLOT_MS,
        "epoch_length": EPOCH_SLOTS,
        "c": _PRIMARY_IN,
        "authorities": asked.read("Babe", "Authorities"),
        "randomness": asked.read("Babe", "Randomness"),
        "allowed_slots": _SECONDARY,
    }
    return _encoded(asked, "BabeApi", "configuration", value)


def _epoch_start(asked: _Asked) -> bytes:
    return uint(asked.read("Babe", "GenesisSlot") + asked.read("Babe", "EpochIndex") * EPOCH_SLOTS, 8)


def _epoch(asked: _Asked, method: str, ahead: int, authorities: str, randomness: str) -> bytes:
    index = asked.read("Babe", "EpochIndex") + ahead
    value: Value = {
        "epoch_index": index,
        "start_slot": asked.read("Babe", "GenesisSlot") + index * EPOCH_SLOTS,
        "duration": EPOCH_SLOTS,
        "authorities": asked.read("Babe", authorities),
        "randomness": asked.read("Babe", randomness),
        "config": {"c": _PRIMARY_IN, "allowed_slots": _SECONDARY},
    }
    return _encoded(asked, "BabeApi", method, value)


def _current_epoch(asked: _Asked) -> bytes:
    return _epoch(asked, "current_epoch", 0, "Authorities", "Randomness")


def _next_epoch(asked: _Asked) -> bytes:
    return _epoch(asked, "next_epoch", 1, "NextAuthorities", "NextRandomness")


def _query_info(asked: _Asked) -> bytes:
    return _encoded(asked, "TransactionPaymentApi", "query_info", dispatch_info(asked.served.form, *asked.extrinsic()))


def _query_fee_details(asked: _Asked) -> bytes:
    details = fee_details(asked.served.form, *asked.extrinsic())
    return _encoded(asked, "TransactionPaymentApi", "query_fee_details", details)


_CALLS: Final[Mapping[str, Callable[[_Asked], bytes]]] = {
    "Core_version": _version,
    "Metadata_metadata": _metadata,
    "Metadata_metadata_at_version": _metadata_at,
    "Metadata_metadata_versions": _metadata_versions,
    "AccountNonceApi_account_nonce": _nonce,
    "GrandpaApi_grandpa_authorities": _grandpa_authorities,
    "GrandpaApi_current_set_id": _grandpa_set,
    "BabeApi_configuration": _babe_configuration,
    "BabeApi_current_epoch_start": _epoch_start,
    "BabeApi_current_epoch": _current_epoch,
    "BabeApi_next_epoch": _next_epoch,
    "TransactionPaymentApi_query_info": _query_info,
    "TransactionPaymentApi_query_fee_details": _query_fee_details,
}
CALLS: Final = frozenset(_CALLS)
