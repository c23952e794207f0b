"""One node of a Substrate state trie and its one encoding (base-16 Patricia-Merkle trie, state versions 0 and 1).

Stricter than the reference decoder: what a writer would never write is refused, so a node has one encoding only and
`encode_node(decode_node(raw)) == raw` for every `raw` that is read.
"""

from typing import Final, NamedTuple

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_errors import MalformedNode
from edge_node.wire.scale import MalformedScale, Scale, blob

HASH_BYTES: Final = 32
# Pallets' keys are two hashes of 16 bytes and a map's keys, some 200 bytes at most. Paths are copied while a trie is
# walked: the bound keeps a made-up trie from making that dear.
KEY_BYTES_MAX: Final = 1_024
KEY_DIGITS_MAX: Final = 2 * KEY_BYTES_MAX
HASHED_FROM_BYTES: Final = 33  # state version 1: a value this long stands apart, its hash in the node

EMPTY_NODE: Final = b"\x00"
EMPTY_ROOT: Final = Hash256(blake2b_256(EMPTY_NODE))

# A header's first byte: what the node holds in its high bits, the number of digits of its partial key in the rest.
_LEAF, _BRANCH, _BRANCH_VALUE, _LEAF_HASHED, _BRANCH_HASHED = 0x40, 0x80, 0xC0, 0x20, 0x10
_LENGTH_MASK: Final = {_LEAF: 0x3F, _BRANCH: 0x3F, _BRANCH_VALUE: 0x3F, _LEAF_HASHED: 0x1F, _BRANCH_HASHED: 0x0F}
_HASHED: Final = (_LEAF_HASHED, _BRANCH_HASHED)
_LEAVES: Final = (_LEAF, _LEAF_HASHED)
_BITS: Final = tuple(1 << digit for digit in range(16))
_VALUE_BYTES_MAX: Final = (1 << 32) - 1


class Node(NamedTuple):
    """A leaf or a branch as it is encoded.

    `partial`: the digits of the key between the parent's digit and this node, one lower-case hex character each.
    `value`: the value itself or, when `hashed`, its 32-byte hash. `children`: () for a leaf, 16 references for a
    branch: empty (none), 32 bytes (the hash of the child's encoding), or fewer (the child's encoding itself).
    """

    partial: str
    value: bytes | None
    hashed: bool
    children: tuple[bytes, ...]


def decode_node(raw: bytes) -> Node:
    """The node that `raw` encodes; MalformedNode for anything else, the empty trie's node included.

    Children that stand inside are not looked into. Time and memory grow with the size only.
    """
    scale = Scale(raw)
    try:
        kind, partial = _read_header(scale)
        children: tuple[bytes, ...] = ()
        value: bytes | None = None
        bitmap = 0 if kind in _LEAVES else scale.u16()
        if kind in _HASHED:
            value = scale.take(HASH_BYTES)
        elif kind != _BRANCH:
            value = scale.blob(_VALUE_BYTES_MAX)
        if kind not in _LEAVES:
            children = _read_children(scale, bitmap, has_value=value is not None)
        scale.end()
    except MalformedScale as error:
        raise MalformedNode(str(error)) from error
    return Node(partial, value, kind in _HASHED, children)


def encode_node(node: Node) -> bytes:
    """The encoding of a node; the opposite of `decode_node`."""
    parts = [_header(_kind_of(node), node.partial)]
    if node.children:
        bitmap = sum(bit for bit, child in zip(_BITS, node.children, strict=True) if child)
        parts.append(bitmap.to_bytes(2, "little"))
    if node.value is not None:
        parts.append(node.value if node.hashed else blob(node.value))
    parts += [blob(child) for child in node.children if child]
    return b"".join(parts)


def reference_of(encoded: bytes) -> bytes:
    """How a parent names a child: by its hash, or by the encoding itself where that is shorter than a hash."""
    return encoded if len(encoded) < HASH_BYTES else blake2b_256(encoded)


def _read_header(scale: Scale) -> tuple[int, str]:
    first = scale.u8()
    if first >= _LEAF:
        kind = first & 0xC0
    elif first >= _LEAF_HASHED:
        kind = _LEAF_HASHED
    elif first >= _BRANCH_HASHED:
        kind = _BRANCH_HASHED
    else:
        raise MalformedNode("its header is that of no leaf and no branch")
    mask = _LENGTH_MASK[kind]
    digits = first & mask
    if digits == mask:
        while (more := scale.u8()) == 0xFF and digits <= KEY_DIGITS_MAX:
            digits += 0xFF
        digits += more
    if digits > KEY_DIGITS_MAX:
        raise MalformedNode(f"a partial key of more than {KEY_DIGITS_MAX} digits")
    text = scale.take((digits + 1) // 2).hex()
    if digits % 2:
        if text[0] != "0":
            raise MalformedNode("the unused half of its partial key's first byte is set")
        text = text[1:]
    return kind, text


def _read_children(scale: Scale, bitmap: int, *, has_value: bool) -> tuple[bytes, ...]:
    # A branch from which fewer than two ways lead would be one node with what follows it.
    if bitmap.bit_count() + has_value < 2:
        raise MalformedNode("a branch with nothing to part")
    children = tuple([scale.blob(HASH_BYTES) if bitmap & bit else b"" for bit in _BITS])
    if len(children) - children.count(b"") != bitmap.bit_count():
        raise MalformedNode("a child of no bytes")
    return children


def _kind_of(node: Node) -> int:
    if not node.children:
        return _LEAF_HASHED if node.hashed else _LEAF
    if node.value is None:
        return _BRANCH
    return _BRANCH_HASHED if node.hashed else _BRANCH_VALUE


def _header(kind: int, partial: str) -> bytes:
    digits, mask = len(partial), _LENGTH_MASK[kind]
    packed = bytes.fromhex("0" + partial if digits % 2 else partial)
    if digits < mask:
        return bytes((kind | digits,)) + packed
    longs, rest = divmod(digits - mask, 0xFF)
    return bytes((kind | mask,)) + b"\xff" * longs + bytes((rest,)) + packed
