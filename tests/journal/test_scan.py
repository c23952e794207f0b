"""The resync scan: no sound record is lost, nothing else is taken for one."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal import scan
from edge_node.journal.scan import Bad, Sound, scan_records, survey
from edge_node.journal.segment import FIRST_OF_ROUND, encode_record_header, payload_digest, record_span, segment_key

KEY = segment_key(bytes(16))
OTHER_KEY = segment_key(b"another segment.")
START = 64
PAYLOADS = st.lists(
    st.one_of(st.binary(max_size=40), st.sampled_from([b"EDR1" * 40, bytes(200), b"EDR1"])), min_size=1, max_size=12
)


def record(sequence: int, payload: bytes, *, first: bool = True, key: bytes = KEY) -> bytes:
    flags = FIRST_OF_ROUND if first else 0
    head = encode_record_header(key, 1, 1, flags, sequence, b"", len(payload), payload_digest(key, payload))
    return (head + payload).ljust(record_span(len(payload)), b"\0")


def log_of(payloads: list[bytes], rounds: list[bool] | None = None) -> tuple[bytearray, list[int]]:
    """A segment's bytes and the offsets of its records."""
    content, offsets = bytearray(START), []
    for number, payload in enumerate(payloads):
        offsets.append(len(content))
        content += record(number + 1, payload, first=rounds[number] if rounds else True)
    return content, offsets


def reader(content: bytes) -> scan.ReadAt:
    return lambda offset, length: bytes(content[offset : offset + length])


def everything(content: bytes) -> list[Sound | Bad]:
    return list(scan_records(reader(content), START, len(content), KEY))


@given(payloads=PAYLOADS, tail=st.sampled_from([b"", bytes(4096), b"\xff" * 333, b"EDR1" * 50]))
def test_all_records_are_found_before_any_tail(payloads: list[bytes], tail: bytes) -> None:
    """Zeros, stale bytes and imitations after the last record are one bad stretch, and no record."""
    content, offsets = log_of(payloads)
    found = everything(bytes(content) + tail)
    assert [(item.offset, item.payload) for item in found if isinstance(item, Sound)] == list(
        zip(offsets, payloads, strict=True)
    )
    assert sum(item.length for item in found if isinstance(item, Bad)) == len(tail)


@given(payloads=PAYLOADS, flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4))
def test_rot_costs_only_the_records_it_hits(payloads: list[bytes], flips: list[tuple[int, int]]) -> None:
    """Whatever bytes change: every other record is found, and none is found with changed bytes."""
    content, offsets = log_of(payloads)
    clean, hit = bytes(content), set()
    for at, flip in flips:
        content[START + at % (len(content) - START)] ^= flip
    for number, offset in enumerate(offsets):
        stop = offset + 100 + len(payloads[number])
        if content[offset:stop] != clean[offset:stop]:
            hit.add(offset)
    found = [item.offset for item in everything(bytes(content)) if isinstance(item, Sound)]
    assert found == [offset for offset in offsets if offset not in hit]


@given(payloads=PAYLOADS, cut=st.integers(0, 10**6))
def test_a_cut_file_loses_only_what_was_cut(payloads: list[bytes], cut: int) -> None:
    """Every record that ends before the cut is found."""
    content, offsets = log_of(payloads)
    length = START + cut % (len(content) - START + 1)
    found = [item.offset for item in everything(bytes(content[:length])) if isinstance(item, Sound)]
    assert found == [o for o, p in zip(offsets, payloads, strict=True) if o + record_span(len(p)) <= length]


def test_items_cover_the_range_without_gaps() -> None:
    """Each item begins where the last ended, so nothing goes unaccounted."""
    content, offsets = log_of([b"one", b"two" * 50, b"three"])
    content[offsets[1] + 3] ^= 1
    at = START
    for item in everything(bytes(content)):
        assert item.offset == at
        at += item.length if isinstance(item, Bad) else item.header.span
    assert at == len(content)


def test_a_bad_payload_under_a_sound_header_is_stepped_over_by_its_length() -> None:
    """Its header still tells what was lost, and records imitated within its payload are never looked at."""
    forged = record(77, b"forged")
    content, offsets = log_of([b"before", b"\0" * 4 + forged, b"after"])
    content[offsets[1] + 100] ^= 1
    bad = [item for item in everything(bytes(content)) if isinstance(item, Bad)]
    assert [(item.offset, item.header.sequence if item.header else None) for item in bad] == [(offsets[1], 2)]


def test_a_record_under_another_key_does_not_count() -> None:
    """Stale bytes of an earlier use of the same blocks carry another segment's key."""
    content, _ = log_of([b"mine"])
    content += record(2, b"stale", key=OTHER_KEY) + record(3, b"mine too")
    found = [item.payload for item in everything(bytes(content)) if isinstance(item, Sound)]
    assert found == [b"mine", b"mine too"]


def test_a_record_across_the_window_border_is_found(monkeypatch) -> None:
    """The scan reads in pieces; where a piece ends makes no difference."""
    content, offsets = log_of([bytes([number]) * number for number in range(60)])
    content[offsets[7]] ^= 1
    content[offsets[30] + 1] ^= 1
    whole = everything(bytes(content))
    for window in (104, 128, 136, 1000):
        monkeypatch.setattr(scan, "WINDOW_BYTES", window)
        assert everything(bytes(content)) == whole


def test_damage_before_a_later_round_is_rot() -> None:
    """A round begins only after everything before it was synced."""
    content, offsets = log_of([b"a" * 50, b"b" * 50, b"c" * 50], [True, False, True])
    content[offsets[1] + 110] ^= 1
    outcome = survey(reader(content), START, len(content), KEY)
    assert [(bad.offset, bad.length) for bad in outcome.rot] == [(offsets[1], 152)]
    assert outcome.torn == ()
    assert (outcome.end, outcome.records, outcome.first_sequence, outcome.last_sequence) == (len(content), 2, 1, 3)


def test_damage_within_the_last_round_may_be_torn() -> None:
    """The last round may never have been synced; what is sound of it is kept all the same."""
    content, offsets = log_of([b"a" * 50, b"b" * 50, b"c" * 50, b"d" * 50], [True, True, False, False])
    content[offsets[2] + 110] ^= 1
    outcome = survey(reader(content), START, len(content), KEY)
    assert outcome.rot == ()
    assert [bad.offset for bad in outcome.torn] == [offsets[2]]
    assert outcome.last_sequence == 4


def test_what_follows_the_last_sound_record_is_the_tail() -> None:
    """It counts neither as rot nor as torn: it is what a crash leaves, and may be cut off."""
    content, offsets = log_of([b"a" * 50, b"b" * 50], [True, True])
    content[offsets[1] + 110] ^= 1
    outcome = survey(reader(content), START, len(content), KEY)
    assert (outcome.end, outcome.rot, outcome.torn) == (offsets[1], (), ())
    assert [bad.offset for bad in outcome.tail] == [offsets[1]]


def test_an_empty_range_has_no_records() -> None:
    """A fresh segment ends where it begins."""
    outcome = survey(reader(bytes(START)), START, START, KEY)
    assert outcome == (START, 0, 0, 0, (), (), ())
