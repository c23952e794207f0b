"""Block headers and their digests: as SCALE, as JSON of `chain_getHeader`, and hashed (Substrate, generic header).

A header's number is a compact integer here, and four fixed bytes in what GRANDPA's voters sign.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256
from edge_node.base.limits import KIB
from edge_node.chain_light.errors import BadAnswer
from edge_node.wire.scale import U32_MAX, MalformedScale, Scale, blob, compact

ENGINE_BYTES: Final = 4
BABE: Final = b"BABE"
GRANDPA: Final = b"FRNK"
BEEFY: Final = b"BEEF"

DIGEST_ITEMS_MAX: Final = 64  # a block has three, at a change of session up to six
DIGEST_PAYLOAD_MAX: Final = 512 * KIB  # a change to 10,000 authorities is 400 KB; the longest seen, of 1,000, is 40 KB
HEADER_BYTES_MIN: Final = 3 * 32 + 2  # the shortest there is: what bounds a list of headers by the bytes it is in
EMPTY_EXTRINSICS_ROOT: Final = Hash256(blake2b_256(b"\x00"))  # the root of a trie without keys, which genesis names

_LOGS_TEXT_MAX: Final = 2 * (DIGEST_PAYLOAD_MAX + KIB)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,8}")
_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class MalformedHeader(BadAnswer):
    """JSON is not a header's; `why` says which member."""

    slug = "malformed-header"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a header: {why}")


class HeaderMisuse(LocalError):
    """Our own code made a header that has no encoding."""


class DigestKind(enum.IntEnum):
    """What a digest item is: the first byte of its encoding."""

    OTHER = 0
    CONSENSUS = 4
    SEAL = 5
    PRERUNTIME = 6
    RUNTIME_UPDATED = 8


_OF_ENGINES: Final = frozenset((DigestKind.CONSENSUS, DigestKind.SEAL, DigestKind.PRERUNTIME))
_KINDS: Final = {int(kind): kind for kind in DigestKind}


class DigestItem(NamedTuple):
    """One item: `engine` is four bytes for CONSENSUS, SEAL and PRERUNTIME, else none; RUNTIME_UPDATED is bare."""

    kind: DigestKind
    engine: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a block's hash is taken of. The order of `digest` counts; a sealed block's seal stands last."""

    parent: Hash256
    number: int
    state_root: Hash256
    extrinsics_root: Hash256
    digest: tuple[DigestItem, ...] = ()

    def payloads(self, kind: DigestKind, engine: bytes) -> list[bytes]:
        """What the digest holds of one kind for one engine, in order."""
        return [item.payload for item in self.digest if item.kind == kind and item.engine == engine]


def genesis_header(state_root: Hash256) -> Header:
    """The header of a chain's first block: its hash names the chain."""
    return Header(Hash256(bytes(32)), 0, state_root, EMPTY_EXTRINSICS_ROOT)


def hash_header(header: Header) -> Hash256:
    """The block's hash: BLAKE2b-256 of the whole encoding, seal included."""
    return Hash256(blake2b_256(encode_header(header)))


def encode_header(header: Header) -> bytes:
    """The SCALE form; HeaderMisuse for what none could read back."""
    if not 0 <= header.number <= U32_MAX or len(header.digest) > DIGEST_ITEMS_MAX:
        raise HeaderMisuse(f"no header has number {header.number} and {len(header.digest)} digest items")
    parts = [header.parent, compact(header.number), header.state_root, header.extrinsics_root]
    parts += [compact(len(header.digest)), *map(encode_digest_item, header.digest)]
    return b"".join(parts)


def encode_digest_item(item: DigestItem) -> bytes:
    """The SCALE form of one item; HeaderMisuse for an engine or payload that its kind does not have."""
    if len(item.engine) != (ENGINE_BYTES if item.kind in _OF_ENGINES else 0) or len(item.payload) > DIGEST_PAYLOAD_MAX:
        raise HeaderMisuse(f"no item {item.kind.name} has an engine of {len(item.engine)} bytes or so long a payload")
    if item.kind == DigestKind.RUNTIME_UPDATED:
        if item.payload:
            raise HeaderMisuse("the mark of a new runtime has no payload")
        return bytes((item.kind,))
    return bytes((item.kind,)) + item.engine + blob(item.payload)


