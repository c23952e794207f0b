"""The signed event: the signed bytes of ARCHITECTURE section 5, field for field."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, Signature, StreamName, VaultId
from edge_node.trust import signed_event
from edge_node.trust.signed_event import (
    EventHeader,
    UnsignableEvent,
    event_message,
    parse_event_header,
    sign_event,
    verify_event,
)
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.event_body import ContentTypeRefused

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/signed_event.json").read_text())
KEY = SigningKey.from_seed(b"\x02" * 32)

u64 = st.integers(0, 2**64 - 1)
fields = st.fixed_dictionaries(
    {
        "audience": st.binary(min_size=32, max_size=32).map(VaultId),
        "stream": st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,126}", fullmatch=True).map(StreamName),
        "content_type": st.from_regex(r"[!-~]([ -~]{0,253}[!-~])?", fullmatch=True),
        "seq": u64,
        "t_ms": u64,
        "quality": st.sampled_from(ClockQuality),
        "body": st.binary(max_size=300),
    }
)
OTHER = {
    "key": PublicKey(SigningKey.from_seed(b"\x09" * 32).public),
    "audience": VaultId(b"\x09" * 32),
    "stream": StreamName("other"),
    "content_type": "text/other",
    "seq": 1,
    "t_ms": 1,
    "quality": ClockQuality.PRECISE,
    "signature": Signature(b"\x09" * 64),
}


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Message and signature are the independent ones byte for byte, and verify."""
    body = bytes.fromhex(vector["body_hex"])
    header = sign_event(
        SigningKey.from_seed(bytes.fromhex(vector["seed_hex"])),
        audience=VaultId.parse(vector["audience_hex"]),
        stream=StreamName(vector["stream"]),
        content_type=f" {vector['content_type']}\t",
        seq=int(vector["seq"]),
        t_ms=int(vector["t_ms"]),
        quality=ClockQuality(vector["quality"]),
        body=body,
    )
    assert event_message(header, body).hex() == vector["message_hex"]
    assert header == parse_event_header(vector["header"], vector["content_type"])
    assert verify_event(header, body)


@given(fields)
def test_what_is_signed_verifies(event):
    """Any event of valid fields verifies with its body and not with another."""
    header = sign_event(KEY, **event)
    assert verify_event(header, event["body"])
    assert not verify_event(header, event["body"] + b"\x00")
    assert len(event_message(header, event["body"])) <= 521


@pytest.mark.parametrize("name", EventHeader.__struct_fields__)
def test_every_field_is_signed(name):
    """Changing any one field of a signed header breaks it."""
    body = bytes.fromhex(FILE["vectors"][0]["body_hex"])
    header = parse_event_header(FILE["vectors"][0]["header"], FILE["vectors"][0]["content_type"])
    assert verify_event(header, body)
    assert not verify_event(msgspec.structs.replace(header, **{name: OTHER[name]}), body)


@given(st.data())
def test_any_changed_byte_of_the_body_is_refused(data):
    """One byte changed in the body breaks the signature."""
    vector = FILE["vectors"][0]
    body = bytearray.fromhex(vector["body_hex"])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    assert not verify_event(parse_event_header(vector["header"], vector["content_type"]), bytes(body))


@given(fields, fields)
def test_no_two_events_share_their_bytes(first, second):
    """Different fields give different signed bytes: every variable part carries its length."""
    messages = []
    for event in (first, second):
        header = sign_event(KEY, **event)
        messages.append(
            (event_message(header, event["body"]), msgspec.structs.replace(header, signature=OTHER["signature"]))
        )
    same_body = first["body"] == second["body"]
    assert (messages[0][0] == messages[1][0]) == (messages[0][1] == messages[1][1] and same_body)


@pytest.mark.parametrize(
    "change",
    [{"seq": 2**64}, {"seq": -1}, {"t_ms": 2**64}, {"content_type": "a" * 256}, {"content_type": "\u20ac"}],
    ids=str,
)
def test_what_no_layout_holds_is_our_own_fault(change):
    """A header that cannot be laid out was made by us, not by a peer."""
    header = parse_event_header(FILE["vectors"][0]["header"], "text/plain")
    with pytest.raises(UnsignableEvent):
        event_message(msgspec.structs.replace(header, **change), b"")


@pytest.mark.parametrize("content_type", ["", "a" * 256, "\u20ac"])
def test_an_unusable_content_type_is_not_signed(content_type):
    """Signing refuses the content types that reading refuses."""
    with pytest.raises(ContentTypeRefused):
        sign_event(
            KEY,
            audience=VaultId(bytes(32)),
            stream=StreamName("s"),
            content_type=content_type,
            seq=0,
            t_ms=0,
            quality=ClockQuality.UNSYNCED,
            body=b"",
        )


def test_the_door_names_what_it_offers():
    """Everything the door lists is there."""
    for name in signed_event.__all__:
        assert hasattr(signed_event, name)
