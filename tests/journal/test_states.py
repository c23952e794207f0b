"""The journal's modes and what leads from one to another."""

import itertools

import pytest

from edge_node.journal.states import TRANSITIONS, WRITABLE, ImpossibleTurn, JournalState, Mode, Turn, turn_state

LOW = JournalState(Mode.LOW, "full")
READ_ONLY = JournalState(Mode.READ_ONLY, "the disk refused")


def play(*turns: Turn) -> list[Mode]:
    state, modes = WRITABLE, []
    for turn in turns:
        state = turn_state(state, turn, "why")
        modes.append(state.mode)
    return modes


def test_space_goes_and_comes_back() -> None:
    """A full disk is passing."""
    assert play(Turn.SPACE_SHORT, Turn.SPACE_SHORT, Turn.SPACE_BACK) == [Mode.LOW, Mode.LOW, Mode.WRITABLE]


def test_a_refusing_disk_stays_read_only_until_reopened() -> None:
    """A sync error is not forgotten when space returns."""
    assert play(Turn.DISK_REFUSED, Turn.REOPENED) == [Mode.READ_ONLY, Mode.WRITABLE]
    with pytest.raises(ImpossibleTurn):
        turn_state(READ_ONLY, Turn.SPACE_BACK)


def test_nothing_leads_out_of_broken() -> None:
    """Only a restart can tell what is on the disk."""
    assert [pair for pair in TRANSITIONS if pair[0] is Mode.BROKEN] == []


@pytest.mark.parametrize(("mode", "turn"), list(itertools.product(Mode, Turn)))
def test_an_unknown_pair_raises(mode: Mode, turn: Turn) -> None:
    """The table is the whole truth."""
    state = JournalState(mode, "why")
    if (mode, turn) in TRANSITIONS:
        assert turn_state(state, turn, "why").mode is TRANSITIONS[mode, turn]
    else:
        with pytest.raises(ImpossibleTurn):
            turn_state(state, turn)


def test_a_state_reads_as_a_sentence() -> None:
    """The status page prints it as it is."""
    assert (str(WRITABLE), str(LOW)) == ("writable", "low: full")


def test_the_reason_goes_with_the_mode() -> None:
    """A writable journal has nothing to explain."""
    assert turn_state(LOW, Turn.SPACE_BACK, "left over") == WRITABLE
