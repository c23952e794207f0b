"""Who is waited for."""

from edge_node.base.ids import PublicKey
from edge_node.gateway.ack_habits import AckHabits

ANNA, BEN, CARL = (PublicKey(bytes([number]) * 32) for number in (1, 2, 3))


def test_everybody_who_can_acknowledge_is_waited_for_once_in_vain() -> None:
    """Silence is remembered reader by reader, and the first acknowledgement ends it."""
    habits = AckHabits()
    assert habits.expects(ANNA)
    habits.note_silence(ANNA)
    assert not habits.expects(ANNA)
    assert habits.expects(BEN)
    habits.note_ack(ANNA)
    assert habits.expects(ANNA)
    habits.note_ack(BEN)
    assert habits.expects(BEN)


def test_a_read_without_a_request_is_not_waited_for() -> None:
    """Nobody could sign an acknowledgement of it."""
    assert not AckHabits().expects(None)


def test_it_remembers_only_so_many() -> None:
    """At its limit it knows all, beyond it forgets who was silent longest ago."""
    habits = AckHabits(silent_max=2)
    for reader in (ANNA, BEN, ANNA):
        habits.note_silence(reader)
    assert [habits.expects(reader) for reader in (ANNA, BEN, CARL)] == [False, False, True]
    habits.note_silence(CARL)
    assert [habits.expects(reader) for reader in (ANNA, BEN, CARL)] == [False, True, False]
