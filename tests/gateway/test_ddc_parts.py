"""Lists of parts: the fast reading gives what the strict one gives, and refuses what it cannot vouch for."""

import os

import pytest

from edge_node.gateway.ddc_parts import SHORT_BYTES, read_parts
from edge_node.wire.ddc_messages import PART_HASHES_MAX, read_multipart
from edge_node.wire.proto.file_pb2 import PutMultiPartPieceRequest
from edge_node.wire.protobuf_fields import MalformedProtobuf


def listed(count: int, **fields: object) -> bytes:
    """The message for so many parts."""
    asked = PutMultiPartPieceRequest(partHashes=[os.urandom(32)] * count, **fields)  # type: ignore[arg-type]
    return asked.SerializeToString(deterministic=True)


@pytest.mark.parametrize("count", [0, 1, 481, 482, 16_384, PART_HASHES_MAX])
@pytest.mark.parametrize("fields", [{}, {"bucketId": 7, "cid": b"x", "totalSize": 2**63, "partSize": 9}, {"cid": b""}])
def test_long_lists_are_read_as_short_ones_are(count: int, fields: dict[str, object]) -> None:
    """Field by field, on both sides of the border."""
    message = listed(count, **fields)
    assert read_parts(message) == read_multipart(message)


@pytest.mark.parametrize(
    "message",
    [
        listed(1_000) + b"\x08\x07",
        b"\x08\x07" + listed(1_000, bucketId=7),
        listed(1_000) + b"\x7a\x01x",
        listed(1_000)[:-1],
        listed(PART_HASHES_MAX + 1),
        PutMultiPartPieceRequest(partHashes=[b"x" * 31] * 1_000).SerializeToString(),
        b"\x2a\x00" * 1_000_000,
    ],
    ids=["order", "twice", "unknown", "cut", "too many", "another length", "a million of nothing"],
)
def test_what_is_long_and_odd_is_refused(message: bytes) -> None:
    """Rather than read by hand for whoever sends it."""
    assert len(message) > SHORT_BYTES
    with pytest.raises(MalformedProtobuf):
        read_parts(message)
