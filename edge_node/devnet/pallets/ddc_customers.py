"""DdcCustomers as clients see it: buckets, and the deposits that pay for them, one ledger per cluster and customer."""

from edge_node.devnet.pallets.shape import ConstantShape, Pallet, calls, errors, events, storage, struct

PALLET_ID = b"accounts"
UNLOCKING_DELAY_BLOCKS = 100_800  # 7 days of blocks of 6 s
UNLOCKING_MAX = 32

PALLET = Pallet(
    name="DdcCustomers",
    index=36,
    crate="pallet_ddc_customers",
    types={
        "BucketParams": struct("ddc_primitives::BucketParams", "is_public: bool"),
        "Bucket": struct(
            "pallet_ddc_customers::Bucket",
            "bucket_id: u64, owner_id: AccountId, cluster_id: ClusterId, is_public: bool, is_removed: bool",
        ),
        "CustomerUnlockChunk": struct(
            "pallet_ddc_customers::UnlockChunk", "value: Compact<Balance>, block: Compact<BlockNumber>"
        ),
        "CustomerLedger": struct(
            "pallet_ddc_customers::CustomerLedger",
            "owner: AccountId, total: Compact<Balance>, active: Compact<Balance>,"
            " unlocking: BoundedVec<CustomerUnlockChunk>",
        ),
        "PalletId": struct("frame_support::PalletId", "[u8; 8]"),
    },
    calls=calls("""
        0 create_bucket(cluster_id: ClusterId, bucket_params: BucketParams)
        1 deposit(cluster_id: ClusterId, value: Compact<Balance>)
        2 deposit_extra(cluster_id: ClusterId, max_additional: Compact<Balance>)
        3 deposit_for(owner: AccountId, cluster_id: ClusterId, value: Compact<Balance>)
        4 unlock_deposit(cluster_id: ClusterId, value: Compact<Balance>)
        5 withdraw_unlocked_deposit(cluster_id: ClusterId)
        6 set_bucket_params(bucket_id: u64, bucket_params: BucketParams)
        7 remove_bucket(bucket_id: u64)
    """),
    storage=storage("""
        ClusterLedger[Blake2_256 ClusterId, Blake2_256 AccountId]: Option<CustomerLedger>
        BucketsCount: u64
        Buckets[Twox64Concat u64]: Option<Bucket>
    """),
    events=events("""
        Deposited{cluster_id: ClusterId, owner_id: AccountId, amount: Balance}
        InitialDepositUnlock{cluster_id: ClusterId, owner_id: AccountId, amount: Balance}
        Withdrawn{cluster_id: ClusterId, owner_id: AccountId, amount: Balance}
        Charged{cluster_id: ClusterId, owner_id: AccountId, charged: Balance, expected_to_charge: Balance}
        BucketCreated{cluster_id: ClusterId, bucket_id: u64}
        BucketUpdated{cluster_id: ClusterId, bucket_id: u64}
        BucketRemoved{cluster_id: ClusterId, bucket_id: u64}
    """),
    errors=errors("""
        NotOwner NotBucketOwner AlreadyPaired InsufficientDeposit NoMoreChunks NotEnoughBalance NoBucketWithId BadState
        BucketDoesNotExist ClusterDoesNotExist Unauthorized ArithmeticOverflow ArithmeticUnderflow TransferFailed
        AlreadyRemoved ClusterMismatch
    """),
    constants=(
        ConstantShape("PalletId", "PalletId", PALLET_ID),
        ConstantShape("UnlockingDelay", "BlockNumber", UNLOCKING_DELAY_BLOCKS),
    ),
)
