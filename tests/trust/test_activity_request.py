"""Signed requests and acknowledgements: the SDK's hold; tampered, malformed and oversize ones are refused."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.trust.activity_request import (
    RAW_MAX_BYTES,
    REQUEST_ID_MAX,
    TEXT_MAX_CHARACTERS,
    ContentType,
    RequestForged,
    RequestMalformed,
    RequestType,
    open_acknowledgment,
    open_activity_request,
)
from edge_node.wire.cid import parse_cid
from edge_node.wire.proto import activity_report_pb2
from tests.trust.wallets import (
    BOB,
    CAROL,
    NOW_MS,
    OWNER,
    PHONE,
    Wallet,
    acknowledgment_raw,
    bytes_field,
    number_field,
    request_raw,
    request_text,
)

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
}
ACTIVITIES = [VECTORS["activity-store-raw"], VECTORS["cns-put"]["activity"]]
CID = parse_cid("baebb4igwmsev46ytmitycbebrvqzrzq4hf7prwgsdr2zh5z4a2vjph3wnq")
PADDED = request_text(f2=bytes_field(2, b"i"))
BOTH = pytest.mark.parametrize("wallet", [OWNER, PHONE], ids=["ed25519", "sr25519"])


# --- requests


@pytest.mark.parametrize("vector", ACTIVITIES, ids=["raw", "cns"])
def test_requests_of_the_sdk_hold(vector: dict) -> None:
    """Every field as the vector has it, the bytes as they came."""
    request = open_activity_request(vector["metadata"]["request"])
    decoded = vector["decoded"]
    assert (request.signer, request.request_id) == (OWNER.public, decoded["requestId"])
    assert (request.type, request.content, request.bucket) == (RequestType.STORE, ContentType.PIECE, 7)
    assert (request.id.hex(), request.offset, request.size) == (decoded["id"], decoded["offset"], decoded["size"])
    assert (request.t_ms, request.raw.hex()) == (decoded["timestamp"], vector["activityProtoHex"])


def test_our_own_encoding_is_protobufs() -> None:
    """What these tests write by hand is what generated code reads."""
    read = activity_report_pb2.ActivityRequest()
    read.ParseFromString(request_raw(f6=bytes_field(6, CID), f7=number_field(7, 3), f8=number_field(8, 4)))
    assert (read.requestId, read.requestType, read.bucketId) == ("5dbceb9-9a80-4cfd", 1, 7)
    assert (read.id, read.offset, read.size, read.timestamp) == (CID, 3, 4, NOW_MS)


@BOTH
@pytest.mark.parametrize("wrapped", [False, True])
def test_both_algorithms_sign_in_both_forms(wallet: Wallet, wrapped: bool) -> None:
    """A browser's wallet may sign the request itself."""
    request = open_activity_request(request_text(wallet, wrapped=wrapped, f6=bytes_field(6, CID)))
    assert (request.signer, request.type, request.id) == (wallet.public, RequestType.GET, bytes(CID))


@pytest.mark.parametrize("field", [2, 3, 5, 9])
def test_a_request_that_was_changed_is_forged(field: int) -> None:
    """Each signed field, changed after signing."""
    other = {2: bytes_field(2, b"other"), 3: b"", 5: number_field(5, 8), 9: number_field(9, NOW_MS + 1)}
    good, changed = (base64.b64decode(text) for text in (request_text(), request_text(**{f"f{field}": other[field]})))
    tampered = changed[: -len(bytes_field(10, BOB.signature(b"")))] + good[-len(bytes_field(10, BOB.signature(b""))) :]
    text = base64.b64encode(tampered).decode()
    with pytest.raises(RequestForged) as caught:
        open_activity_request(text)
    assert caught.value.forged


def test_another_signers_name_is_forged() -> None:
    """Carol's signature under Bob's name."""
    good = request_raw(CAROL)
    with pytest.raises(RequestForged):
        open_activity_request(base64.b64encode(good.replace(bytes(CAROL.public), bytes(BOB.public))).decode())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"f1": bytes_field(1, b"")}, "field 1 is unknown"),
        ({"f11": number_field(11, 1)}, "field 11 is unknown"),
        ({"f2": b""}, "field 2 is missing"),
        ({"f9": b""}, "field 9 is missing"),
        ({"f2": bytes_field(2, b"")}, "request id"),
        ({"f2": bytes_field(2, b"i" * (REQUEST_ID_MAX + 1))}, "request id"),
        ({"f2": bytes_field(2, b"two words")}, "request id"),
        ({"f2": bytes_field(2, "é".encode())}, "request id"),
        ({"f2": bytes_field(2, b"id\n")}, "request id"),
        ({"f2": bytes_field(2, b"a") * 2}, "stands twice"),
        ({"f3": number_field(3, 2)}, "RequestType 2"),
        ({"f3": number_field(3, -1)}, "RequestType"),
        ({"f4": number_field(4, 3)}, "ContentType 3"),
        ({"f5": bytes_field(5, b"\x07")}, "another type"),
        ({"f5": b"\x28\x87\x00"}, "varint"),
        ({"f6": bytes_field(6, bytes(CID)[:35])}, "36 or 38 bytes"),
        ({"f6": bytes_field(6, bytes(36))}, "form"),
        ({"f9": number_field(9, 2**53)}, "time"),
        ({"f9": number_field(9, -1)}, "time"),
    ],
)  # fmt: skip
def test_a_well_signed_request_must_still_have_its_form(changed: dict, why: str) -> None:
    """Unknown, doubled, missing, overlong, mistyped fields; ids and times out of bounds."""
    with pytest.raises(RequestMalformed, match=why):
        open_activity_request(request_text(**changed))


