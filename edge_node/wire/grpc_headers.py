"""The header blocks of gRPC over HTTP/2, made once: they mean the same on every connection."""

from edge_node.wire.grpc import Status, encode_text
from edge_node.wire.http2_frames import header_block

ACCEPTED = header_block(
    [(b":status", b"200"), (b"content-type", b"application/grpc"), (b"grpc-accept-encoding", b"identity")]
)
NOT_GRPC = header_block([(b":status", b"415"), (b"content-type", b"text/plain")])  # the protocol's own rule
_OK = header_block([(b"grpc-status", b"0")])
_ALONE = header_block([(b":status", b"200"), (b"content-type", b"application/grpc")])

_HTTP1_BODY = b"This door speaks gRPC over HTTP/2 without TLS; the node has another one for HTTP/1.1.\n"
HTTP1_ANSWER = (
    b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n" % len(_HTTP1_BODY)
) + _HTTP1_BODY
_HTTP1_METHODS = (b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC", b"PRI ")


def trailers(status: Status, message: str, *, alone: bool) -> bytes:
    """The last header block of a call; `alone` when there was none before."""
    if status is Status.OK and not message:
        return _ALONE + _OK if alone else _OK
    fields = [(b"grpc-status", str(int(status)).encode())]
    if message:
        fields.append((b"grpc-message", encode_text(message).encode()))
    return (_ALONE if alone else b"") + header_block(fields)


def is_grpc(content_type: bytes) -> bool:
    """application/grpc, with a subtype or parameters; not grpc-web, which is another protocol."""
    head, rest = content_type[:16].lower(), content_type[16:17]
    return head == b"application/grpc" and rest in b"+; "


def is_http1(first: bytes) -> bool:
    """Whether a connection's first bytes are those of an HTTP/1 request, as far as they are there."""
    return bool(first) and any(method.startswith(first[:4]) for method in _HTTP1_METHODS)
