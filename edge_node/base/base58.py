"""Base58 in the Bitcoin alphabet, without a checksum: the text form of DDC tokens and of SS58 addresses."""

from edge_node.base.errors import RemoteError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ZERO = ALPHABET[0]  # a leading zero byte is a leading `1`
_FOREIGN = 0xFF
_VALUES = bytes(ALPHABET.index(chr(code)) if chr(code) in ALPHABET else _FOREIGN for code in range(256))

_GROUP = 5  # 58**5 is below 2**30: CPython divides by one limb, which is its fast path
_GROUP_BASE = 58**_GROUP


class MalformedBase58(RemoteError):
    """Text is not base58, or is longer than its place allows; `why` never holds a part of the text."""

    slug = "malformed-base58"
    status = 400
    remedy = "Send the token or address as it was made: base58 with the Bitcoin alphabet, no blanks, no prefix."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not base58: {why}")


def encode_base58(raw: bytes) -> str:
    """The text of `raw`; the time grows with the square of the length, so callers bound it (a token is 2 KiB)."""
    rest, groups = int.from_bytes(raw, "big"), []
    while rest:
        rest, group = divmod(rest, _GROUP_BASE)
        groups.append(group)
    text = "".join(map(_spell, reversed(groups))).lstrip(_ZERO)
    return _ZERO * (len(raw) - len(raw.lstrip(b"\0"))) + text


def decode_base58(text: str, *, characters_max: int) -> bytes:
    """The bytes of `text`; MalformedBase58 for a foreign character, or for more than `characters_max` of them.

    The length is looked at before anything else: decoding costs time in the square of it.
    """
    if len(text) > characters_max:
        raise MalformedBase58(f"{len(text)} characters, where {characters_max} are allowed")
    if not text.isascii():
        raise MalformedBase58("a character outside the alphabet")
    values = text.encode("ascii").translate(_VALUES)
    if _FOREIGN in values:
        raise MalformedBase58("a character outside the alphabet")
    zeros = len(text) - len(text.lstrip(_ZERO))
    number = _number_of(values[zeros:])
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _spell(group: int) -> str:
    digits = ""
    for _ in range(_GROUP):
        group, value = divmod(group, 58)
        digits = ALPHABET[value] + digits
    return digits


def _number_of(values: bytes) -> int:
    """The number whose base-58 digits, highest first, are `values`.

    All digits are lanes of one big integer. Each round joins neighbouring lanes (low + base * high), which halves
    their number and squares the base: eleven multiplications for 2,048 digits, where digit by digit would be 2,048.
    """
    width, base = 1, 58
    size = 1 << max(0, len(values) - 1).bit_length()
    lanes = int.from_bytes(values, "big")
    while width < size:
        low = int.from_bytes((bytes(width) + b"\xff" * width) * (size // (2 * width)), "big")
        lanes = (lanes & low) + base * ((lanes >> (8 * width)) & low)
        width, base = 2 * width, base * base
    return lanes
