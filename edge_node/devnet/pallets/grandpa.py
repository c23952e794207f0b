"""Grandpa as clients see it: who finalizes, and which change of them is under way (Substrate, pallet_grandpa)."""

from edge_node.devnet.pallets.shape import Alias, ConstantShape, Pallet, enum, errors, events, storage, struct

AUTHORITIES_MAX = 100

PALLET = Pallet(
    name="Grandpa",
    index=11,
    crate="pallet_grandpa",
    types={
        "GrandpaId": struct("sp_consensus_grandpa::app::Public", "[u8; 32]"),
        "GrandpaAuthority": Alias("(GrandpaId, u64)"),
        "StoredState": enum(
            "pallet_grandpa::StoredState",
            "Live, PendingPause{scheduled_at: BlockNumber, delay: BlockNumber}, Paused,"
            " PendingResume{scheduled_at: BlockNumber, delay: BlockNumber}",
        ),
        "StoredPendingChange": struct(
            "pallet_grandpa::StoredPendingChange",
            "scheduled_at: BlockNumber, delay: BlockNumber, next_authorities: BoundedVec<GrandpaAuthority>,"
            " forced: Option<BlockNumber>",
        ),
    },
    storage=storage("""
        State: StoredState
        PendingChange: Option<StoredPendingChange>
        NextForced: Option<BlockNumber>
        Stalled: Option<(BlockNumber, BlockNumber)>
        CurrentSetId: u64
        SetIdSession[Twox64Concat u64]: Option<u32>
        Authorities: BoundedVec<GrandpaAuthority>
    """),
    events=events("""
        NewAuthorities{authority_set: Vec<GrandpaAuthority>}
        Paused
        Resumed
    """),
    errors=errors("""
        PauseFailed ResumeFailed ChangePending TooSoon InvalidKeyOwnershipProof InvalidEquivocationProof
        DuplicateOffenceReport
    """),
    constants=(ConstantShape("MaxAuthorities", "u32", AUTHORITIES_MAX),),
)
