"""Babe as clients see it: who may write blocks in which slots (Substrate, pallet_babe)."""

from edge_node.devnet.pallets.shape import Alias, ConstantShape, Pallet, storage, struct

SLOT_MS = 6_000
EPOCH_SLOTS = 2_400
AUTHORITIES_MAX = 100

PALLET = Pallet(
    name="Babe",
    index=2,
    crate="pallet_babe",
    types={
        "BabeId": struct("sp_consensus_babe::app::Public", "[u8; 32]"),
        "Slot": struct("sp_consensus_slots::Slot", "u64"),
        "BabeAuthority": Alias("(BabeId, u64)"),
    },
    storage=storage("""
        EpochIndex: u64
        Authorities: WeakBoundedVec<BabeAuthority>
        GenesisSlot: Slot
        CurrentSlot: Slot
        Randomness: [u8; 32]
        NextRandomness: [u8; 32]
        NextAuthorities: WeakBoundedVec<BabeAuthority>
    """),
    constants=(
        ConstantShape("EpochDuration", "u64", EPOCH_SLOTS),
        ConstantShape("ExpectedBlockTime", "u64", SLOT_MS),
        ConstantShape("MaxAuthorities", "u32", AUTHORITIES_MAX),
    ),
)
