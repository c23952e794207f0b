"""wire.grpc_headers: trailers, and what is gRPC and what is not."""

import pytest

from edge_node.wire.grpc import Status
from edge_node.wire.grpc_headers import HTTP1_ANSWER, is_grpc, is_http1, trailers


def test_trailers():
    """Alone they carry what headers would have said; texts are percent-encoded."""
    assert trailers(Status.OK, "", alone=False) == b"\x00\x0bgrpc-status\x010"
    assert b"100 %25" in trailers(Status.INTERNAL, "100 %", alone=False)
    assert trailers(Status.NOT_FOUND, "no", alone=True).startswith(b"\x00\x07:status\x03200")


@pytest.mark.parametrize(
    ("content_type", "good"),
    [
        (b"application/grpc", True), (b"application/grpc+proto", True), (b"Application/gRPC;x=y", True),
        (b"application/grpc-web", False), (b"application/grpcs", False), (b"application/json", False), (b"", False),
    ],
)  # fmt: skip
def test_content_types(content_type, good):
    """grpc-web is another protocol."""
    assert is_grpc(content_type) is good


@pytest.mark.parametrize(("first", "good"), [(b"GET / HTTP", True), (b"PO", True), (b"\x16\x03", False), (b"", False)])
def test_http1_is_known_by_its_method(first, good):
    """As far as it came; TLS is not."""
    assert is_http1(first) is good


def test_http1_is_answered_in_its_own_words():
    """A length that is right."""
    head, _, body = HTTP1_ANSWER.partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
