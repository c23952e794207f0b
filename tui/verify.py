"""Hashing a piece again on this side of the door: the operator need not take the node's word."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from blake3 import blake3

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Cid
from edge_node.wire.cid import cid_digest, parse_cid

CHUNK_BYTES = 1_048_576  # what one answer of the door may hold: an extent, which the node checks whole
NOWHERE: Mapping[str, str | int] = {}


class ContentWithheld(EdgeNodeError):
    """The door gave no content: this socket is for viewers."""

    slug = "content-withheld"
    remedy = "Open the control socket to hash pieces here."

    def __init__(self) -> None:
        super().__init__("this socket gives no content")


class Hash(Protocol):
    """A running digest."""

    def update(self, data: bytes, /) -> object:
        """More content."""
        ...

    def digest(self) -> bytes:
        """The digest so far."""
        ...


class Reader(Protocol):
    """The part of a door that this needs."""

    async def get(self, path: str, query: Any = None) -> Any:
        """A document."""
        ...


def hash_for(cid: Cid) -> Hash:
    """The hash a CID names: BLAKE3, or BLAKE2b-256 in the legacy form."""
    return hashlib.blake2b(digest_size=32) if len(cid) == Cid.legacy_size else blake3()


async def content_holds(
    door: Reader, text: str, size: int, progress: Callable[[int], None], scope: Mapping[str, str | int] = NOWHERE
) -> bool:
    """Whether the content that comes through the door hashes to its CID; `progress` is told the bytes so far.

    That holds for every kind: a multipart's content is that of its parts, a DAG node's its canonical bytes. `scope` is
    the vault and bucket it is read from. Raises what the door raises, ContentWithheld on a viewers' socket,
    MalformedCid when the CID is none.
    """
    cid = parse_cid(text)
    digest, begin = hash_for(cid), 0
    while begin < size:
        wanted = min(CHUNK_BYTES, size - begin)
        page = await door.get(f"/v1/pieces/{text}/content", {**scope, "from": begin, "length": wanted})
        if "content_base64" not in page:
            raise ContentWithheld
        content = base64.b64decode(page["content_base64"], validate=True)
        if len(content) != wanted:  # less would have a piece of 128 MiB asked for byte by byte
            return False
        digest.update(content)
        begin += len(content)
        progress(begin)
    return begin == size and digest.digest() == cid_digest(cid)
