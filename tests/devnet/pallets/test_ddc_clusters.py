"""DdcClusters' description, whose fields belong to the profile."""

from edge_node.devnet.pallets.ddc_clusters import JOIN_CLUSTER, PARAMS_DEV, PRICES_DEV, describe

SDK, DEV = describe(), describe(PARAMS_DEV, PRICES_DEV, (JOIN_CLUSTER,))


def test_join_cluster_is_of_the_later_line():
    """Call 5, and the other calls keep their places."""
    assert [call.name for call in SDK.calls] == [
        "create_cluster", "add_node", "remove_node", "set_cluster_params", "validate_node",
    ]  # fmt: skip
    assert DEV.calls[:5] == SDK.calls
    assert (DEV.calls[5].name, DEV.calls[5].index) == ("join_cluster", 5)


def test_prices_have_other_names_and_number():
    """A client that fills missing names with zero would send wrong prices: the names must differ as the real ones."""
    sdk, dev = ([f.name for f in one.types["ClusterProtocolParams"].fields] for one in (SDK, DEV))
    assert sdk[6:] == [f"unit_per_{what}" for what in ("mb_stored", "mb_streamed", "put_request", "get_request")]
    assert len(dev[6:]) == 8
    assert dev[-1] == "customer_deposit_contract"


def test_inspection_is_of_the_later_line():
    """The earlier line's parameters end with the replication."""
    assert SDK.types["ClusterParams"].fields[-1].name == "replication_total"
    assert DEV.types["ClusterParams"].fields[-1].name == "inspection_dry_run_params"


def test_its_events_and_errors():
    """Eleven events with named fields, 26 errors."""
    assert [event.name for event in SDK.events][6:9] == ["ClusterBonded", "ClusterUnbonding", "ClusterUnbonded"]
    assert all(field.name for event in SDK.events for field in event.fields)
    assert (len(SDK.errors), SDK.errors[10], SDK.errors[25]) == (
        26,
        "NodeHasNoActivatedStake",
        "ControllerDoesNotExist",
    )
