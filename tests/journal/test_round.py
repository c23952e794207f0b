"""The layout of a round: what is written is what a scan finds."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal import Database, SegmentClass
from edge_node.journal.kinds import KindTable
from edge_node.journal.round import EARLY_BYTES, JOIN_MAX_BYTES, Part, Round
from edge_node.journal.scan import Sound, scan_records
from edge_node.journal.segment import FIRST_OF_ROUND, SYNC_ORDER, segment_key
from edge_node.journal.tickets import Draft
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, draft, rig_kinds

KINDS = KindTable(rig_kinds())
KEY = segment_key(bytes(16))
CLASS_OF = {kind.number: kind.segment_class for kind in KINDS.values()}


def lay_out(tickets: list[list[Draft]], start: int = 64) -> Round:
    laid = Round(KINDS, [Part(name, 1, start, KEY) for name in SegmentClass], 10)
    for drafts in tickets:
        laid.add(drafts)
    return laid


def scanned(part: Part) -> list[Sound]:
    content = bytes(part.start) + b"".join(part.close())
    assert len(content) == part.end
    found = list(scan_records(lambda offset, length: content[offset : offset + length], part.start, part.end, KEY))
    assert all(isinstance(item, Sound) for item in found)
    return [item for item in found if isinstance(item, Sound)]


PAYLOADS = st.one_of(st.binary(max_size=30), st.just(b"x" * (JOIN_MAX_BYTES + 5)))
TICKETS = st.lists(
    st.lists(st.tuples(st.sampled_from([NOTE, BLOB, FACT, ERASE]), PAYLOADS), min_size=1, max_size=4),
    min_size=1,
    max_size=5,
)


@given(tickets=TICKETS)
def test_every_draft_is_found_where_it_was_placed(tickets: list[list[tuple[int, bytes]]]) -> None:
    """In its class, under its sequence, with its bytes; nothing else is there."""
    laid = lay_out([[draft(kind, payload) for kind, payload in drafts] for drafts in tickets])
    found = {}
    for part in laid.touched(SYNC_ORDER):
        for item in scanned(part):
            found[part.segment_class, item.offset] = (item.header.sequence, item.header.kind, item.payload)
    flat = [one for drafts in tickets for one in drafts]
    places = [placed for drafts in laid.placed for placed in drafts]
    assert [placed.sequence for placed in places] == list(range(10, 10 + len(flat)))
    assert laid.sequence == 10 + len(flat)
    for (kind, payload), placed in zip(flat, places, strict=True):
        assert placed.position.segment_class is CLASS_OF[kind]
        assert found.pop((placed.position.segment_class, placed.position.offset)) == (placed.sequence, kind, payload)
        assert placed.payload_bytes == len(payload)
    assert found == {}


@given(tickets=TICKETS)
def test_the_first_record_of_each_class_begins_the_round(tickets: list[list[tuple[int, bytes]]]) -> None:
    """The mark tells a later scan that everything before it was synced."""
    laid = lay_out([[draft(kind, payload) for kind, payload in drafts] for drafts in tickets])
    for part in laid.touched(SYNC_ORDER):
        flags = [item.header.flags for item in scanned(part)]
        assert flags == [FIRST_OF_ROUND] + [0] * (len(flags) - 1)


@given(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=4), large=st.booleans())
def test_parts_of_a_payload_are_joined_on_disk(sizes: list[int], large: bool) -> None:
    """Bytes, bytearrays and views, small or large."""
    parts = [memoryview(bytes([at]) * size) for at, size in enumerate(sizes)] + [
        bytearray(JOIN_MAX_BYTES if large else 1)
    ]
    laid = lay_out([[Draft(BLOB, 1, b"", parts, None)]])
    (part,) = laid.touched(SYNC_ORDER)
    assert [item.payload for item in scanned(part)] == [b"".join(parts)]


def test_untouched_classes_are_not_written() -> None:
    """Extents come first, and a class without records costs no sync."""
    laid = lay_out([[draft(FACT, b"f"), draft(BLOB, b"b")]])
    assert [part.segment_class for part in laid.touched(SYNC_ORDER)] == [SegmentClass.PX, SegmentClass.RC]


def test_entries_go_to_their_database_in_order() -> None:
    """As `apply` wants them: kind, place, item."""
    laid = lay_out([[draft(NOTE, b"one"), draft(FACT, b"two")], [draft(ERASE, b"three")]])
    assert [(kind.number, item) for kind, _, item in laid.entries[Database.INDEX]] == [
        (NOTE, b"one"),
        (ERASE, b"three"),
    ]
    assert [(kind.number, item) for kind, _, item in laid.entries[Database.META]] == [(FACT, b"two")]


@given(sizes=st.lists(st.sampled_from([10, 40_000, 300_000, 600_000]), min_size=1, max_size=8))
def test_what_is_written_early_is_what_would_be_written_late(sizes: list[int]) -> None:
    """Large records leave before the round is complete, each byte once and at its place."""
    disk = bytearray(64)

    def write_soon(buffers, total: int, offset: int) -> None:
        assert offset == len(disk)
        disk.extend(b"".join(buffers))
        assert len(disk) == offset + total

    payloads = [bytes([number]) * size for number, size in enumerate(sizes)]
    early, late = (Part(SegmentClass.PX, 1, 64, KEY, sink) for sink in (write_soon, None))
    for part in (early, late):
        for sequence, payload in enumerate(payloads):
            part.add(draft(BLOB, payload), sequence)
    assert early.written == len(disk)
    assert early.end - early.written < EARLY_BYTES
    assert disk + b"".join(early.close()) == bytes(64) + b"".join(late.close())
