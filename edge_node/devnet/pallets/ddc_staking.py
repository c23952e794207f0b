"""DdcStaking as clients see it: bonds of storage nodes and of clusters, and how they are given back."""

from edge_node.devnet.pallets.shape import Pallet, calls, errors, events, storage, struct

UNLOCKING_MAX = 32
CLUSTER_BOND_CERE = 100_000
CLUSTER_UNBONDING_BLOCKS = 28 * 14_400  # 28 days of blocks of 6 s

PALLET = Pallet(
    name="DdcStaking",
    index=35,
    crate="pallet_ddc_staking",
    types={
        "UnlockChunk": struct(
            "pallet_ddc_staking::UnlockChunk", "value: Compact<Balance>, block: Compact<BlockNumber>"
        ),
        "StakingLedger": struct(
            "pallet_ddc_staking::StakingLedger",
            "stash: AccountId, total: Compact<Balance>, active: Compact<Balance>, chilling: Option<BlockNumber>,"
            " unlocking: BoundedVec<UnlockChunk>",
        ),
    },
    calls=calls("""
        0 bond(controller: MultiAddress, node: NodePubKey, value: Compact<Balance>)
        1 unbond(value: Compact<Balance>)
        2 withdraw_unbonded()
        3 store(cluster_id: ClusterId)
        4 chill()
        5 set_controller(controller: MultiAddress)
        6 set_node(new_node: NodePubKey)
        7 fast_chill()
        8 bond_cluster(cluster_id: ClusterId)
        9 unbond_cluster(cluster_id: ClusterId)
        10 withdraw_unbonded_cluster(cluster_id: ClusterId)
    """),
    storage=storage("""
        Bonded[Twox64Concat AccountId]: Option<AccountId>
        Ledger[Blake2_128Concat AccountId]: Option<StakingLedger>
        Storages[Twox64Concat AccountId]: Option<ClusterId>
        Nodes[Twox64Concat NodePubKey]: Option<AccountId>
        Providers[Twox64Concat AccountId]: Option<NodePubKey>
        LeavingStorages[Twox64Concat AccountId]: Option<ClusterId>
        ClusterBonded[Twox64Concat AccountId]: Option<AccountId>
        ClusterLedger[Blake2_128Concat AccountId]: Option<StakingLedger>
    """),
    events=events("""
        Bonded(AccountId, Balance)
        Unbonded(AccountId, Balance)
        Withdrawn(AccountId, Balance)
        Chilled(AccountId)
        ChillSoon(AccountId, ClusterId, BlockNumber)
        Activated(AccountId)
        LeaveSoon(AccountId)
        Left(AccountId)
    """),
    errors=errors("""
        NotController NotStash AlreadyBonded AlreadyPaired InsufficientBond NoMoreChunks BadState AlreadyInRole TooEarly
        NotNodeController NodeHasNoStake NoCluster NoClusterGovParams FastChillProhibited StoringProhibited
        ArithmeticOverflow ArithmeticUnderflow NodeIsNotFound NodeIsLeaving UnbondingProhibited
    """),
)
