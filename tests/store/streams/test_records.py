"""Event records survive their bytes, and what a later release appends is passed over."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.streams.records import (
    EVENTS_KIND,
    EVIDENCE_KIND,
    VERSION,
    EventsRecord,
    EvidenceRecord,
    decode_events,
    decode_evidence,
    encode_record,
)
from tests.store.rig import NOW_MS, sign

KEYS, U64 = st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1)
U63 = st.integers(0, 2**63 - 1)
EVENTS = st.builds(
    EventsRecord,
    st.just(EVENTS_KIND),
    st.just(VERSION),
    st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,126}", fullmatch=True),
    U63,
    st.integers(1, 10_000),
    st.integers(0, 4),
    KEYS,
    KEYS,
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    U64,
    U64,
    st.integers(0, 3),
    st.binary(min_size=64, max_size=64),
    U63,
    st.integers(0, 3),
    st.booleans(),
    st.text(max_size=20),
    st.just(""),
    st.binary(max_size=200),
)
EVIDENCE = st.builds(
    EvidenceRecord,
    st.just(EVIDENCE_KIND),
    st.just(VERSION),
    KEYS,
    KEYS,
    st.just("site/a"),
    U64,
    st.binary(max_size=200),
    st.binary(min_size=64, max_size=64),
    st.binary(min_size=36, max_size=36),
    U63,
)


@given(EVENTS, EVIDENCE)
def test_records_come_back(events: EventsRecord, evidence: EvidenceRecord) -> None:
    """Encoding and decoding lose nothing."""
    assert decode_events(encode_record(events)) == events
    assert decode_evidence(encode_record(evidence)) == evidence


@given(EVENTS, EVIDENCE, st.lists(st.one_of(st.integers(-5, 5), st.binary(max_size=5), st.none()), max_size=3))
def test_fields_of_a_later_release_are_passed_over(events: EventsRecord, evidence: EvidenceRecord, more: list) -> None:
    """Appended fields change nothing of those known."""
    longer = [
        msgspec.msgpack.encode([*msgspec.msgpack.decode(encode_record(one)), *more]) for one in (events, evidence)
    ]
    assert decode_events(longer[0]) == events
    assert decode_evidence(longer[1]) == evidence


def test_the_signed_header_comes_back_out_of_a_record() -> None:
    """What a device signed can be shown to anybody, from the record alone."""
    header = sign(b"{}", 2**63 + 5)
    record = EventsRecord(
        EVENTS_KIND, VERSION, header.stream, 0, 1, 1, header.key, header.audience, header.content_type, header.seq,
        header.t_ms, int(header.quality), header.signature, NOW_MS, 2, False, "test", "", b"{}",
    )  # fmt: skip
    assert decode_events(encode_record(record)).header() == header
