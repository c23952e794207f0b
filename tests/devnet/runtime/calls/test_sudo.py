"""Sudo through signed extrinsics."""

import pytest

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, BOB, SUDO, make_stage

CALL = call_of("Balances", "force_set_balance", who=BOB.address, new_free=5 * CERE)


@pytest.fixture
def stage():
    """A fresh chain."""
    return make_stage()


@pytest.mark.parametrize(
    "call",
    [
        call_of("Sudo", "sudo", call=CALL),
        call_of("Sudo", "sudo_unchecked_weight", call=CALL, weight={"ref_time": 1, "proof_size": 1}),
        call_of("Sudo", "set_key", new=ALICE.address),
        call_of("Sudo", "sudo_as", who=BOB.address, call=CALL),
        call_of("Sudo", "remove_key"),
    ],
    ids=lambda call: call.value.name,
)
def test_only_the_key_calls_as_root(stage, call):
    """Sudo.RequireSudo for everybody else."""
    assert stage.outcome(ALICE, call) == "Sudo.RequireSudo"
    assert stage.outcome(SUDO, call) == "Ok"


def test_a_refusal_inside_is_told_in_the_event(stage):
    """The extrinsic succeeds, its event holds the error."""
    assert stage.as_root(CALL) == "Ok"
    assert stage.as_root(call_of("System", "remark_with_event", remark=b"")) == "BadOrigin"


def test_the_key_is_handed_over_and_given_up(stage):
    """The old key has no say afterwards."""
    events = dict(stage.ok(SUDO, "Sudo", "set_key", new=ALICE.address))
    assert events["Sudo.KeyChanged"] == {"old": SUDO.id, "new": ALICE.id}
    assert stage.refusal(SUDO, "Sudo", "remove_key") == "Sudo.RequireSudo"
    stage.ok(ALICE, "Sudo", "remove_key")
    assert stage.read("Sudo", "Key") is None
    assert stage.refusal(ALICE, "Sudo", "sudo", call=CALL) == "Sudo.RequireSudo"


def test_root_calls_as_another(stage):
    """Their money moves without their signature."""
    call = call_of("Balances", "transfer_allow_death", dest=ALICE.address, value=CERE)
    events = dict(stage.ok(SUDO, "Sudo", "sudo_as", who=BOB.address, call=call))
    assert events["Balances.Transfer"]["from"] == BOB.id
    assert events["Sudo.SudoAsDone"] == {"sudo_result": Chosen("Ok", ())}
