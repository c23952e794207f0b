"""Bodies come plain: what is signed and hashed is what is stored, so no door unpacks or keeps a coded body."""

from edge_node.gateway.errors import ContentEncodingRefused
from edge_node.serving import Request


def refuse_encoding(request: Request) -> None:
    """ContentEncodingRefused for a request whose body is coded in any way."""
    for encoding in request.headers.all("content-encoding"):
        if encoding.strip().lower() != "identity":
            raise ContentEncodingRefused(encoding)
