"""What an extrinsic would cost."""

from edge_node.devnet.rpc.fees import dispatch_info, fee_details
from edge_node.devnet.runtime import call_of
from edge_node.devnet.runtime.fees import fee_of
from tests.devnet.runtime.stage import ALICE, BOB, make_stage


def test_both_forms_agree():
    """The parts add up to the fee; the tip stands apart."""
    stage = make_stage()
    raw = stage.signed(ALICE, call_of("Balances", "transfer_all", dest=BOB.address, keep_alive=False), tip=3)
    details = fee_details(stage.chain.form, raw, len(raw))
    assert details["tip"] == 3
    assert sum(details["inclusion_fee"].values()) == fee_of(len(raw))
    assert dispatch_info(stage.chain.form, raw, len(raw))["partial_fee"] == fee_of(len(raw))
