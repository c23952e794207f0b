"""The record's bytes: frozen vectors, what binds a part to its signed messages, and the bound on its size."""

import base64
import contextlib
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.activity.record import (
    ACTIVITY_KIND,
    DIGESTS_MAX,
    PARTS_MAX,
    RECORD_MAX_BYTES,
    VERSION,
    Action,
    ActivityRecord,
    Part,
    PartDigest,
    decode_activity,
    digest_part,
    encode_activity,
    evidence_of,
    identity_of,
    identity_of_raw,
    identity_of_request,
    leaf_of,
)
from edge_node.trust.activity_request import (
    RAW_MAX_BYTES,
    RequestType,
    open_acknowledgment,
    open_activity_request,
)
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.activity.rig import request

FILE = json.loads((Path(__file__).parents[1] / "vectors/activity/record.json").read_text())
VECTORS = {vector["case"]: vector for vector in FILE["vectors"]}
U64 = 2**64 - 1

uint = st.integers(0, U64)
short = st.binary(max_size=40)
parts = st.builds(Part, short, uint, uint, uint, uint, short, short)
digests = st.builds(PartDigest, short, short, uint, uint, uint, uint)
records = st.builds(
    ActivityRecord, st.just(15), st.just(1), st.sampled_from([0, 1]), short, short, uint, short, short, uint, uint,
    st.integers(0, 3), uint, uint, uint, st.lists(parts, max_size=3), st.lists(digests, max_size=3),
)  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_records_are_the_frozen_bytes(vector):
    """Each vector is read, and written again byte for byte; its leaf is what an era will hash."""
    payload = bytes.fromhex(vector["payload_hex"])
    assert encode_activity(decode_activity(payload)) == payload
    assert leaf_of(payload).hex() == vector["leaf_hex"]
    assert leaf_of(payload) == hashlib.blake2b(b"\0" + payload, digest_size=32).digest()


@pytest.mark.parametrize("case", FILE["identities"], ids=lambda case: case["request_id"][:8])
def test_identities_are_the_frozen_bytes(case):
    """What counts once is named by signer, type and request id."""
    signer = bytes.fromhex(case["signer_hex"])
    assert identity_of(signer, case["type"], case["request_id"].encode()).hex() == case["identity_hex"]


def test_what_stands_in_a_part_can_be_verified_by_itself():
    """Request and acknowledgement of a vector verify as received, and say what the part says."""
    record = decode_activity(bytes.fromhex(VECTORS["a read goes on from the record before"]["payload_hex"]))
    (part,) = record.parts
    request = open_activity_request(base64.b64encode(part.request).decode())
    ack = open_acknowledgment(part.ack)
    assert (ack.signer, ack.request_id, ack.bytes) == (request.signer, request.request_id, part.acked_to)
    assert (request.bucket, request.id, request.type) == (record.bucket, part.cid, record.action)
    assert identity_of_raw(part.request) == identity_of_request(request)


def test_a_digest_commits_to_its_part():
    """The evidence is the hash of the part's own bytes; any change of it shows."""
    record = decode_activity(bytes.fromhex(VECTORS["two reads more than stand in full"]["payload_hex"]))
    part = record.parts[0]
    digest = digest_part(part, identity_of_raw(part.request))
    assert digest.evidence == hashlib.blake2b(msgspec.msgpack.encode(part), digest_size=32).digest()
    assert evidence_of(msgspec.structs.replace(part, ack=b"")) != digest.evidence
    assert (digest.sent_from, digest.sent_to, digest.acked_from, digest.acked_to) == (0, 17, 0, 17)


def test_numbers_of_requests_and_records_agree():
    """A record's action is its request's type."""
    assert {int(action) for action in Action} == {int(kind) for kind in RequestType}
    made = request(3)
    assert identity_of_raw(made.raw) == identity_of_request(made)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_request_name_nothing_or_something(raw):
    """Whatever stands in a log where a request should, only MalformedProtobuf leaves."""
    with contextlib.suppress(MalformedProtobuf):
        assert len(identity_of_raw(raw)) == 16


def test_no_record_is_above_its_bound():
    """The longest messages in every part, the longest numbers everywhere: still below 64 KiB."""
    part = Part(bytes(38), U64, U64, U64, U64, bytes(RAW_MAX_BYTES), bytes(RAW_MAX_BYTES))
    digest = PartDigest(bytes(16), bytes(32), U64, U64, U64, U64)
    record = ActivityRecord(
        ACTIVITY_KIND, VERSION, 1, bytes(32), bytes(32), U64, bytes(16), bytes(16), U64, U64, 3, U64, U64, U64,
        [part] * PARTS_MAX, [digest] * DIGESTS_MAX,
    )  # fmt: skip
    assert RECORD_MAX_BYTES * 0.9 < len(encode_activity(record)) <= RECORD_MAX_BYTES


@given(records)
def test_records_round_trip(record):
    """Every record is read back as it was written, and in one way."""
    payload = encode_activity(record)
    assert decode_activity(payload) == record
    assert encode_activity(decode_activity(payload)) == payload


def test_fields_of_a_later_release_are_passed_over():
    """An appended field does not hide those before it."""
    payload = bytes.fromhex(VECTORS["a piece is stored"]["payload_hex"])
    longer = msgspec.msgpack.encode([*msgspec.msgpack.decode(payload), "later"])
    assert decode_activity(longer) == decode_activity(payload)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(raw):
    """Whatever the bytes, they are a record or raise a decoding error; nothing else leaves."""
    with contextlib.suppress(msgspec.DecodeError):
        assert isinstance(decode_activity(raw), ActivityRecord)
