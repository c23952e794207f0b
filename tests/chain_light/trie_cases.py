"""States to try tries with, and a root computed as the specification reads, sharing nothing with the product."""

import hashlib
from collections.abc import Mapping

from hypothesis import strategies as st

# Few keys of few bytes: they nest, part at high and low halves of bytes, and are hit again by changes.
BYTES = (0x00, 0x01, 0x10, 0x11, 0xFF)
SHORT = [bytes((a,) * length) for a in BYTES for length in (1, 2, 4)]
ALL_KEYS = [
    b"",
    *SHORT,
    *(bytes((a, b)) for a in BYTES for b in BYTES),
    *(bytes((a, 0, b)) for a in BYTES for b in BYTES),
]
ALL_KEYS = sorted(
    {*ALL_KEYS, *(b"\x10" * 40 + bytes((b,)) for b in BYTES), *(b"\x11" * 140 + bytes((b,)) for b in BYTES)}
)

keys = st.sampled_from(ALL_KEYS)
values = st.sampled_from(
    [b"", b"v", b"\x00" * 20, b"a" * 28, b"b" * 31, b"c" * 32, b"d" * 33, b"e" * 70, b"f" * 20_000]
)
states = st.dictionaries(keys, values, max_size=24)
versions = st.sampled_from((0, 1))


def blake(data: bytes) -> bytes:
    """BLAKE2b-256."""
    return hashlib.blake2b(data, digest_size=32).digest()


def naive_root(pairs: Mapping[bytes, bytes], version: int) -> bytes:
    """The root of a state, from lists of nibbles."""
    if not pairs:
        return blake(b"\0")
    nibbles = {tuple(half for byte in key for half in (byte >> 4, byte & 15)): value for key, value in pairs.items()}
    return blake(naive_node(nibbles, version))


def naive_node(pairs: Mapping[tuple[int, ...], bytes], version: int) -> bytes:
    """The encoding of the node that all these rests of keys hang from."""
    partial: tuple[int, ...] = ()
    while all(len(key) > len(partial) for key in pairs):
        follows = {key[: len(partial) + 1] for key in pairs}
        if len(follows) > 1:
            break
        partial = follows.pop()
    value = pairs.get(partial)
    at = len(partial)
    below = [
        {key[at + 1 :]: held for key, held in pairs.items() if key[at : at + 1] == (digit,)} for digit in range(16)
    ]
    children = {digit: naive_node(rest, version) for digit, rest in enumerate(below) if rest}
    apart = version == 1 and value is not None and len(value) > 32
    if not children:
        bits, room = (0b001 << 5, 31) if apart else (0b01 << 6, 63)
    elif value is None:
        bits, room = 0b10 << 6, 63
    else:
        bits, room = (0b0001 << 4, 15) if apart else (0b11 << 6, 63)
    out = bytearray([bits | min(len(partial), room)])
    if len(partial) >= room:
        rest = len(partial) - room
        while rest >= 255:
            out.append(255)
            rest -= 255
        out.append(rest)
    padded = (0,) * (len(partial) % 2) + partial
    out += bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))
    if children:
        out += sum(1 << digit for digit in children).to_bytes(2, "little")
    if value is not None:
        out += blake(value) if apart else sized(value)
    for child in children.values():
        out += sized(child if len(child) < 32 else blake(child))
    return bytes(out)


def sized(data: bytes) -> bytes:
    """Bytes behind their compact length, below 2**30."""
    if len(data) < 64:
        return bytes([len(data) * 4]) + data
    if len(data) < 16_384:
        return (len(data) * 4 + 1).to_bytes(2, "little") + data
    return (len(data) * 4 + 2).to_bytes(4, "little") + data
