"""System as clients see it: accounts, blocks, events and what the runtime says of itself (Substrate, frame_system)."""

from dataclasses import dataclass

from edge_node.devnet.pallets.apis import APIS
from edge_node.devnet.pallets.shape import ConstantShape, Pallet, calls, enum, errors, events, storage, struct

BLOCK_HASH_COUNT = 2_400
SS58_PREFIX = 54
CONSUMERS_MAX = 16


@dataclass(frozen=True, slots=True)
class Version:
    """What a runtime says of itself; signatures cover `spec_version` and `transaction_version`."""

    spec_version: int
    transaction_version: int
    spec_name: str = "node"
    impl_name: str = "substrate-node"
    authoring_version: int = 10
    impl_version: int = 0


def describe(version: Version, system_version: int) -> Pallet:
    """The pallet of a runtime; `system_version` is 0 or 1, the version of its state's trie."""
    return Pallet(
        name="System",
        index=0,
        crate="frame_system",
        types={
            "AccountData": struct(
                "pallet_balances::types::AccountData",
                "free: Balance, reserved: Balance, frozen: Balance, flags: ExtraFlags",
            ),
            "ExtraFlags": struct("pallet_balances::types::ExtraFlags", "u128"),
            "AccountInfo": struct(
                "frame_system::AccountInfo",
                "nonce: Nonce, consumers: u32, providers: u32, sufficients: u32, data: AccountData",
            ),
            "Phase": enum("frame_system::Phase", "ApplyExtrinsic(u32), Finalization, Initialization"),
            "EventRecord": struct(
                "frame_system::EventRecord",
                "phase: Phase, event: RuntimeEvent, topics: Vec<H256>",
                params="E: RuntimeEvent, T: H256",
            ),
            "LastRuntimeUpgradeInfo": struct(
                "frame_system::LastRuntimeUpgradeInfo", "spec_version: Compact<u32>, spec_name: str"
            ),
            "RuntimeVersion": struct(
                "sp_version::RuntimeVersion",
                "spec_name: str, impl_name: str, authoring_version: u32, spec_version: u32, impl_version: u32,"
                " apis: Vec<([u8; 8], u32)>, transaction_version: u32, system_version: u8",
            ),
        },
        calls=calls("""
            0 remark(remark: Vec<u8>)
            2 set_code(code: Vec<u8>)
            4 set_storage(items: Vec<(Vec<u8>, Vec<u8>)>)
            5 kill_storage(keys: Vec<Vec<u8>>)
            7 remark_with_event(remark: Vec<u8>)
        """),
        storage=storage("""
            Account[Blake2_128Concat AccountId]: AccountInfo
            ExtrinsicCount: Option<u32>
            BlockHash[Twox64Concat BlockNumber]: H256
            Number: BlockNumber
            ParentHash: H256
            Digest: Digest
            Events: Vec<EventRecord>
            EventCount: u32
            LastRuntimeUpgrade: Option<LastRuntimeUpgradeInfo>
            ExecutionPhase: Option<Phase>
        """),
        events=events("""
            ExtrinsicSuccess{dispatch_info: DispatchEventInfo}
            ExtrinsicFailed{dispatch_error: DispatchError, dispatch_info: DispatchEventInfo}
            CodeUpdated
            NewAccount{account: AccountId}
            KilledAccount{account: AccountId}
            Remarked{sender: AccountId, hash: H256}
        """),
        errors=errors("""
            InvalidSpecName SpecVersionNeedsToIncrease FailedToExtractRuntimeVersion NonDefaultComposite NonZeroRefCount
            CallFiltered MultiBlockMigrationsOngoing NothingAuthorized Unauthorized
        """),
        constants=(
            ConstantShape("BlockHashCount", "BlockNumber", BLOCK_HASH_COUNT),
            ConstantShape("Version", "RuntimeVersion", version_value(version, system_version)),
            ConstantShape("SS58Prefix", "u16", SS58_PREFIX),
        ),
    )


def version_value(version: Version, system_version: int) -> dict[str, object]:
    """A RuntimeVersion as the codec takes it."""
    return {
        "spec_name": version.spec_name,
        "impl_name": version.impl_name,
        "authoring_version": version.authoring_version,
        "spec_version": version.spec_version,
        "impl_version": version.impl_version,
        "apis": [(api.id, api.version) for api in APIS],
        "transaction_version": version.transaction_version,
        "system_version": system_version,
    }