def decode_header(raw: bytes | memoryview) -> Header:
    """The header that `raw` is the encoding of, all of it; MalformedScale otherwise."""
    scale = Scale(raw)
    header = read_header(scale)
    scale.end()
    return header


def read_header(scale: Scale) -> Header:
    """The header at the cursor, as it nests in proofs; MalformedScale when there is none.

    Only what encode_header writes is read: the hash may be taken of either.
    """
    parent = Hash256(scale.take(32))
    number = scale.compact()
    state_root, extrinsics_root = Hash256(scale.take(32)), Hash256(scale.take(32))
    start = scale.at
    count = scale.length()
    if count > DIGEST_ITEMS_MAX:
        raise MalformedScale(f"{count} digest items, where {DIGEST_ITEMS_MAX} are the most", start)
    return Header(parent, number, state_root, extrinsics_root, tuple(read_digest_item(scale) for _ in range(count)))


def read_digest_item(scale: Scale) -> DigestItem:
    """The item at the cursor; MalformedScale for a kind this client does not know."""
    start = scale.at
    kind = _KINDS.get(scale.u8())
    if kind is None:
        raise MalformedScale("a digest item of no known kind", start)
    if kind is DigestKind.RUNTIME_UPDATED:
        return DigestItem(kind, b"", b"")
    engine = scale.take(ENGINE_BYTES) if kind in _OF_ENGINES else b""
    return DigestItem(kind, engine, scale.blob(DIGEST_PAYLOAD_MAX))


def json_of_header(header: Header) -> dict[str, object]:
    """The JSON form of `chain_getHeader`: hex with `0x`, the number without leading zeros."""
    return {
        "parentHash": f"0x{header.parent}",
        "number": hex(header.number),
        "stateRoot": f"0x{header.state_root}",
        "extrinsicsRoot": f"0x{header.extrinsics_root}",
        "digest": {"logs": [f"0x{encode_digest_item(item).hex()}" for item in header.digest]},
    }


def header_of_json(value: object) -> Header:
    """Read the JSON form; MalformedHeader names the member that is wrong.

    Other members are not looked at and either case of hex is read: whether this is the header that was asked for,
    only its hash says, so compare that.
    """
    members = _mapping(value, "a header")
    logs = _mapping(members.get("digest"), "digest").get("logs")
    if not isinstance(logs, list) or len(logs) > DIGEST_ITEMS_MAX:
        raise MalformedHeader(f"logs is not a list of at most {DIGEST_ITEMS_MAX}")
    return Header(
        _hash(members, "parentHash"),
        int(_text(members, "number", _NUMBER, 10), 16),
        _hash(members, "stateRoot"),
        _hash(members, "extrinsicsRoot"),
        tuple(_item_of_json(log) for log in logs),
    )


def _item_of_json(log: object) -> DigestItem:
    scale = Scale(bytes.fromhex(_text({"logs": log}, "logs", _BYTES, _LOGS_TEXT_MAX)[2:]))
    try:
        item = read_digest_item(scale)
        scale.end()
    except MalformedScale as malformed:
        raise MalformedHeader(f"an entry of logs is {malformed}") from None
    return item


def _hash(members: Mapping[str, object], name: str) -> Hash256:
    return Hash256(bytes.fromhex(_text(members, name, _HASH, 66)[2:]))


def _text(members: Mapping[str, object], name: str, form: re.Pattern[str], longest: int) -> str:
    value = members.get(name)
    if not isinstance(value, str) or len(value) > longest or not form.fullmatch(value):
        raise MalformedHeader(f"{name} is no hex of its form")
    return value


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MalformedHeader(f"{what} is not an object")
    return value
