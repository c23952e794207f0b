"""A read under way: what it counts, which acknowledgements it takes, and where it has a part."""

import pytest

from edge_node.activity.errors import (
    AckBackwards,
    AckBeyondSent,
    AckOfAnotherRequest,
    AckOfAnotherSigner,
    AckRefused,
    AckUnasked,
)
from edge_node.activity.record import WINDOW_BYTES
from edge_node.base.clock import ClockQuality
from edge_node.base.counters import REGISTRY
from tests.activity.rig import BOB, CID, HOLDER, NODE, ack, request
from tests.activity.test_ledger import Rig


def reading(rig: Rig, number: int | None = 1):
    from edge_node.activity.reading import Reading
    from edge_node.activity.window import Reader

    reader = Reader(HOLDER, 7, bytes(16))
    return Reading(rig.ledger, reader, CID, None if number is None else request(number))


def written(rig: Rig):
    """The records of everything closed so far."""
    rig.ledger.close_all()
    return [window.record(NODE, ClockQuality.NETWORK) for window in rig.ledger.take_closed(100)]


def refused(why: str) -> float:
    return REGISTRY.get_sample_value("edge_node_acks_refused_total", {"why": why}) or 0.0


def test_a_read_with_its_acknowledgements():
    """The part holds the request and the last acknowledgement as they came, with the read's bytes."""
    rig = Rig()
    one = reading(rig)
    one.sent(100)
    one.acked(ack(60))
    one.sent(50)
    one.acked(ack(150))
    assert (one.sent_bytes, one.acked_bytes) == (150, 150)
    one.close()
    one.close()
    (record,) = written(rig)
    (part,) = record.parts
    assert (record.count, record.bytes, record.acked) == (1, 150, 150)
    assert (part.sent_from, part.sent_to, part.acked_from, part.acked_to) == (0, 150, 0, 150)
    assert (part.cid, part.request, part.ack) == (CID, request(1).raw, ack(150).raw)


@pytest.mark.parametrize(
    ("wrong", "fact"),
    [
        (ack(5, signer=BOB), AckOfAnotherSigner),
        (ack(5, number=2), AckOfAnotherRequest),
        (ack(9), AckBackwards),
        (ack(101), AckBeyondSent),
        (ack(2**64 - 1), AckBeyondSent),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_acknowledgement_that_does_not_hold_changes_nothing(wrong, fact):
    """It is refused and counted by its reason, and what was acknowledged before stays."""
    rig, before = Rig(), refused(fact.why)
    one = reading(rig)
    one.sent(100)
    one.acked(ack(10))
    with pytest.raises(fact):
        one.acked(wrong)
    assert refused(fact.why) == before + 1
    assert (one.sent_bytes, one.acked_bytes) == (100, 10)
    (record,) = written(rig)
    assert (record.acked, record.parts[0].ack) == (10, ack(10).raw)


def test_the_edges_of_what_may_be_acknowledged():
    """The same number again, and exactly what was sent, are taken; before anything was sent only nothing."""
    one = reading(Rig())
    one.acked(ack(0))
    with pytest.raises(AckBeyondSent):
        one.acked(ack(1))
    one.sent(10)
    one.acked(ack(10))
    one.acked(ack(10))
    assert one.acked_bytes == 10


def test_a_read_without_a_request_takes_no_acknowledgement():
    """Nobody could say whose it is."""
    one = reading(Rig(), None)
    one.sent(10)
    with pytest.raises(AckUnasked):
        one.acked(ack(10))


def test_a_long_read_has_a_part_in_every_record():
    """Each goes on where the one before ended, with the request in each: a leaf stands by itself."""
    rig = Rig()
    one = reading(rig)
    for _ in range(20):
        one.sent(4_000_000)
    one.acked(ack(80_000_000))
    records = written(rig)
    assert len(records) == 3
    spans = [(part.sent_from, part.sent_to) for record in records for part in record.parts]
    assert spans == [(0, 36_000_000), (36_000_000, 72_000_000), (72_000_000, 80_000_000)]
    assert all(record.bytes < WINDOW_BYTES + 4_000_000 for record in records)
    assert [record.acked for record in records] == [0, 0, 80_000_000]
    assert {part.request for record in records for part in record.parts} == {request(1).raw}
    assert [part.ack for record in records for part in record.parts] == [b"", b"", ack(80_000_000).raw]


def test_an_acknowledgement_after_the_minute_stands_in_the_next_record():
    """It is late, not lost: nothing was sent in that record, and what it acknowledges was before it."""
    rig = Rig()
    one = reading(rig)
    one.sent(100)
    rig.clock.ms += 60_000
    rig.ledger.close_ended()
    one.acked(ack(100))
    first, second = written(rig)
    assert (first.bytes, first.acked) == (100, 0)
    assert (second.bytes, second.acked) == (0, 100)
    (part,) = second.parts
    assert (part.sent_from, part.sent_to, part.acked_from, part.acked_to) == (100, 100, 0, 100)


def test_a_refusal_is_of_one_family():
    """A door maps them all alike."""
    assert all(issubclass(kind, AckRefused) for kind in AckRefused.__subclasses__())
