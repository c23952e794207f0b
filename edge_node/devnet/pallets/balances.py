"""Balances as clients see it: who holds how much, and what of it is locked (Substrate, pallet_balances)."""

from edge_node.devnet.pallets.shape import ConstantShape, Pallet, calls, enum, errors, events, storage, struct

CERE = 10**10
EXISTENTIAL_DEPOSIT = CERE
LOCKS_MAX = 50

PALLET = Pallet(
    name="Balances",
    index=6,
    crate="pallet_balances",
    types={
        "Reasons": enum("pallet_balances::types::Reasons", "Fee, Misc, All"),
        "BalanceLock": struct("pallet_balances::types::BalanceLock", "id: [u8; 8], amount: Balance, reasons: Reasons"),
        "BalanceStatus": enum("frame_support::traits::tokens::misc::BalanceStatus", "Free, Reserved"),
    },
    calls=calls("""
        0 transfer_allow_death(dest: MultiAddress, value: Compact<Balance>)
        2 force_transfer(source: MultiAddress, dest: MultiAddress, value: Compact<Balance>)
        3 transfer_keep_alive(dest: MultiAddress, value: Compact<Balance>)
        4 transfer_all(dest: MultiAddress, keep_alive: bool)
        8 force_set_balance(who: MultiAddress, new_free: Compact<Balance>)
    """),
    storage=storage("""
        TotalIssuance: Balance
        InactiveIssuance: Balance
        Locks[Blake2_128Concat AccountId]: WeakBoundedVec<BalanceLock>
    """),
    events=events("""
        Endowed{account: AccountId, free_balance: Balance}
        DustLost{account: AccountId, amount: Balance}
        Transfer{from: AccountId, to: AccountId, amount: Balance}
        BalanceSet{who: AccountId, free: Balance}
        Reserved{who: AccountId, amount: Balance}
        Unreserved{who: AccountId, amount: Balance}
        ReserveRepatriated{from: AccountId, to: AccountId, amount: Balance, destination_status: BalanceStatus}
        Deposit{who: AccountId, amount: Balance}
        Withdraw{who: AccountId, amount: Balance}
        Slashed{who: AccountId, amount: Balance}
        Minted{who: AccountId, amount: Balance}
        Burned{who: AccountId, amount: Balance}
        Suspended{who: AccountId, amount: Balance}
        Restored{who: AccountId, amount: Balance}
        Upgraded{who: AccountId}
        Issued{amount: Balance}
        Rescinded{amount: Balance}
        Locked{who: AccountId, amount: Balance}
        Unlocked{who: AccountId, amount: Balance}
        Frozen{who: AccountId, amount: Balance}
        Thawed{who: AccountId, amount: Balance}
        TotalIssuanceForced{old: Balance, new: Balance}
    """),
    errors=errors("""
        VestingBalance LiquidityRestrictions InsufficientBalance ExistentialDeposit Expendability
        ExistingVestingSchedule DeadAccount TooManyReserves TooManyHolds TooManyFreezes IssuanceDeactivated DeltaZero
    """),
    constants=(
        ConstantShape("ExistentialDeposit", "Balance", EXISTENTIAL_DEPOSIT),
        ConstantShape("MaxLocks", "u32", LOCKS_MAX),
    ),
)
