"""Contents that the driver makes the same way (npm/content.mjs): byte i is (i + seed) mod 251."""

from hashlib import sha256
from typing import Any

from blake3 import blake3

from edge_node.base.ids import Digest
from edge_node.wire.cid import CidKind, format_cid, make_cid, raw_piece_cid

PERIOD = 251


def content(size: int, seed: int = 0) -> bytes:
    """The content of that size and seed."""
    turn = bytes((number + seed) % PERIOD for number in range(PERIOD))
    return (turn * (size // PERIOD + 1))[:size]


def raw_cid(raw: bytes) -> str:
    """The text of a raw piece's CID."""
    return format_cid(raw_piece_cid(raw))


def multipart_cid(raw: bytes) -> str:
    """The text of a multipart piece's CID."""
    return format_cid(make_cid(CidKind.MULTIPART, Digest(blake3(raw).digest())))


def dag_cid(node: bytes) -> str:
    """The text of a DAG node's CID, of its canonical form."""
    return format_cid(make_cid(CidKind.DAG_NODE, Digest(blake3(node).digest())))


def is_whole(seen: dict[str, Any], raw: bytes) -> bool:
    """Whether a read's digest is that of `raw`."""
    return (seen["size"], seen["sha256"]) == (len(raw), sha256(raw).hexdigest())