def test_limits_are_inclusive() -> None:
    """The longest id, the last time, an id of a piece or none."""
    assert len(open_activity_request(request_text(f2=bytes_field(2, b"i" * REQUEST_ID_MAX))).request_id) == 64
    assert open_activity_request(request_text(f9=number_field(9, 2**53 - 1))).t_ms == 2**53 - 1
    assert open_activity_request(request_text(f6=bytes_field(6, b""))).id == b""
    assert open_activity_request(request_text(f8=number_field(8, 2**64 - 1))).size == 2**64 - 1


@pytest.mark.parametrize(
    "text",
    ["", "A", "====", "!!!!", "é", "\ud800", request_text() + "\n", request_text()[:-1], PADDED.rstrip("=")],
)
def test_other_texts_are_malformed(text: str) -> None:
    """Standard base64 with padding, in one spelling."""
    with pytest.raises(RequestMalformed):
        open_activity_request(text)


def test_unused_bits_make_no_second_text() -> None:
    """The last digit before the padding has bits to spare."""
    padded = PADDED
    assert padded.endswith("=")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(padded.rstrip("=")) - 1
    other = padded[:at] + digits[digits.index(padded[at]) + 1] + padded[at + 1 :]
    assert base64.b64decode(other) == base64.b64decode(padded)
    with pytest.raises(RequestMalformed, match="spelling"):
        open_activity_request(other)


def test_the_text_is_measured_before_it_is_decoded() -> None:
    """At the limit it is decoded, above it is not."""
    with pytest.raises(RequestMalformed, match="field"):
        open_activity_request("A" * TEXT_MAX_CHARACTERS)
    with pytest.raises(RequestMalformed, match="at most 1024 are read"):
        open_activity_request("A" * (TEXT_MAX_CHARACTERS + 1))


def test_no_refusal_repeats_the_request() -> None:
    """Nor does its look: who could log it could send it again."""
    text = request_text()
    request = open_activity_request(text)
    assert text not in repr(request)
    assert repr(request.raw) not in repr(request)


@given(st.binary(max_size=250))
def test_no_bytes_do_anything_but_be_refused(raw: bytes) -> None:
    """Any bytes as a request and as an acknowledgement."""
    with pytest.raises((RequestMalformed, RequestForged)):
        open_activity_request(base64.b64encode(raw).decode())
    with pytest.raises((RequestMalformed, RequestForged)):
        open_acknowledgment(raw)


@BOTH
def test_no_bit_of_a_request_can_be_turned(wallet: Wallet) -> None:
    """Every byte, a bit each: refused."""
    raw = request_raw(wallet)
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 8
        with pytest.raises((RequestMalformed, RequestForged)):
            open_activity_request(base64.b64encode(changed).decode())


# --- acknowledgements


@BOTH
def test_acknowledgements_are_read_and_verified(wallet: Wallet) -> None:
    """Who, of which read, how much in all; also from a view into a larger message."""
    raw = acknowledgment_raw(wallet, received=2**40)
    for given_ in (raw, memoryview(b"x" + raw)[1:]):
        read = open_acknowledgment(given_)
        assert (read.signer, read.request_id, read.bytes) == (wallet.public, "5dbceb9-9a80-4cfd", 2**40)
        assert (read.t_ms, read.raw) == (NOW_MS, raw)


def test_nothing_received_may_be_left_out() -> None:
    """Zero is proto3's default."""
    message = bytes_field(1, b"i") + number_field(3, 5)
    assert open_acknowledgment(message + bytes_field(4, BOB.signature(message))).bytes == 0


def test_an_acknowledgement_that_was_changed_is_forged() -> None:
    """More bytes than were signed for."""
    raw = acknowledgment_raw(received=9).replace(number_field(2, 9), number_field(2, 10))
    with pytest.raises(RequestForged):
        open_acknowledgment(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "field 1 is missing"),
        (acknowledgment_raw(request_id=b""), "request id"),
        (acknowledgment_raw() + number_field(5, 1), "unknown"),
        (acknowledgment_raw() * 2, "twice"),
        (acknowledgment_raw()[:-1], "past the end"),
        (b"\x08" * (RAW_MAX_BYTES + 1), "at most 768 are read"),
    ],
)
def test_other_bytes_are_no_acknowledgement(raw: bytes, why: str) -> None:
    """Strict as everything that is signed."""
    with pytest.raises(RequestMalformed, match=why):
        open_acknowledgment(raw)
