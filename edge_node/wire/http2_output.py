"""What waits to be sent on one connection: frames and the parts of messages, joined only as far as that pays."""

from collections.abc import Iterable

Buffer = bytes | memoryview


class Output:
    """A queue of bytes; `size` is how many. What is put in must not change until it was taken."""

    __slots__ = ("_parts", "size")

    def __init__(self) -> None:
        self._parts: list[Buffer] = []
        self.size = 0

    def put(self, frame: bytes) -> None:
        """Whole frames."""
        self._parts.append(frame)
        self.size += len(frame)

    def put_parts(self, head: bytes, parts: Iterable[Buffer], size: int) -> None:
        """A frame whose body is `size` bytes in parts, which are not copied here."""
        self._parts.append(head)
        self._parts += parts
        self.size += len(head) + size

    def take(self, size: int) -> Buffer:
        """The next bytes to be sent, about `size` or one larger part; b"" when there are none."""
        parts = self._parts
        if not parts:
            return b""
        total = taken = 0
        for part in parts:
            if taken and total + len(part) > size:
                break
            total += len(part)
            taken += 1
        data = parts[0] if taken == 1 else b"".join(parts[:taken])
        del parts[:taken]
        self.size -= total
        return data

    def clear(self) -> None:
        """Forget it all."""
        self._parts.clear()
        self.size = 0


class Parts:
    """Buffers, to be taken by length."""

    __slots__ = ("_at", "_index", "_parts")

    def __init__(self, parts: Iterable[Buffer]) -> None:
        self._parts = list(parts)
        self._index = self._at = 0

    def take(self, size: int) -> list[Buffer]:
        """The next `size` bytes, without copying them."""
        taken: list[Buffer] = []
        while size:
            part, at = self._parts[self._index], self._at
            there = len(part) - at
            if there > size:
                taken.append(memoryview(part)[at : at + size])
                self._at += size
                break
            if there:
                taken.append(memoryview(part)[at:] if at else part)
            size -= there
            self._index += 1
            self._at = 0
        return taken
