"""DAG nodes and their one canonical form, whose BLAKE3 is the node's CID (dag.proto, message Node)."""

from typing import Final, NamedTuple

from edge_node.wire.protobuf_fields import (
    MalformedProtobuf,
    WireType,
    field_head,
    read_varint,
    scan_fields,
    write_varint,
)
from edge_node.wire.protobuf_message import text_of

# A directory of a website is one node. A link with its CID and a short name takes 60 bytes: 4,000,000 bytes hold
# as many as this, and reading them takes a thread half a second.
LINKS_AND_TAGS_MAX: Final = 65_536

_DATA, _LINKS, _TAGS = 1, 2, 3
_LINK_CID, _LINK_NAME, _LINK_SIZE = 1, 2, 3
_TAG_KEY, _TAG_VALUE = 1, 2
_SIZE_TAG = bytes((_LINK_SIZE << 3 | WireType.VARINT,))


class Link(NamedTuple):
    """A link to other content: the target's CID as the client wrote it, unchecked, a name and a size in bytes."""

    cid: bytes
    name: str
    size: int


class Tag(NamedTuple):
    """A key and a value of a node's own."""

    key: str
    value: str


class DagNode(NamedTuple):
    """What a node holds; links and tags keep their order."""

    data: bytes | memoryview
    links: list[Link]
    tags: list[Tag]


def read_node(raw: bytes | memoryview) -> DagNode:
    """The node that `raw` encodes, `data` as a view of it.

    MalformedProtobuf for what is no node, holds a field that is not a node's (it would be lost on the way to the
    canonical form), or holds one value twice. Offload nodes above 256 KiB.
    """
    data: memoryview | None = None
    links: list[Link] = []
    tags: list[Tag] = []
    for number, _, _, _, value in scan_fields(raw, fields_max=LINKS_AND_TAGS_MAX + 1):
        if not isinstance(value, memoryview):
            raise MalformedProtobuf(f"a node's field {number} holds no bytes")
        if number == _LINKS:
            links.append(_read_link(value))
        elif number == _TAGS:
            tags.append(_read_tag(value))
        elif number == _DATA and data is None:
            data = value
        else:
            raise MalformedProtobuf(f"a node has no field {number}, or not twice")
    return DagNode(b"" if data is None else data, links, tags)


def write_node(node: DagNode) -> bytes:
    """The canonical form: fields ascending, defaults left out, elements of a list in their order."""
    parts: list[bytes | memoryview] = []
    if len(node.data):
        parts += (field_head(_DATA, len(node.data)), node.data)
    for link in node.links:
        body = _bytes_field(_LINK_CID, link.cid) + _bytes_field(_LINK_NAME, link.name.encode())
        if link.size:
            body += _SIZE_TAG + write_varint(link.size)
        parts += (field_head(_LINKS, len(body)), body)
    for tag in node.tags:
        body = _bytes_field(_TAG_KEY, tag.key.encode()) + _bytes_field(_TAG_VALUE, tag.value.encode())
        parts += (field_head(_TAGS, len(body)), body)
    return b"".join(parts)


def canonical_node(raw: bytes | memoryview) -> bytes:
    """The canonical form of an encoded node; MalformedProtobuf as `read_node`."""
    return write_node(read_node(raw))


def _read_link(view: memoryview) -> Link:
    cid, name, size = b"", "", 0
    for number, value in _values(view, 3):
        if number == _LINK_CID and isinstance(value, memoryview):
            cid = bytes(value)
        elif number == _LINK_NAME and isinstance(value, memoryview):
            name = text_of(value, number)
        elif number == _LINK_SIZE and isinstance(value, int):
            size = value
        else:
            raise MalformedProtobuf(f"a link has no field {number} of this type")
    return Link(cid, name, size)


def _read_tag(view: memoryview) -> Tag:
    key = text = ""
    for number, value in _values(view, 2):
        if number == _TAG_KEY and isinstance(value, memoryview):
            key = text_of(value, number)
        elif number == _TAG_VALUE and isinstance(value, memoryview):
            text = text_of(value, number)
        else:
            raise MalformedProtobuf(f"a tag has no field {number} of this type")
    return Tag(key, text)


def _values(view: memoryview, fields: int) -> list[tuple[int, int | memoryview]]:
    """The fields of a link or tag, each once. Bare of what `scan_fields` is for: it runs for every link of a node."""
    found: list[tuple[int, int | memoryview]] = []
    place, end, seen = 0, len(view), 0
    while place < end:
        tag, place = read_varint(view, place)
        length, place = read_varint(view, place)  # of bytes; of an integer its value
        number, kind = tag >> 3, tag & 7
        if number > fields or seen >> number & 1 or kind not in (WireType.VARINT, WireType.BYTES):
            raise MalformedProtobuf("a link or tag with a field that is not its own, or twice")
        seen |= 1 << number
        if kind == WireType.VARINT:
            found.append((number, length))
            continue
        if place + length > end:
            raise MalformedProtobuf("a field that reaches past the end")
        found.append((number, view[place : place + length]))
        place += length
    return found


def _bytes_field(number: int, value: bytes) -> bytes:
    return field_head(number, len(value)) + value if value else b""
