"""wire.http2_events: values that compare by what they say."""

from edge_node.wire.http2_events import Arrived, Opened, Reset, Room


def test_events_are_values():
    """Equal when they say the same."""
    assert Opened(1, [(b"a", b"b")], ended=False) == Opened(1, [(b"a", b"b")], ended=False)
    assert Arrived(1, b"x", 1, ended=True) != Arrived(1, b"x", 1, ended=False)
    assert (Reset(1, 8), Room(0)) == (Reset(1, 8), Room(0))
