"""The lies of an endpoint."""

import pytest

from edge_node.devnet.faults import SLOW_S, TWISTS, Lie, Lies, NoSuchLie

HASH = "0x" + "11" * 32
PROOF = {"at": HASH, "proof": ["0x0102", "0x0304"]}
VOTES = "0x" + "00" * 400
ANSWERS = {
    Lie.WRONG_PROOF: ("state_getReadProof", [], PROOF, {"at": HASH, "proof": ["0x0102", "0x0305"]}),
    Lie.SHORT_PROOF: ("state_getChildReadProof", [], PROOF, {"at": HASH, "proof": ["0x0102"]}),
    Lie.WRONG_VALUE: ("state_getStorage", ["0x"], None, "0x01"),
    Lie.OTHER_GENESIS: ("chain_getBlockHash", [[0, 1]], [HASH, HASH], ["0x10" + "11" * 31, HASH]),
    Lie.WRONG_HEADER: ("chain_getHeader", [], {"stateRoot": HASH}, {"stateRoot": "0x10" + "11" * 31}),
    Lie.FORGED_VOTE: ("grandpa_justifications", [], VOTES, "0x" + "00" * 130 + "01" + "00" * 269),
    Lie.NO_FINALITY: ("grandpa_proveFinality", [1], VOTES, None),
}


@pytest.mark.parametrize("lie", ANSWERS)
def test_each_lie_changes_its_answers_alone(lie):
    """And nothing once it is stopped."""
    lies = Lies()
    method, params, honest, told = ANSWERS[lie]
    lies.tell(lie)
    assert lies.twist(method, params, honest) == told
    assert lies.twist("system_chain", [], "name") == "name"
    lies.stop(lie)
    assert lies.twist(method, params, honest) == honest


def test_every_twist_is_tried_here():
    """But for the one that makes every answer too large."""
    assert TWISTS.keys() - {Lie.HUGE} == ANSWERS.keys()
    lies = Lies()
    lies.tell("huge")
    assert len(lies.twist("system_chain", [], "name")) > 32 << 20


def test_other_blocks_hashes_are_not_touched():
    """Only the genesis is another chain's."""
    lies = Lies()
    lies.tell("other-genesis")
    assert lies.twist("chain_getBlockHash", [7], HASH) == HASH
    assert lies.twist("chain_getBlockHash", [], HASH) == HASH
    assert lies.twist("chain_getBlockHash", ["0x0"], HASH) != HASH


def test_any_value_is_lied_about():
    """Whether there is one, and whether it has a byte that could be another."""
    lies = Lies()
    lies.tell("wrong-value")
    told = [lies.twist("state_getStorageAt", ["0x"], value) for value in (None, "0x", "0x01")]
    assert told == ["0x01", "0x01", "0x00"]


def test_an_unknown_lie_is_refused():
    """Whether it is to begin or to end."""
    with pytest.raises(NoSuchLie, match="wrong-proof"):
        Lies().tell("white")
    with pytest.raises(NoSuchLie):
        Lies().stop("white")


def test_how_late_is_as_asked():
    """Two seconds unless said."""
    lies = Lies()
    assert (lies.delay_s, lies.deaf) == (0.0, False)
    lies.tell("slow")
    assert lies.delay_s == SLOW_S
    lies.tell("slow", 0.5)
    lies.tell("silent")
    assert (lies.delay_s, lies.deaf) == (0.5, True)
    lies.stop()
    assert (lies.delay_s, lies.deaf) == (0.0, False)
