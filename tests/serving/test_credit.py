"""serving.credit: the small window for everybody, the room for what is invited, and who waits for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.serving.credit import CreditRoom, Share, StreamCredit
from edge_node.wire.http2 import STREAM_WINDOW_BYTES

MIB = 1 << 20


class Waiting:
    """A guest that counts its invitations."""

    def __init__(self) -> None:
        self.invited = 0

    def invite(self) -> None:
        self.invited += 1


def test_a_client_may_send_its_window_and_no_more():
    """At the limit and one byte above."""
    credit = StreamCredit(Share(CreditRoom(), "a"))
    assert credit.arrive(STREAM_WINDOW_BYTES)
    assert not credit.arrive(1)


def test_what_is_taken_may_come_again():
    """The window grows by what the handler took, and costs no room."""
    room = CreditRoom()
    credit = StreamCredit(Share(room, "a"))
    credit.arrive(40_000)
    assert credit.raise_to(STREAM_WINDOW_BYTES) == 0
    credit.take(40_000)
    assert credit.raise_to(STREAM_WINDOW_BYTES) == 40_000
    assert (credit.window, room.used) == (STREAM_WINDOW_BYTES, 0)


def test_an_invitation_is_charged_until_it_is_taken():
    """A message of 4 MiB holds room from its invitation to its handler."""
    room = CreditRoom()
    credit = StreamCredit(Share(room, "a"))
    assert credit.raise_to(4 * MIB) == 4 * MIB - STREAM_WINDOW_BYTES
    assert room.used == 4 * MIB - STREAM_WINDOW_BYTES
    credit.arrive(4 * MIB)
    assert room.used == 4 * MIB - STREAM_WINDOW_BYTES
    credit.take(4 * MIB)
    assert room.used == 0


def test_the_limits_of_the_room():
    """In all, three quarters for an address, half for a connection."""
    room = CreditRoom(8_000)
    one, two, three = Share(room, "a"), Share(room, "a"), Share(room, "b")
    assert not one.charge(4_001)
    assert one.charge(4_000)
    assert not two.charge(2_001)
    assert two.charge(2_000)
    assert not three.charge(2_001)
    assert three.charge(2_000)
    one.release(4_000)
    assert three.charge(2_000)


def test_who_waits_is_invited_when_room_comes_back():
    """Once for each release, in order, and not after it has left."""
    room = CreditRoom(8_000)
    share, first, second = Share(room, "a"), Waiting(), Waiting()
    share.charge(4_000)
    room.wait(first)
    room.wait(first)
    room.wait(second)
    room.forget(second)
    share.release(4_000)
    assert (first.invited, second.invited) == (1, 0)


def test_a_call_that_ends_gives_everything_back():
    """Whatever was invited and never came."""
    room = CreditRoom()
    credit = StreamCredit(Share(room, "a"))
    credit.raise_to(3 * MIB)
    credit.arrive(1_000_000)
    credit.close()
    assert room.used == 0


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["arrive", "take", "raise"]), st.integers(0, 5 * MIB)), max_size=30))
def test_what_can_be_held_is_always_covered(steps):
    """At any time, what came and what may come is within the small window and what is charged."""
    room = CreditRoom()
    credit = StreamCredit(Share(room, "a"))
    for step, size in steps:
        if step == "arrive":
            credit.arrive(min(size, credit.window))
        elif step == "take":
            credit.take(min(size, credit.held))
        else:
            credit.raise_to(max(STREAM_WINDOW_BYTES, size))
        assert credit.window + credit.held <= STREAM_WINDOW_BYTES + credit.charged
        assert room.used == credit.charged >= 0
    credit.close()
    assert room.used == 0
