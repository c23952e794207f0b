"""The Edge-Signature header: one spelling in, the same out."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, Signature, StreamName, VaultId
from edge_node.trust.event_header import EventHeader, format_event_header, parse_event_header
from edge_node.trust.signature_fields import MalformedSignatureHeader
from edge_node.wire.event_body import ContentTypeRefused

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/signed_event.json").read_text())

u64 = st.integers(0, 2**64 - 1)
headers = st.builds(
    EventHeader,
    key=st.binary(min_size=32, max_size=32).map(PublicKey),
    audience=st.binary(min_size=32, max_size=32).map(VaultId),
    stream=st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,126}", fullmatch=True).map(StreamName),
    content_type=st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}(; [a-z]=[a-z]{1,9})?", fullmatch=True),
    seq=u64,
    t_ms=u64,
    quality=st.sampled_from(ClockQuality),
    signature=st.binary(min_size=64, max_size=64).map(Signature),
)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Each field is read as the vector says, and the header is written as it came."""
    header = parse_event_header(vector["header"], vector["content_type"])
    assert header == EventHeader(
        key=PublicKey.parse(vector["key_hex"]),
        audience=VaultId.parse(vector["audience_hex"]),
        stream=StreamName(vector["stream"]),
        content_type=vector["content_type"],
        seq=int(vector["seq"]),
        t_ms=int(vector["t_ms"]),
        quality=ClockQuality(vector["quality"]),
        signature=Signature.parse(vector["signature_hex"]),
    )
    assert format_event_header(header) == vector["header"]


@pytest.mark.parametrize("case", FILE["refused_headers"], ids=lambda case: case["why"])
def test_hostile_headers_are_refused(case):
    """No other spelling is read."""
    with pytest.raises(MalformedSignatureHeader):
        parse_event_header(case["header"], "text/plain")


@given(headers, st.randoms(use_true_random=False))
def test_round_trip_in_any_order(header, shuffler):
    """What is written is read back, whatever the order of the fields."""
    fields = format_event_header(header).split(", ")
    shuffler.shuffle(fields)
    assert parse_event_header(",".join(fields), f"  {header.content_type}\t") == header


@given(headers, st.data())
def test_a_changed_character_is_another_header_or_refused(header, data):
    """No header has a second spelling: changing a character changes the value or is refused."""
    text = format_event_header(header)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(max_codepoint=0x17F)) + text[place + 1 :]
    # The one freedom: a tab for the space after a comma.
    if changed == text or changed.split() == text.split():
        return
    with contextlib.suppress(MalformedSignatureHeader):
        assert parse_event_header(changed, header.content_type) != header


@given(headers, st.data())
def test_a_cut_header_is_refused(header, data):
    """A header cut short anywhere is refused: the signature comes last and is of fixed length."""
    text = format_event_header(header)
    with pytest.raises(MalformedSignatureHeader):
        parse_event_header(text[: data.draw(st.integers(0, len(text) - 1))], "text/plain")


@pytest.mark.parametrize("content_type", ["", "  ", "a" * 256, "a/b\n", "\u20ac"])
def test_a_content_type_that_cannot_be_signed(content_type):
    """The content type belongs to the header: without a usable one there is no header."""
    with pytest.raises(ContentTypeRefused):
        parse_event_header(FILE["vectors"][0]["header"], content_type)


def test_a_header_cannot_be_changed():
    """Headers are immutable, so a verified one stays the one that was verified."""
    header = parse_event_header(FILE["vectors"][0]["header"], "text/plain")
    with pytest.raises(AttributeError):
        header.seq = 1
    assert msgspec.structs.replace(header, seq=1) != header
