"""serving.credit: the small window for everybody, the room for what is invited, and who waits for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.serving.credit import CreditRoom, Share, StreamCredit
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES

MIB = 1 << 20


class Waiting:
    """A guest that wants as much room, and counts its invitations."""

    def __init__(self, share: Share, wants: int) -> None:
        self.invited, self.welcome = 0, False
        self.share, self.wants = share, wants

    def invite(self) -> None:
        self.invited += 1
        self.welcome = self.share.charge(self.wants)
        if not self.welcome:
            self.share.wait(self)


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
    """In the order in which they came, and not after they have left."""
    room = CreditRoom(8_000)
    share = Share(room, "a")
    first, gone, second, third = (Waiting(share, 2_000) for _ in range(4))
    share.charge(4_000)
    for guest in (first, first, gone, second, third):
        share.wait(guest)
    share.forget(gone)
    share.release(1_000)
    assert not first.welcome
    share.release(1_000)
    assert (first.welcome, second.welcome) == (True, False)
    share.release(2_000)
    assert (second.welcome, third.welcome, gone.invited) == (True, False, 0)


def test_connections_take_turns():
    """One call of each; none is passed over for good because another connection has many."""
    room = CreditRoom(8_000)
    holder = Share(room, "h")
    holder.charge(4_000)
    crowd, quiet = Share(room, "a"), Share(room, "b")
    many, one = [Waiting(crowd, 2_000) for _ in range(5)], Waiting(quiet, 2_000)
    assert crowd.charge(2_000)
    assert quiet.charge(2_000)
    for guest in (*many, one):
        guest.share.wait(guest)
    holder.release(2_000)
    assert (many[0].welcome, one.welcome) == (True, False)
    holder.release(2_000)
    assert (many[1].welcome, one.welcome) == (False, True)


def test_thousands_that_wait_cost_a_release_next_to_nothing():
    """One is asked of each connection, however many calls it has: what breaks off releases hundreds of times."""
    room = CreditRoom(8_000)
    holder, shares = Share(room, "h"), [Share(room, "a") for _ in range(10)]
    holder.charge(4_000)
    Share(room, "b").charge(4_000)
    guests = [Waiting(share, 2_000) for share in shares for _ in range(500)]
    for guest in guests:
        guest.share.wait(guest)
    for _ in range(100):
        holder.release(10)
    assert sum(guest.invited for guest in guests) == 100 * len(shares)


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
