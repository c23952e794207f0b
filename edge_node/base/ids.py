"""The types of every identifier that crosses a room's door; bytes of a fixed shape, never naked."""

import re
from typing import ClassVar, Self

from edge_node.base.errors import Refusal


class MalformedId(Refusal):
    """Bytes or text are not an identifier of the wanted type."""

    slug = "malformed-id"
    status = 400
    remedy = "Write keys and vaults as 64 lower-case hex digits, stream names in lower case (docs/specs/http.md)."

    def __init__(self, type_name: str, why: str) -> None:
        self.type_name, self.why = type_name, why
        super().__init__(f"not a {type_name}: {why}")


class FixedBytes(bytes):
    """Bytes of exactly `size`, shown and read as lower-case hex."""

    __slots__ = ()
    size: ClassVar[int]

    def __new__(cls, raw: bytes) -> Self:
        """Check the length of `raw`; MalformedId otherwise."""
        if len(raw) != cls.size:
            raise MalformedId(cls.__name__, f"wants {cls.size} bytes, got {len(raw)}")
        return super().__new__(cls, raw)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read lower-case hex of exactly twice `size`; MalformedId otherwise."""
        if len(text) != 2 * cls.size or not _LOWER_HEX.fullmatch(text):
            raise MalformedId(cls.__name__, f"wants {2 * cls.size} lower-case hex digits")
        return cls(bytes.fromhex(text))

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shorten(self)})"


_LOWER_HEX = re.compile(r"[0-9a-f]+")


class PublicKey(FixedBytes):
    """An Ed25519 public key (RFC 8032), 32 bytes."""

    __slots__ = ()
    size = 32


class Signature(FixedBytes):
    """An Ed25519 signature (RFC 8032), 64 bytes."""

    __slots__ = ()
    size = 64


class VaultId(FixedBytes):
    """The owner's public key: what one wallet owns on this node is its vault."""

    __slots__ = ()
    size = 32


class Digest(FixedBytes):
    """A 32-byte digest (BLAKE3-256 or BLAKE2b-256, as the holder says)."""

    __slots__ = ()
    size = 32


class Hash256(FixedBytes):
    """What names a block, a state or a trie node on a chain: a BLAKE2b-256, 32 bytes."""

    __slots__ = ()
    size = 32


class Nonce(FixedBytes):
    """16 random bytes, used once."""

    __slots__ = ()
    size = 16


class Cid(FixedBytes):
    """A content identifier in its 36-byte DDC or 38-byte legacy form; wire/cid reads and writes its text."""

    __slots__ = ()
    size = 36
    legacy_size: ClassVar[int] = 38

    def __new__(cls, raw: bytes) -> Self:
        """Check the length only; wire/cid checks the fields."""
        if len(raw) not in (cls.size, cls.legacy_size):
            raise MalformedId("Cid", f"wants 36 or 38 bytes, got {len(raw)}")
        return bytes.__new__(cls, raw)


class StreamName(str):
    """The name of an event stream: ASCII `[a-z0-9][a-z0-9._/-]{0,126}` (ARCHITECTURE section 5)."""

    __slots__ = ()
    longest: ClassVar[int] = 127

    def __new__(cls, text: str) -> Self:
        """Check the form; MalformedId otherwise."""
        if not _STREAM_NAME.fullmatch(text):
            raise MalformedId("StreamName", "wants 1 to 127 of a-z 0-9 . _ / -, a letter or digit first")
        return super().__new__(cls, text)


_STREAM_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]{0,126}")


def shorten(raw: bytes) -> str:
    """The first eight hex digits, for logs and tables: enough to recognise, too few to use."""
    return raw[:4].hex() + "…"


def strip_type(value: object) -> bytes | str:
    """An identifier as plain bytes or text: the `enc_hook` of our MessagePack encoders, which know no subclasses."""
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in a record")
