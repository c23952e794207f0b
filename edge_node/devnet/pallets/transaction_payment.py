"""TransactionPayment as clients see it: what an extrinsic cost (Substrate, pallet_transaction_payment)."""

from edge_node.devnet.pallets.shape import ConstantShape, Pallet, enum, events, storage, struct

MULTIPLIER_ONE = 10**18
OPERATIONAL_MULTIPLIER = 5
BYTE_FEE = 1_000_000  # units of 10^-10 CERE, for each byte of an extrinsic

PALLET = Pallet(
    name="TransactionPayment",
    index=7,
    crate="pallet_transaction_payment",
    types={
        "FixedU128": struct("sp_arithmetic::fixed_point::FixedU128", "u128"),
        "PaymentReleases": enum("pallet_transaction_payment::Releases", "V1Ancient, V2"),
    },
    storage=storage("""
        NextFeeMultiplier: FixedU128
        StorageVersion: PaymentReleases
    """),
    events=events("TransactionFeePaid{who: AccountId, actual_fee: Balance, tip: Balance}"),
    constants=(ConstantShape("OperationalFeeMultiplier", "u8", OPERATIONAL_MULTIPLIER),),
)
