"""One reader's minute: what is counted, what stands in full, what as a digest, and what a note tells of it."""

from edge_node.activity.record import DIGESTS_MAX, PARTS_MAX, WINDOW_BYTES, digest_part, encode_activity
from edge_node.activity.window import OpenPart, Reader, Window
from edge_node.base.clock import ClockQuality
from tests.activity.rig import CID, HOLDER, NODE, NOW_MS

READER = Reader(HOLDER, 7, b"s" * 16)


def window() -> Window:
    return Window(b"w" * 16, READER, NOW_MS, 0.0)


def part(number: int, *, signed: bool = True) -> OpenPart:
    name = number.to_bytes(16, "big")
    return OpenPart(CID, b"request" + name if signed else b"", name if signed else b"", 0, 0)


def send(one: Window, to: OpenPart, amount: int) -> None:
    to.sent_to += amount
    one.bytes += amount
    one.touch(to)


def test_the_first_reads_stand_in_full_and_the_others_as_digests():
    """Twelve parts, then a digest for each read with a request; a digest is that of the part as it is at the end."""
    one, entered = window(), [part(number) for number in range(PARTS_MAX + 2)]
    for each in entered:
        one.enter(each)
        send(one, each, 100)
    record = one.record(NODE, ClockQuality.NETWORK)
    assert (record.count, record.bytes) == (PARTS_MAX + 2, 100 * (PARTS_MAX + 2))
    assert record.parts == [each.part() for each in entered[:PARTS_MAX]]
    assert record.digests == [digest_part(each.part(), each.identity) for each in entered[PARTS_MAX:]]


def test_reads_without_a_request_are_listed_only_among_the_first():
    """They name nobody: beyond the first twelve they count and take no memory."""
    one = window()
    for number in range(1_000):
        each = part(number, signed=False)
        one.enter(each)
        send(one, each, 10)
    assert (one.listed, one.full) == (PARTS_MAX, False)
    record = one.record(NODE, ClockQuality.NETWORK)
    assert (record.count, record.bytes, len(record.parts), record.digests) == (1_000, 10_000, PARTS_MAX, [])


def test_a_window_is_full_at_its_rows_and_at_its_bytes():
    """Full at the limit of either, not one before."""
    one = window()
    for number in range(PARTS_MAX + DIGESTS_MAX):
        assert not one.full
        one.enter(part(number))
    assert one.full
    other, each = window(), part(1)
    other.enter(each)
    send(other, each, WINDOW_BYTES - 1)
    assert not other.full
    send(other, each, 1)
    assert other.full


def test_a_read_that_is_over_keeps_its_digest_alone():
    """Its signed messages leave memory; the record says the same."""
    one, other = window(), window()
    for target in (one, other):
        for number in range(PARTS_MAX + 1):
            each = part(number)
            target.enter(each)
            send(target, each, 5)
            if target is one:
                target.leave(each)
    assert encode_activity(one.record(NODE, ClockQuality.NETWORK)) == encode_activity(
        other.record(NODE, ClockQuality.NETWORK)
    )


def test_a_delta_tells_what_changed_since_the_last():
    """The first tells of both reads, the next only of the one that went on; counters are always the whole."""
    one, first, second = window(), part(1), part(2)
    one.enter(first)
    one.enter(second)
    assert [place for place, _ in one.take_delta().parts] == [0, 1]
    assert not one.changed
    send(one, second, 30)
    delta = one.take_delta()
    assert [(place, told.sent_to) for place, told in delta.parts] == [(1, 30)]
    assert (delta.count, delta.bytes, delta.window) == (2, 30, b"w" * 16)
    one.forget_told()
    assert [place for place, _ in one.take_delta().parts] == [0, 1]
