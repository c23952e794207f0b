"""Changed inputs: chance from a seed, so that every input can be made again, and the changes that break parsers."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from edge_node.wire.protobuf_fields import MalformedProtobuf, field_head, scan_fields, write_varint

Option = TypeVar("Option")

LONGEST = 16_384  # of a changed input, unless its seed was longer
ODD_NUMBERS = (0, 1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192, 224, 240, 250, 254, 255)
ODD_BYTES = (
    b"", b"\x00", b"\x01", b"\x08\x00", b"\x12\x00", b"\x80" * 10 + b"\x01", b"\xff" * 9 + b"\x01",
    b"\xff\xff\xff\xff\x0f", b"\x0a\xff\xff\xff\xff\x07", b"\x0b\x0c", b"\r\n", b": ", b"1" * 64, b"z" * 64,
    b"\xed\xa0\x80", b"\xc0\x80", b"\x00\x00\x00\x00\x00", b"\x01\x00\x00\x00\x00", b"\x00\xff\xff\xff\xff",
    b"<Bytes>", b"</Bytes>", b"\x00" * 300,
)  # fmt: skip


ODD_INTEGERS = (0, 1, 2, 3, 127, 128, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)


class Dice:
    """Numbers that look random and come again with their seed."""

    def __init__(self, seed: str) -> None:
        self._state = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big") | 1

    def roll(self, sides: int) -> int:
        """0 to sides - 1."""
        state = self._state
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
        self._state = state
        return state % sides

    def choose(self, options: Sequence[Option]) -> Option:
        """One of them."""
        return options[self.roll(len(options))]

    def span(self, size: int) -> tuple[int, int]:
        """A stretch of something so long: mostly short, seldom all."""
        start = self.roll(size + 1)
        longest = size - start if self.roll(4) == 0 else min(8, size - start)
        return start, start + self.roll(longest + 1)


def mutate(dice: Dice, seeds: Sequence[bytes], *, messages: bool = False) -> bytes:
    """A seed with one to eight changes; one in fifty is a seed as it is, so that good inputs are tried too.

    `messages`: the seeds are protobuf; half of the inputs are changed field by field, with lengths that fit again.
    """
    if messages and dice.roll(2):
        changed = dice.choose(seeds)
        for _ in range(1 + dice.roll(3)):
            changed = change_fields(dice, changed, seeds)
        return changed[:LONGEST]
    raw = bytearray(dice.choose(seeds))
    longest = max(LONGEST, len(raw))
    if dice.roll(50):
        for _ in range(1 + dice.roll(1 + dice.roll(8))):
            _CHANGES[dice.roll(len(_CHANGES))](dice, raw, seeds)
    return bytes(raw[:longest])


def change_fields(dice: Dice, raw: bytes, seeds: Sequence[bytes]) -> bytes:
    """A message with one field changed, somewhere in its depth; bytes that are no message are changed as bytes."""
    try:
        fields = scan_fields(raw)
    except MalformedProtobuf:
        fields = []
    if not fields:
        return mutate(dice, [raw])
    parts = [raw[field.start : field.stop] for field in fields]
    place = dice.roll(len(fields))
    number, _, _, _, value = fields[place]
    match dice.roll(10):
        case 0:
            del parts[place]
        case 1:
            parts.insert(dice.roll(len(parts)), parts[place])
        case 2:
            parts[place] *= min(dice.choose((2, 50, 2_000)), 1 + LONGEST // len(parts[place]))
        case 3:
            parts[place] = write_varint(dice.choose((1, number, number + 1, 16)) << 3) + write_varint(
                dice.choose(ODD_INTEGERS)
            )
        case 4:
            parts.reverse()
        case _ if isinstance(value, int):
            parts[place] = write_varint(number << 3) + write_varint(dice.choose(ODD_INTEGERS))
        case 5:
            inside = bytes(value) * min(dice.choose((2, 30, 1_000)), 1 + LONGEST // (1 + len(value)))
            parts[place] = field_head(number, len(inside)) + inside
        case _:
            inside = change_fields(dice, bytes(value), seeds)
            parts[place] = field_head(number, len(inside)) + inside
    return b"".join(parts)


def _flip(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    if raw:
        raw[dice.roll(len(raw))] ^= 1 << dice.roll(8)


def _set(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    if raw:
        raw[dice.roll(len(raw))] = dice.choose(ODD_NUMBERS) if dice.roll(2) else dice.roll(256)


def _nudge(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    """Lengths that are wrong by little."""
    if raw:
        place = dice.roll(len(raw))
        raw[place] = (raw[place] + dice.choose((1, 2, 255, 254))) % 256


def _cut(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    start, stop = dice.span(len(raw))
    del raw[start:stop]


def _end(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    del raw[dice.roll(len(raw) + 1) :]


def _put(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    place = dice.roll(len(raw) + 1)
    raw[place:place] = dice.choose(ODD_BYTES)


def _double(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    start, stop = dice.span(len(raw))
    place = dice.roll(len(raw) + 1)
    raw[place:place] = raw[start:stop] * (1 + dice.roll(3))


def _swap(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    start, stop = dice.span(len(raw))
    piece = raw[start:stop]
    del raw[start:stop]
    place = dice.roll(len(raw) + 1)
    raw[place:place] = piece


def _graft(dice: Dice, raw: bytearray, seeds: Sequence[bytes]) -> None:
    """A stretch of one seed in another."""
    other = dice.choose(seeds)
    start, stop = dice.span(len(other))
    place, end = dice.span(len(raw))
    raw[place:end] = other[start:stop]


def _repeat(dice: Dice, raw: bytearray, _seeds: Sequence[bytes]) -> None:
    """Many of one thing: what takes time in its square shows here."""
    start, stop = dice.span(len(raw))
    if stop > start:
        raw[stop:stop] = raw[start:stop] * min(dice.choose((10, 100, 1_000)), LONGEST // (stop - start))


_CHANGES = (_flip, _flip, _set, _set, _nudge, _cut, _end, _put, _double, _swap, _graft, _repeat)
