"""What extrinsics cost."""

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.fees import TREASURY, fee_of
from tests.devnet.runtime.ddc import named
from tests.devnet.runtime.stage import ALICE, VALIDATORS, make_stage


def test_each_byte_has_its_price():
    """1,000,000 units, and a transfer costs a few hundredths of a CERE."""
    assert fee_of(200) - fee_of(100) == 100_000_000
    assert 0 < fee_of(150) < CERE // 10


def test_fee_and_tip_are_halved_between_treasury_and_author():
    """What the sender lost, the two have; the event tells fee and tip."""
    stage = make_stage()
    who = (ALICE.id, TREASURY, *(one.account for one in VALIDATORS))
    before = [stage.read("System", "Account", one)["data"]["free"] for one in who]
    raw = stage.signed(ALICE, call_of("System", "remark", remark=b"x" * 300), tip=11)
    stage.write(raw)
    after = [stage.read("System", "Account", one)["data"]["free"] for one in who]
    cost = fee_of(len(raw)) + 11
    assert before[0] - after[0] == cost
    assert after[1] - before[1] == cost // 2
    assert sum(after[2:]) - sum(before[2:]) == cost - cost // 2
    paid = {"who": ALICE.id, "actual_fee": cost, "tip": 11}
    assert named(stage.events(1), "TransactionPayment.TransactionFeePaid") == paid


def test_a_refused_call_is_paid_for():
    """Nonce and fee stay spent."""
    stage = make_stage()
    before = stage.read("System", "Account", ALICE.id)
    assert stage.outcome(ALICE, call_of("Timestamp", "set", now=1)) == "BadOrigin"
    after = stage.read("System", "Account", ALICE.id)
    assert after["nonce"] == before["nonce"] + 1
    assert after["data"]["free"] < before["data"]["free"]
