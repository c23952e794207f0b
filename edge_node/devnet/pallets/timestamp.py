"""Timestamp as clients see it: the time of a block, which its author sets (Substrate, pallet_timestamp)."""

from edge_node.devnet.pallets.shape import ConstantShape, Pallet, calls, storage

MINIMUM_PERIOD_MS = 3_000

PALLET = Pallet(
    name="Timestamp",
    index=3,
    crate="pallet_timestamp",
    calls=calls("0 set(now: Compact<u64>)"),
    storage=storage("""
        Now: u64
        DidUpdate: bool
    """),
    constants=(ConstantShape("MinimumPeriod", "u64", MINIMUM_PERIOD_MS),),
)
