"""What libp2p's messages are made of: numbers of varying length, and protobuf's fields by hand."""

import trio

VARINT, BYTES = 0, 2
MESSAGE_MAX = 16 << 20


class PeerFault(Exception):
    """The other side said what its protocol does not know."""


class Gone(Exception):
    """The other side has closed before all was said."""


def uvarint(number: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def take_uvarint(raw: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and the place behind it."""
    number = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise PeerFault("a number without its end")
        number |= (raw[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if raw[at - 1] < 128:
            return number, at


def field(number: int, value: bytes | int) -> bytes:
    """One field of a protobuf message: a number as varint, bytes with their length."""
    if isinstance(value, int):
        return uvarint(number << 3 | VARINT) + uvarint(value)
    return uvarint(number << 3 | BYTES) + uvarint(len(value)) + value


def fields(raw: bytes) -> dict[int, list[bytes | int]]:
    """A protobuf message's fields by number, in order; PeerFault for what none of ours has."""
    found: dict[int, list[bytes | int]] = {}
    at = 0
    while at < len(raw):
        tag, at = take_uvarint(raw, at)
        value: bytes | int
        if tag & 7 == VARINT:
            value, at = take_uvarint(raw, at)
        elif tag & 7 == BYTES:
            size, at = take_uvarint(raw, at)
            value, at = raw[at : at + size], at + size
            if at > len(raw):
                raise PeerFault("a field that ends beyond its message")
        else:
            raise PeerFault(f"a field of wire type {tag & 7}")
        found.setdefault(tag >> 3, []).append(value)
    return found


class Reader:
    """Exact amounts out of a stream that gives some at a time."""

    def __init__(self, stream: trio.abc.ReceiveStream) -> None:
        self._stream = stream
        self._waiting = bytearray()

    async def exactly(self, count: int) -> bytes:
        """So many bytes; Gone when the stream ends before."""
        while len(self._waiting) < count:
            more = await self._stream.receive_some()
            if not more:
                raise Gone
            self._waiting += more
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        return taken

    async def message(self) -> bytes:
        """One message that stands behind its length."""
        size = shift = 0
        while True:
            (byte,) = await self.exactly(1)
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if size > MESSAGE_MAX:
            raise PeerFault(f"a message of {size} bytes")
        return await self.exactly(size)

    async def receive_some(self, most: int | None = None) -> bytes:
        """What is there, at least a byte; nothing at the end."""
        if not self._waiting:
            return bytes(await self._stream.receive_some(most))
        return await self.exactly(min(len(self._waiting), most or len(self._waiting)))


def with_length(message: bytes) -> bytes:
    """A message behind its length."""
    return uvarint(len(message)) + message
