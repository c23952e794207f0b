"""The runtime interfaces that clients call and look for in metadata: names, versions, methods (Substrate, sp-api)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_node.devnet.pallets.shape import Alias, BadDescription, Fields, TypeShape, enum, fields_of, struct

_METHOD: Final = re.compile(r"(?P<name>\w+)\((?P<inputs>.*)\) -> (?P<output>.+)")


@dataclass(frozen=True, slots=True)
class MethodShape:
    """One method: its arguments and what it answers, types as text."""

    name: str
    inputs: Fields
    output: str


@dataclass(frozen=True, slots=True)
class ApiShape:
    """One interface; `version` is what the runtime says of it."""

    name: str
    version: int
    methods: tuple[MethodShape, ...]

    @property
    def id(self) -> bytes:
        """What it is called in a RuntimeVersion: 8 bytes of a hash of its name."""
        return hashlib.blake2b(self.name.encode(), digest_size=8).digest()


def api(name: str, version: int, text: str) -> ApiShape:
    """An interface of one method a line: `name(argument: Type, ...) -> Type`."""
    return ApiShape(name, version, tuple(_method(line.strip()) for line in text.strip().splitlines()))


def _method(line: str) -> MethodShape:
    found = _METHOD.fullmatch(line)
    if not found:
        raise BadDescription(line)
    return MethodShape(found["name"], fields_of(found["inputs"]), found["output"])


TYPES: Final[Mapping[str, TypeShape]] = {
    "OpaqueMetadata": struct("sp_core::OpaqueMetadata", "Vec<u8>"),
    "RuntimeDispatchInfo": struct(
        "pallet_transaction_payment::types::RuntimeDispatchInfo",
        "weight: Weight, class: DispatchClass, partial_fee: Balance",
        params="Balance: Balance, Weight: Weight",
    ),
    "InclusionFee": struct(
        "pallet_transaction_payment::types::InclusionFee",
        "base_fee: Balance, len_fee: Balance, adjusted_weight_fee: Balance",
        params="Balance: Balance",
    ),
    "FeeDetails": struct(
        "pallet_transaction_payment::types::FeeDetails",
        "inclusion_fee: Option<InclusionFee>, tip: Balance",
        params="Balance: Balance",
    ),
    "AllowedSlots": enum(
        "sp_consensus_babe::AllowedSlots",
        "PrimarySlots, PrimaryAndSecondaryPlainSlots, PrimaryAndSecondaryVRFSlots",
    ),
    "BabeConfiguration": struct(
        "sp_consensus_babe::BabeConfiguration",
        "slot_duration: u64, epoch_length: u64, c: (u64, u64), authorities: Vec<BabeAuthority>,"
        " randomness: [u8; 32], allowed_slots: AllowedSlots",
    ),
    "BabeEpochConfiguration": struct(
        "sp_consensus_babe::BabeEpochConfiguration", "c: (u64, u64), allowed_slots: AllowedSlots"
    ),
    "Epoch": struct(
        "sp_consensus_babe::Epoch",
        "epoch_index: u64, start_slot: Slot, duration: u64, authorities: Vec<BabeAuthority>,"
        " randomness: [u8; 32], config: BabeEpochConfiguration",
    ),
    "GrandpaAuthorities": Alias("Vec<GrandpaAuthority>"),
}

APIS: Final = (
    api("Core", 5, "version() -> RuntimeVersion"),
    api(
        "Metadata",
        2,
        """
        metadata() -> OpaqueMetadata
        metadata_at_version(version: u32) -> Option<OpaqueMetadata>
        metadata_versions() -> Vec<u32>
        """,
    ),
    api(
        "GrandpaApi",
        3,
        """
        grandpa_authorities() -> GrandpaAuthorities
        current_set_id() -> u64
        """,
    ),
    api(
        "BabeApi",
        2,
        """
        configuration() -> BabeConfiguration
        current_epoch_start() -> Slot
        current_epoch() -> Epoch
        next_epoch() -> Epoch
        """,
    ),
    api("AccountNonceApi", 1, "account_nonce(account: AccountId) -> Nonce"),
    api(
        "TransactionPaymentApi",
        4,
        """
        query_info(uxt: UncheckedExtrinsic, len: u32) -> RuntimeDispatchInfo
        query_fee_details(uxt: UncheckedExtrinsic, len: u32) -> FeeDetails
        """,
    ),
)
