"""A body on its way: its record holds all that was signed, and waiters hear once."""

import trio

from edge_node.store.errors import Stopping
from edge_node.store.streams.prepare import prepare_body
from edge_node.store.streams.records import EVENTS_KIND, decode_events
from edge_node.store.streams.rows import item_of
from edge_node.store.streams.submission import Receipt, Submission, draft_of, receipt_of
from tests.store.rig import NOW_MS, sign

BODY = b'{"celsius":21}'


def submission(body: bytes = BODY, seq: int = 5, **changed) -> Submission:
    header = sign(body, seq, **changed)
    made = Submission(
        header,
        body,
        "test",
        NOW_MS,
        2,
        False,
        (header.key, header.audience, header.stream),
        (header.audience, header.stream),
        header.seq,
    )
    made.prepared = prepare_body(header, body, 10)
    made.count, made.first_offset = made.prepared.count, 40
    return made


def test_the_draft_is_what_was_sent() -> None:
    """Header, body and place go into the record; the index's item is the one replay makes of it."""
    made = submission()
    draft = draft_of(made)
    record = decode_events(bytes(draft.payload))
    assert (draft.kind, draft.cid) == (EVENTS_KIND, made.prepared.cid)
    assert record.header() == made.header
    assert (record.body, record.first_offset, record.count, record.source) == (BODY, 40, 1, "test")
    assert (record.received_ms, record.clock_quality, record.late) == (NOW_MS, 2, False)
    assert item_of(record) == draft.item


def test_the_receipt_names_the_place() -> None:
    """CID, stream and offsets; a twin's says duplicate."""
    made = submission()
    assert receipt_of(made, duplicate=False) == Receipt(made.prepared.cid, "site/a", 40, 1, duplicate=False)
    assert receipt_of(made, duplicate=True).duplicate is True


def test_a_repeat_has_the_same_body_time_and_type() -> None:
    """Any one of them changed is another message under the same number."""
    made = submission()
    same = made.prepared.cid, made.header.t_ms
    assert made.same_bytes(*same, made.header.content_type)
    assert made.same_bytes(*same)
    assert not made.same_bytes(submission(b"other", content_type="a/b").prepared.cid, made.header.t_ms)
    assert not made.same_bytes(made.prepared.cid, made.header.t_ms + 1)
    assert not made.same_bytes(*same, "text/plain")


async def test_a_refusal_reaches_every_twin() -> None:
    """Whoever waits for the same body hears the same reason."""
    first, twin = submission(), submission()
    first.twins.append(twin)
    first.refuse(Stopping())
    with trio.fail_after(1):
        await first.done.wait()
        await twin.done.wait()
    assert isinstance(twin.error, Stopping)
    assert twin.receipt is None


async def test_an_answer_wakes_its_waiter() -> None:
    """The receipt is there when `done` is."""
    made = submission()
    made.answer(receipt_of(made, duplicate=False))
    with trio.fail_after(1):
        await made.done.wait()
    assert made.receipt is not None
    assert made.error is None
