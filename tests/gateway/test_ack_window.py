"""The window of acknowledgements."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.gateway.ack_window import AckWindow


def test_it_is_full_at_its_limit_and_opens_with_acknowledgements() -> None:
    """Exactly the limit may be on its way; what is acknowledged makes room again."""
    window = AckWindow(100)
    assert window.has_room(100)
    assert not window.has_room(101)
    window.note_sent(100)
    assert not window.has_room(1)
    window.note_acked(40)
    assert window.has_room(40)
    assert not window.has_room(41)


def test_only_who_acknowledges_is_waited_for() -> None:
    """Not for one of whom nothing is expected and nothing came, nor for one that says no more or has said all."""
    window = AckWindow(100)
    assert not window.awaits_last(expected=True)
    window.note_sent(10)
    assert not window.awaits_last(expected=False)
    assert window.awaits_last(expected=True)
    window.note_acked(5)
    assert window.awaits_last(expected=False)
    window.note_acked(10)
    assert not window.awaits_last(expected=True)
    window.note_sent(1)
    window.close()
    assert not window.awaits_last(expected=True)
    assert window.generation == 3


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_never_more_is_on_its_way_than_may_be(steps: list[tuple[int, int]]) -> None:
    """Whoever asks before sending stays within the limit, whatever is acknowledged in between."""
    window = AckWindow(60)
    for size, acked in steps:
        if window.has_room(size):
            window.note_sent(size)
        window.note_acked(min(window.sent, window.acked + acked))
        assert 0 <= window.unacked <= 60
