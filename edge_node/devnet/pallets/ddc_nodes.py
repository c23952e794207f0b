"""DdcNodes as clients see it: who provides which storage node, and how it is reached."""

from edge_node.devnet.pallets.shape import Alias, Pallet, calls, enum, errors, events, storage, struct

HOST_MAX = 255
DOMAIN_MAX = 255

# The indexes of the modes start at 1; a compute node exists on the line of 80013 alone.
MODES, MODES_DEV = "Full, Storage, Cache", "Full, Storage, Cache, Compute"
_ADDRESS = "ssl: bool, http_port: u16, grpc_port: u16, p2p_port: u16"


def describe(modes: str = MODES) -> Pallet:
    """The pallet with these modes of a storage node."""
    return Pallet(
        name="DdcNodes",
        index=37,
        crate="pallet_ddc_nodes",
        types={
            "ClusterId": Alias("H160"),
            "NodePubKey": enum("ddc_primitives::NodePubKey", "StoragePubKey(AccountId)"),
            "StorageNodeMode": enum("ddc_primitives::StorageNodeMode", modes, first=1),
            "StorageNodeParams": struct(
                "ddc_primitives::StorageNodeParams",
                f"mode: StorageNodeMode, host: Vec<u8>, domain: Vec<u8>, {_ADDRESS}",
            ),
            "NodeParams": enum("ddc_primitives::NodeParams", "StorageParams(StorageNodeParams)"),
            "StorageNodeProps": struct(
                "pallet_ddc_nodes::storage_node::StorageNodeProps",
                f"host: BoundedVec<u8>, domain: BoundedVec<u8>, {_ADDRESS}, mode: StorageNodeMode",
            ),
            "StorageNode": struct(
                "pallet_ddc_nodes::storage_node::StorageNode",
                "pub_key: AccountId, provider_id: AccountId, cluster_id: Option<ClusterId>, props: StorageNodeProps",
            ),
        },
        calls=calls("""
            0 create_node(node_pub_key: NodePubKey, node_params: NodeParams)
            1 delete_node(node_pub_key: NodePubKey)
            2 set_node_params(node_pub_key: NodePubKey, node_params: NodeParams)
        """),
        storage=storage("StorageNodes[Blake2_128Concat AccountId]: Option<StorageNode>"),
        events=events("""
            NodeCreated{node_pub_key: NodePubKey}
            NodeDeleted{node_pub_key: NodePubKey}
            NodeParamsChanged{node_pub_key: NodePubKey}
        """),
        errors=errors("""
            NodeAlreadyExists NodeDoesNotExist OnlyNodeProvider NodeIsAssignedToCluster HostLenExceedsLimit
            DomainLenExceedsLimit NodeHasDanglingStake
        """),
    )
