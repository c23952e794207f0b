"""Messages read by field number: defaults, types, and what is refused for having two readings."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.proto.file_pb2 import PutRawPieceRequest
from edge_node.wire.protobuf_fields import MalformedProtobuf, field_head
from edge_node.wire.protobuf_message import UINT32_MAX, Message


def test_absent_fields_have_their_defaults_and_are_known_to_be_absent():
    """A field that is not there is 0, False or empty; one that is there with its default is there."""
    empty, zero = Message(b""), Message(b"\x08\x00\x12\x00")
    for message in (empty, zero):
        assert (message.uint(1), message.flag(1), message.bytes(2), message.text(2)) == (0, False, b"", "")
    assert (empty.has(1), empty.has(2), zero.has(1), zero.has(2)) == (False, False, True, True)
    assert (empty.numbers(), zero.numbers()) == (set(), {1, 2})


@pytest.mark.parametrize("raw_hex", ["08010802", "12001200", "0a000801"])
def test_a_field_that_stands_twice_is_refused(raw_hex):
    """No value can be read in two ways."""
    with pytest.raises(MalformedProtobuf, match="twice"):
        Message(bytes.fromhex(raw_hex))


@pytest.mark.parametrize(
    ("raw_hex", "read"),
    [
        ("0a00", lambda message: message.uint(1)),
        ("0d00000000", lambda message: message.uint(1)),
        ("0801", lambda message: message.bytes(1)),
        ("0802", lambda message: message.flag(1)),
        ("088080808010", lambda message: message.uint(1, largest=UINT32_MAX)),
        ("0a01ff", lambda message: message.text(1)),
        ("0a03eda080", lambda message: message.text(1)),  # a surrogate
        ("0a02c080", lambda message: message.text(1)),  # an overlong null
    ],
)
def test_a_value_of_another_type_or_range_is_refused(raw_hex, read):
    """An integer where bytes are wanted, a boolean of 2, text that is not UTF-8."""
    with pytest.raises(MalformedProtobuf):
        read(Message(bytes.fromhex(raw_hex)))


def test_a_repeated_field_keeps_its_order():
    """Its values come as they stand, between other fields too; an integer among them is refused."""
    raw = b"\x2a\x01a" + b"\x08\x07" + b"\x2a\x01b" + b"\x2a\x00"
    message = Message(raw, repeated=(5,))
    assert [bytes(view) for view in message.views(5)] == [b"a", b"b", b""]
    assert message.uint(1) == 7
    with pytest.raises(MalformedProtobuf):
        Message(raw + b"\x28\x01", repeated=(5,)).views(5)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw):
    """Whatever the bytes and whatever is asked of them, only MalformedProtobuf leaves."""
    with contextlib.suppress(MalformedProtobuf):
        message = Message(raw, repeated=(5,))
        for number in range(8):
            for read in (message.uint, message.flag, message.view, message.bytes, message.text):
                with contextlib.suppress(MalformedProtobuf):
                    read(number)


def test_content_is_not_copied_by_looking_at_it():
    """A view of four megabytes is a view of the message's own buffer."""
    raw = PutRawPieceRequest(content=PutRawPieceRequest.Content(data=bytes(4_000_000))).SerializeToString()
    assert Message(Message(raw).view(2)).view(1).obj is raw
    assert raw.startswith(field_head(2, len(Message(raw).view(2))))
