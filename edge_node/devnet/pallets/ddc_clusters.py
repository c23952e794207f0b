"""DdcClusters as clients see it: who manages a cluster, by which rules, and which nodes are in it."""

from edge_node.devnet.pallets.shape import Arm, Pallet, calls, enum, errors, events, fields_of, storage, struct

ERASURE_REQUIRED_MIN = 4
ERASURE_TOTAL_MIN = 6
REPLICATION_MIN = 3

_PARAMS = (
    "node_provider_auth_contract: Option<AccountId>, erasure_coding_required: u32, erasure_coding_total: u32,"
    " replication_total: u32"
)
_PROTOCOL = (
    "treasury_share: Perquintill, validators_share: Perquintill, cluster_reserve_share: Perquintill,"
    " storage_bond_size: Balance, storage_chill_delay: BlockNumber, storage_unbonding_delay: BlockNumber"
)
PRICES_SDK = (
    "unit_per_mb_stored: u128, unit_per_mb_streamed: u128, unit_per_put_request: u128, unit_per_get_request: u128"
)
PRICES_DEV = (
    "cost_per_mb_stored: u128, cost_per_mb_streamed: u128, cost_per_put_request: u128, cost_per_get_request: u128,"
    " cost_per_gpu_unit: u128, cost_per_cpu_unit: u128, cost_per_ram_unit: u128, customer_deposit_contract: AccountId"
)
PARAMS_SDK = _PARAMS
PARAMS_DEV = f"{_PARAMS}, inspection_dry_run_params: Option<InspectionDryRunParams>"
JOIN_CLUSTER = Arm("join_cluster", 5, fields_of("cluster_id: ClusterId, node_pub_key: NodePubKey"))


def describe(params: str = PARAMS_SDK, prices: str = PRICES_SDK, more_calls: tuple[Arm, ...] = ()) -> Pallet:
    """The pallet with these fields of a cluster's parameters and prices, and these calls beside its usual ones."""
    return Pallet(
        name="DdcClusters",
        index=38,
        crate="pallet_ddc_clusters",
        types={
            "InspectionDryRunParams": struct(
                "ddc_primitives::InspectionDryRunParams",
                "enabled: bool, sync_node_key: NodePubKey, sync_node_params: StorageNodeParams",
            ),
            "ClusterParams": struct("ddc_primitives::ClusterParams", params),
            "ClusterProps": struct("pallet_ddc_clusters::cluster::ClusterProps", params),
            "ClusterStatus": enum("ddc_primitives::ClusterStatus", "Unbonded, Bonded, Activated, Unbonding"),
            "Cluster": struct(
                "pallet_ddc_clusters::cluster::Cluster",
                "cluster_id: ClusterId, manager_id: AccountId, reserve_id: AccountId, props: ClusterProps,"
                " status: ClusterStatus, last_paid_era: u32",
            ),
            "ClusterProtocolParams": struct("ddc_primitives::ClusterProtocolParams", f"{_PROTOCOL}, {prices}"),
            "ClusterNodeKind": enum("ddc_primitives::ClusterNodeKind", "Genesis, External"),
            "ClusterNodeStatus": enum(
                "ddc_primitives::ClusterNodeStatus", "AwaitsValidation, ValidationSucceeded, ValidationFailed"
            ),
            "ClusterNodeState": struct(
                "ddc_primitives::ClusterNodeState",
                "kind: ClusterNodeKind, status: ClusterNodeStatus, added_at: BlockNumber",
            ),
            "ClusterNodesStats": struct(
                "ddc_primitives::ClusterNodesStats",
                "await_validation: u16, validation_succeeded: u16, validation_failed: u16",
            ),
        },
        calls=(
            *calls("""
                0 create_cluster(cluster_id: ClusterId, cluster_reserve_id: AccountId, cluster_params: ClusterParams, initial_protocol_params: ClusterProtocolParams)
                1 add_node(cluster_id: ClusterId, node_pub_key: NodePubKey, node_kind: ClusterNodeKind)
                2 remove_node(cluster_id: ClusterId, node_pub_key: NodePubKey)
                3 set_cluster_params(cluster_id: ClusterId, cluster_params: ClusterParams)
                4 validate_node(cluster_id: ClusterId, node_pub_key: NodePubKey, succeeded: bool)
            """),  # noqa: E501 (one call, one line)
            *more_calls,
        ),
        storage=storage("""
            Clusters[Blake2_128Concat ClusterId]: Option<Cluster>
            ClustersGovParams[Twox64Concat ClusterId]: Option<ClusterProtocolParams>
            ClustersNodes[Blake2_128Concat ClusterId, Blake2_128Concat NodePubKey]: Option<ClusterNodeState>
            ClustersNodesStats[Twox64Concat ClusterId]: Option<ClusterNodesStats>
        """),
        events=events("""
            ClusterCreated{cluster_id: ClusterId}
            ClusterNodeAdded{cluster_id: ClusterId, node_pub_key: NodePubKey}
            ClusterNodeRemoved{cluster_id: ClusterId, node_pub_key: NodePubKey}
            ClusterParamsSet{cluster_id: ClusterId}
            ClusterProtocolParamsSet{cluster_id: ClusterId}
            ClusterActivated{cluster_id: ClusterId}
            ClusterBonded{cluster_id: ClusterId}
            ClusterUnbonding{cluster_id: ClusterId}
            ClusterUnbonded{cluster_id: ClusterId}
            ClusterNodeValidated{cluster_id: ClusterId, node_pub_key: NodePubKey, succeeded: bool}
            ClusterEraPaid{cluster_id: ClusterId, era_id: u32}
        """),
        errors=errors("""
            ClusterAlreadyExists ClusterDoesNotExist ClusterParamsExceedsLimit AttemptToAddNonExistentNode
            AttemptToAddAlreadyAssignedNode AttemptToRemoveNonExistentNode AttemptToRemoveNotAssignedNode
            OnlyClusterManager OnlyNodeProvider NodeIsNotAuthorized NodeHasNoActivatedStake NodeStakeIsInvalid
            NodeChillingIsProhibited NodeAuthContractCallFailed NodeAuthContractDeployFailed
            NodeAuthNodeAuthorizationNotSuccessful ErasureCodingRequiredDidNotMeetMinimum
            ErasureCodingTotalNotMeetMinimum ReplicationTotalDidNotMeetMinimum ClusterAlreadyActivated
            UnexpectedClusterStatus AttemptToValidateNotAssignedNode ClusterProtocolParamsNotSet ArithmeticOverflow
            NodeIsNotAssignedToCluster ControllerDoesNotExist
        """),
    )
