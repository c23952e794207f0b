"""WebAssembly modules of functions that put bytes together: constants, and what storage holds (Substrate's ABI).

An entry point takes (pointer, length) of its argument and gives pointer and length in one i64: the pointer below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.interop.libp2p.bytes import uvarint

I32, I64 = b"\x7f", b"\x7e"
SCRATCH, DATA, OUT, HEAP = 256, 1_024, 65_536, 131_072  # where in memory things are
PAGES = 32  # of 64 KiB
_READ = 0  # the one import, function 0
_AT, _TOLD = 2, 3  # locals: where the next byte goes, where the host told a length


@dataclass(frozen=True)
class Bytes:
    """Bytes that are always the same."""

    raw: bytes


@dataclass(frozen=True)
class Stored:
    """The value under a key, or `default` when there is none."""

    key: bytes
    default: bytes = b""


@dataclass(frozen=True)
class Sum:
    """A u64: `constant`, and for each (key, factor) the u64 under that key, none being 0, so many times."""

    constant: int
    terms: tuple[tuple[bytes, int], ...]


Part = Bytes | Stored | Sum


def module(exports: Mapping[str, Sequence[Part]]) -> bytes:
    """A module whose functions give their parts one after the other."""
    data = _Data()
    bodies = [_body(parts, data) for parts in exports.values()]
    names = [_name("memory") + b"\x02\x00", _name("__heap_base") + b"\x03\x00"]
    names += [_name(name) + b"\x00" + uvarint(place + 1) for place, name in enumerate(exports)]
    types = [b"\x60" + _vector([I64, I64, I32]) + _vector([I64]), b"\x60" + _vector([I32, I32]) + _vector([I64])]
    imports = [_name("env") + _name("ext_storage_read_version_1") + b"\x00\x00"]
    segment = b"\x00\x41" + _signed(DATA) + b"\x0b" + uvarint(len(data.raw)) + bytes(data.raw)
    return b"\0asm\x01\0\0\0" + b"".join(
        bytes((number,)) + uvarint(len(content)) + content
        for number, content in (
            (1, _vector(types)),
            (2, _vector(imports)),
            (3, _vector([b"\x01"] * len(bodies))),
            (5, _vector([b"\x00" + uvarint(PAGES)])),
            (6, _vector([I32 + b"\x00\x41" + _signed(HEAP) + b"\x0b"])),
            (7, _vector(names)),
            (10, _vector([uvarint(len(body)) + body for body in bodies])),
            (11, _vector([segment])),
        )
    )


class _Data:
    """Keys that the code points at."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self._places: dict[bytes, int] = {}

    def pointer(self, key: bytes) -> int:
        """Where it is, with its length above."""
        if key not in self._places:
            self._places[key] = DATA + len(self.raw)
            self.raw += key
        return self._places[key] | len(key) << 32


def _body(parts: Sequence[Part], data: _Data) -> bytes:
    code = _i32(OUT) + _set(_AT) + b"".join(_part(part, data) for part in parts)
    length = _get(_AT) + _i32(OUT) + b"\x6b"
    code += length + b"\xad" + _i64(32) + b"\x86" + _i64(OUT) + b"\x84"
    return _vector([b"\x02" + I32]) + code + b"\x0b"


def _part(part: Part, data: _Data) -> bytes:
    if isinstance(part, Bytes):
        return _write(part.raw) + _advance(_i32(len(part.raw)))
    if isinstance(part, Sum):
        return _get(_AT) + _sum(part, data) + b"\x37\x00\x00" + _advance(_i32(8))
    into = _get(_AT) + b"\xad" + _i64(OUT << 32) + b"\x84"
    told = _i64(data.pointer(part.key)) + into + _i32(0) + b"\x10" + uvarint(_READ) + b"\xa7" + _set(_TOLD)
    length = _get(_TOLD) + b"\x28\x00\x01"  # the Option's u32 stands behind its tag
    found = _get(_TOLD) + b"\x2d\x00\x00\x04\x40" + _advance(length) + b"\x05" + _advance(_i32(len(part.default)))
    return _write(part.default) + told + found + b"\x0b"


def _sum(part: Sum, data: _Data) -> bytes:
    code = _i64(part.constant)
    for key, factor in part.terms:
        code += _i32(SCRATCH) + _i64(0) + b"\x37\x00\x00"
        code += _i64(data.pointer(key)) + _i64(SCRATCH | 8 << 32) + _i32(0) + b"\x10" + uvarint(_READ) + b"\x1a"
        code += _i32(SCRATCH) + b"\x29\x00\x00" + _i64(factor) + b"\x7e\x7c"
    return code


def _write(raw: bytes) -> bytes:
    """Store bytes from the place of the next one on, which stays where it is."""
    code = b""
    for at in range(0, len(raw) - 7, 8):
        code += _get(_AT) + _i64(int.from_bytes(raw[at : at + 8], "little")) + b"\x37\x00" + uvarint(at)
    for at in range(len(raw) // 8 * 8, len(raw)):
        code += _get(_AT) + _i32(raw[at]) + b"\x3a\x00" + uvarint(at)
    return code


def _advance(count: bytes) -> bytes:
    return _get(_AT) + count + b"\x6a" + _set(_AT)


def _get(local: int) -> bytes:
    return b"\x20" + uvarint(local)


def _set(local: int) -> bytes:
    return b"\x21" + uvarint(local)


def _i32(number: int) -> bytes:
    return b"\x41" + _signed(number)


def _i64(number: int) -> bytes:
    return b"\x42" + _signed(number - (1 << 64) if number >> 63 else number)


def _signed(number: int) -> bytes:
    """Signed LEB128."""
    out = bytearray()
    while True:
        low, number = number & 127, number >> 7
        if number == -(low >> 6):
            return bytes((*out, low))
        out.append(low | 128)


def _name(text: str) -> bytes:
    return uvarint(len(text)) + text.encode()


def _vector(items: Sequence[bytes]) -> bytes:
    return uvarint(len(items)) + b"".join(items)
