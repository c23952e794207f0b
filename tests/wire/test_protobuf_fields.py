"""Raw protobuf fields against the official encoder, against the SDK's signed messages, and against hostile bytes."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.proto.activity_report_pb2 import ActivityRequest
from edge_node.wire.protobuf_fields import (
    FIELDS_MAX,
    MalformedProtobuf,
    WireType,
    cut_field,
    field_head,
    read_varint,
    scan_fields,
    write_varint,
)

VECTORS = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]}
UINT64 = st.integers(0, 2**64 - 1)
NAMED = {name: v for name, v in VECTORS.items() if "signedBytesHex" in v and "tokenProtoHex" in v}

HOSTILE = {
    "tag alone": "08",
    "tag that does not end": "ff",
    "tag of eleven bytes": "80" * 10 + "01",
    "number 0": "0001",
    "number 0, bytes": "0200",
    "number above 2^29-1": "8080808010" + "00",
    "value that does not end": "08ff",
    "value of eleven bytes": "08" + "80" * 10 + "01",
    "value above 64 bits": "08" + "ff" * 9 + "02",
    "value with a needless byte": "088000",
    "tag with a needless byte": "880001",
    "length with a needless byte": "0a8000",
    "length past the end": "0a0561",
    "length near 2^64": "0a" + "ff" * 9 + "01",
    "length missing": "0a",
    "fixed32 cut short": "0d010203",
    "fixed64 cut short": "0901020304050607",
    "group": "0b0c",
    "end of a group": "0c",
    "wire type 6": "0e00",
    "wire type 7": "0f00",
    "good field, then rubbish": "0801" + "0e",
}


@pytest.mark.parametrize("raw_hex", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_refused(raw_hex):
    """What is no message, and what is one in a form that is not its shortest, is MalformedProtobuf."""
    for act in (scan_fields, lambda raw: cut_field(raw, 1)):
        with pytest.raises(MalformedProtobuf) as refused:
            act(bytes.fromhex(raw_hex))
        assert (refused.value.status, refused.value.slug) == (400, "malformed-protobuf")


def test_as_many_fields_as_allowed_and_no_more():
    """The limit on fields is met at the limit and broken at one more; a caller may set its own."""
    assert len(scan_fields(b"\x08\x01" * FIELDS_MAX)) == FIELDS_MAX
    with pytest.raises(MalformedProtobuf):
        scan_fields(b"\x08\x01" * (FIELDS_MAX + 1))
    assert len(scan_fields(b"\x08\x01" * 5, fields_max=5)) == 5
    with pytest.raises(MalformedProtobuf):
        scan_fields(b"\x08\x01" * 6, fields_max=5)


@pytest.mark.parametrize("vector", NAMED.values(), ids=NAMED.keys())
def test_a_token_without_its_signature_is_what_was_signed(vector):
    """Cutting field 1 out of a token leaves exactly the bytes the SDK signed."""
    assert cut_field(bytes.fromhex(vector["tokenProtoHex"]), 1).hex() == vector["signedBytesHex"]


def test_a_request_and_a_record_without_signature_are_what_was_signed():
    """Field 10 of an activity request, field 1 of a CNS record: the rest is what the SDK signed."""
    request = VECTORS["activity-store-raw"]
    assert cut_field(bytes.fromhex(request["activityProtoHex"]), 10).hex() == request["signedBytesHex"]
    put = VECTORS["cns-put"]
    record = scan_fields(bytes.fromhex(put["putRequestProtoHex"]))[1].value
    assert cut_field(record, 1).hex() == put["signedBytesHex"]


@given(st.text(max_size=20), UINT64, st.binary(max_size=40), UINT64, UINT64)
def test_fields_are_those_the_official_encoder_wrote(request_id, bucket, content, offset, size):
    """Every field that was set is found with its value, in order, and the slices make up the message."""
    raw = ActivityRequest(
        requestId=request_id, bucketId=bucket, id=content, offset=offset, size=size
    ).SerializeToString()
    fields = scan_fields(raw)
    found = {field.number: field.value for field in fields}
    wanted = {2: request_id.encode(), 5: bucket, 6: content, 7: offset, 8: size}
    assert found == {number: value for number, value in wanted.items() if value}
    assert b"".join(raw[field.start : field.stop] for field in fields) == raw
    assert (
        cut_field(raw, 6)
        == ActivityRequest(requestId=request_id, bucketId=bucket, offset=offset, size=size).SerializeToString()
    )


def test_fixed_values_are_little_endian():
    """Fixed fields give their unsigned value."""
    eight, four = scan_fields(b"\x09\x01\x00\x00\x00\x00\x00\x00\x80" + b"\x15\x02\x00\x00\x00")
    assert (eight.wire_type, eight.value) == (WireType.FIXED64, 2**63 + 1)
    assert (four.wire_type, four.value) == (WireType.FIXED32, 2)


def test_a_value_is_a_view_and_no_copy():
    """Four megabytes in a field are not copied by looking at them."""
    raw = field_head(1, 4_000_000) + bytes(4_000_000)
    (field,) = scan_fields(raw)
    assert isinstance(field.value, memoryview)
    assert field.value.obj is raw


@given(UINT64)
def test_varints_round_trip(value):
    """Every unsigned 64-bit integer is read back from its shortest form."""
    written = write_varint(value)
    assert read_varint(memoryview(written), 0) == (value, len(written))
    assert len(written) <= 10


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(raw):
    """Whatever the bytes, they are fields that make them up again, or MalformedProtobuf."""
    with contextlib.suppress(MalformedProtobuf):
        assert b"".join(raw[field.start : field.stop] for field in scan_fields(raw)) == raw


@given(st.sampled_from(sorted(NAMED)), st.data())
def test_a_changed_token_is_read_or_refused(name, data):
    """One byte changed, cut out or put in: nothing but MalformedProtobuf leaves."""
    raw = bytearray(bytes.fromhex(NAMED[name]["tokenProtoHex"]))
    place = data.draw(st.integers(0, len(raw) - 1))
    match data.draw(st.sampled_from(["change", "cut", "insert"])):
        case "change":
            raw[place] = data.draw(st.integers(0, 255))
        case "cut":
            del raw[place:]
        case "insert":
            raw.insert(place, data.draw(st.integers(0, 255)))
    with contextlib.suppress(MalformedProtobuf):
        cut_field(bytes(raw), 1)
