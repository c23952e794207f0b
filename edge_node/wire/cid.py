"""Content identifiers: the 36-byte DDC form and the 38-byte legacy form, as bytes and as text (docs/specs/cid.md)."""

import base64
import enum
import hashlib
import re

import blake3

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Cid, Digest

_VERSION = b"\x01"
_BLAKE3_32 = b"\x1e\x20"  # multihash: code of BLAKE3, length 32
_LEGACY_HEAD = bytes.fromhex("0155a0e40220")  # CIDv1, raw, multihash blake2b-256 (varint a0e402), length 32

_TEXT = re.compile(r"b[a-z2-7]{58}(?:[a-z2-7]{3})?")  # 36 bytes are 58 base32 digits, 38 bytes are 61


class MalformedCid(RemoteError):
    """Bytes or text are not a content identifier this node knows; `why` says which rule broke."""

    slug = "malformed-cid"
    status = 400
    remedy = "Send the CID as it was returned: `b` and lower-case base32 without padding (docs/specs/cid.md)."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a CID: {why}")


class CidKind(enum.IntEnum):
    """What a CID names: the second byte of the DDC form."""

    DAG_NODE = 1
    RAW_PIECE = 2
    MULTIPART = 3


_KINDS = frozenset(int(kind) for kind in CidKind)


def make_cid(kind: CidKind, digest: bytes) -> Cid:
    """The DDC form `01 kind 1e 20 digest`; `digest` is a BLAKE3-256, 32 bytes (MalformedId otherwise)."""
    return Cid(_VERSION + bytes((kind,)) + _BLAKE3_32 + Digest(digest))


def raw_piece_cid(content: bytes) -> Cid:
    """The CID of a raw piece: BLAKE3-256 of its bytes. Offload contents above 256 KiB."""
    return Cid(b"\x01\x02\x1e\x20" + blake3.blake3(content).digest())


def read_cid(raw: bytes) -> Cid:
    """Check every field of a binary CID; MalformedCid otherwise."""
    if len(raw) == Cid.legacy_size:
        if not raw.startswith(_LEGACY_HEAD):
            raise MalformedCid("38 bytes do not begin with 01 55 a0 e4 02 20")
        return Cid(raw)
    if len(raw) != Cid.size:
        raise MalformedCid(f"wants 36 or 38 bytes, got {len(raw)}")
    if raw[:1] != _VERSION or raw[2:4] != _BLAKE3_32:
        raise MalformedCid("36 bytes do not have the form 01 kind 1e 20")
    if raw[1] not in _KINDS:
        raise MalformedCid(f"no kind {raw[1]} of content is known")
    return Cid(raw)


def format_cid(cid: Cid) -> str:
    """The one text form: multibase `b` and lower-case RFC 4648 base32 without padding."""
    return "b" + base64.b32encode(cid).decode("ascii").rstrip("=").lower()


def parse_cid(text: str) -> Cid:
    """Read the text form; upper case, padding, unused bits and unknown fields are MalformedCid."""
    if not _TEXT.fullmatch(text):
        raise MalformedCid("wants `b` and 58 or 61 digits of a-z 2-7")
    digits = text[1:].upper()
    cid = read_cid(base64.b32decode(digits + "=" * (-len(digits) % 8)))
    # The last digit has bits to spare: without this, several texts would name one piece and slip past a text compare.
    if format_cid(cid) != text:
        raise MalformedCid("unused bits of the last digit are set")
    return cid


def cid_digest(cid: Cid) -> bytes:
    """The 32-byte digest: BLAKE3-256, or BLAKE2b-256 in the legacy form."""
    return cid[-32:]


def cid_kind(cid: Cid) -> CidKind:
    """What the CID names; the legacy form knows raw pieces only."""
    return CidKind.RAW_PIECE if len(cid) == Cid.legacy_size else CidKind(cid[1])


def content_matches(cid: Cid, content: bytes) -> bool:
    """Say whether `content` hashes to `cid`.

    `content` is a piece's bytes, a multipart piece's parts joined, or the canonical protobuf of a DAG node.
    """
    if len(cid) == Cid.legacy_size:
        return hashlib.blake2b(content, digest_size=32).digest() == cid_digest(cid)
    return blake3.blake3(content).digest() == cid_digest(cid)
