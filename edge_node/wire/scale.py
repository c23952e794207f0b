"""SCALE, the encoding of Substrate's chains: a bounded cursor that reads, and the writers of its basic forms.

Stricter than the format: a compact integer has its shortest form only, a flag is 0 or 1, text is UTF-8. Otherwise
one value could be written in many ways, and hashes are taken of what is written.
"""

from typing import Final

from edge_node.base.errors import LocalError, RemoteError

U32_MAX: Final = (1 << 32) - 1
_SINGLE_END: Final = 1 << 6
_DOUBLE_END: Final = 1 << 14
_QUAD_END: Final = 1 << 30
COMPACT_END: Final = 1 << 536  # the long form holds at most 67 bytes


class MalformedScale(RemoteError):
    """Bytes are not the SCALE value that was wanted; `why` says which rule broke, `at` where, never with content."""

    slug = "malformed-scale"
    status = 400
    remedy = "Ask another endpoint: what this one sent is not an encoding of the value asked for."

    def __init__(self, why: str, at: int) -> None:
        self.why, self.at = why, at
        super().__init__(f"not the SCALE value wanted: {why} (at byte {at})")


class NoScaleForm(LocalError):
    """A number does not fit the form it was to be written in."""

    def __init__(self, number: int, form: str) -> None:
        self.number, self.form = number, form
        super().__init__(f"{number if number.bit_length() <= 128 else 'a longer number'} is no {form}")


class Scale:
    """A cursor over one encoded value: each method reads what it is named for, or raises MalformedScale.

    Never allocates more than what is left of the input, whatever lengths stand in it. After a refusal the cursor is
    of no use.
    """

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = bytes(data)  # no copy of bytes; a view is copied once, so that slices cost one step later
        self.at = 0
        """Where the next value begins, in bytes from the start."""

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self._data) - self.at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        start = self.at
        taken = self._data[start : start + size]
        if len(taken) != size:
            raise MalformedScale(f"wants {size} bytes where {len(taken)} are left", start)
        self.at = start + size
        return taken

    def since(self, start: int) -> bytes:
        """What was read from byte `start` up to here, as it stood."""
        return self._data[start : self.at]

    def u8(self) -> int:
        """One byte."""
        start = self.at
        if start >= len(self._data):
            raise MalformedScale("wants 1 bytes where 0 are left", start)
        self.at = start + 1
        return self._data[start]

    def u16(self) -> int:
        """Two bytes, little-endian, as are all that follow."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """Four bytes."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """Eight bytes."""
        return int.from_bytes(self.take(8), "little")

    def u128(self) -> int:
        """Sixteen bytes."""
        return int.from_bytes(self.take(16), "little")

    def u256(self) -> int:
        """32 bytes."""
        return int.from_bytes(self.take(32), "little")

    def i8(self) -> int:
        """One byte, two's complement, as are all that follow."""
        return int.from_bytes(self.take(1), "little", signed=True)

    def i16(self) -> int:
        """Two bytes."""
        return int.from_bytes(self.take(2), "little", signed=True)

    def i32(self) -> int:
        """Four bytes."""
        return int.from_bytes(self.take(4), "little", signed=True)

    def i64(self) -> int:
        """Eight bytes."""
        return int.from_bytes(self.take(8), "little", signed=True)

    def i128(self) -> int:
        """Sixteen bytes."""
        return int.from_bytes(self.take(16), "little", signed=True)

    def i256(self) -> int:
        """32 bytes."""
        return int.from_bytes(self.take(32), "little", signed=True)

    def compact(self, largest: int = U32_MAX) -> int:
        """A compact integer in its shortest form, at most `largest`."""
        start = self.at
        first = self.u8()
        mode = first & 3
        if mode == 0:  # nearly all lengths and indexes
            number, floor = first >> 2, 0
        elif mode == 1:
            number, floor = (first | self.u8() << 8) >> 2, _SINGLE_END
        elif mode == 2:
            number, floor = (first | int.from_bytes(self.take(3), "little") << 8) >> 2, _DOUBLE_END
        else:
            size = (first >> 2) + 4
            number = int.from_bytes(self.take(size), "little")
            floor = max(_QUAD_END, 1 << 8 * (size - 1))
        if number < floor:
            raise MalformedScale("a compact integer longer than it needs to be", start)
        if number > largest:
            raise MalformedScale(f"a compact integer above {largest}", start)
        return number

    def length(self, item_bytes_min: int = 1) -> int:
        """How many items follow; refused when what is left cannot hold as many of `item_bytes_min` bytes each."""
        if item_bytes_min < 1:
            raise LocalError("items of no bytes are not bounded by the input: read their number with compact()")
        start = self.at
        count = self.compact()
        if count * item_bytes_min > self.left:
            raise MalformedScale(f"says {count} items of {item_bytes_min} bytes or more, {self.left} are left", start)
        return count

    def flag(self) -> bool:
        """A bool, or whether an Option holds something: one byte, 0 or 1."""
        start = self.at
        byte = self.u8()
        if byte > 1:
            raise MalformedScale(f"{byte} where 0 or 1 is wanted", start)
        return byte == 1

    def blob(self, largest: int) -> bytes:
        """Bytes behind their length, at most `largest` of them."""
        start = self.at
        size = self.length()
        if size > largest:
            raise MalformedScale(f"{size} bytes, where {largest} are the most", start)
        return self.take(size)

    def text(self, largest: int) -> str:
        """UTF-8 behind its length in bytes, at most `largest` of them."""
        start = self.at
        try:
            return self.blob(largest).decode()
        except UnicodeDecodeError:
            raise MalformedScale("text that is no UTF-8", start) from None

    def end(self) -> None:
        """Refuse bytes that are left: the value was not all there was."""
        if self.left:
            raise MalformedScale(f"{self.left} bytes follow the value", self.at)


def compact(number: int) -> bytes:
    """The shortest compact form of a number from 0 to 2**536 - 1; NoScaleForm for any other."""
    if not 0 <= number < COMPACT_END:
        raise NoScaleForm(number, "compact integer")
    if number < _SINGLE_END:
        return bytes((number << 2,))
    if number < _DOUBLE_END:
        return (number << 2 | 1).to_bytes(2, "little")
    if number < _QUAD_END:
        return (number << 2 | 2).to_bytes(4, "little")
    size = (number.bit_length() + 7) // 8
    return bytes((size - 4 << 2 | 3,)) + number.to_bytes(size, "little")


def uint(number: int, size: int) -> bytes:
    """An unsigned integer in `size` bytes, little-endian; NoScaleForm when it does not fit."""
    try:
        return number.to_bytes(size, "little")
    except OverflowError:
        raise NoScaleForm(number, f"unsigned integer of {size} bytes") from None


def sint(number: int, size: int) -> bytes:
    """A signed integer in `size` bytes, two's complement, little-endian; NoScaleForm when it does not fit."""
    try:
        return number.to_bytes(size, "little", signed=True)
    except OverflowError:
        raise NoScaleForm(number, f"signed integer of {size} bytes") from None


def blob(data: bytes) -> bytes:
    """`data` behind its length."""
    return compact(len(data)) + data
