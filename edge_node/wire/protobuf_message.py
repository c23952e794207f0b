"""A protobuf message whose fields are known by number, read strictly: each value once, of its type, in its range."""

from collections.abc import Collection
from typing import Final

from edge_node.wire.protobuf_fields import FIELDS_MAX, Field, MalformedProtobuf, WireType, scan_fields

UINT32_MAX: Final = 2**32 - 1


class Message:
    """The fields of one message. A field that is absent has its default, as proto3 says; `has` tells absence apart.

    A field written twice is refused, where a protobuf library would take the last or join both: two readers of one
    signed message must not see two contents. Fields nobody asks for are passed over. MalformedProtobuf everywhere.
    """

    __slots__ = ("_found", "_lists", "raw")

    def __init__(
        self, raw: bytes | memoryview, *, repeated: Collection[int] = (), fields_max: int = FIELDS_MAX
    ) -> None:
        """`repeated` are the numbers of fields that may stand more than once."""
        self.raw = memoryview(raw)
        self._found: dict[int, Field] = {}
        self._lists: dict[int, list[Field]] = {number: [] for number in repeated}
        for field in scan_fields(self.raw, fields_max=fields_max):
            if field.number in self._lists:
                self._lists[field.number].append(field)
            elif self._found.setdefault(field.number, field) is not field:
                raise MalformedProtobuf(f"field {field.number} stands twice")

    def has(self, number: int) -> bool:
        """Whether the field is there at all."""
        return number in self._found

    def numbers(self) -> set[int]:
        """The numbers of all fields that are there."""
        return set(self._found) | {number for number, fields in self._lists.items() if fields}

    def uint(self, number: int, largest: int = 2**64 - 1) -> int:
        """An unsigned integer or an enumeration, 0 when absent."""
        field = self._found.get(number)
        if field is None:
            return 0
        if field.wire_type is not WireType.VARINT or not isinstance(field.value, int):
            raise MalformedProtobuf(f"field {number} is no integer")
        if field.value > largest:
            raise MalformedProtobuf(f"field {number} is above {largest}")
        return field.value

    def flag(self, number: int) -> bool:
        """A boolean, False when absent."""
        return bool(self.uint(number, largest=1))

    def view(self, number: int) -> memoryview:
        """Bytes or a message, as a view of the buffer; empty when absent."""
        field = self._found.get(number)
        return self.raw[:0] if field is None else _view_of(field)

    def bytes(self, number: int) -> bytes:
        """Bytes, copied; empty when absent."""
        return bytes(self.view(number))

    def text(self, number: int) -> str:
        """Text in UTF-8, empty when absent."""
        return text_of(self.view(number), number)

    def views(self, number: int) -> list[memoryview]:
        """The values of a repeated field of bytes or messages, in order."""
        return [_view_of(field) for field in self._lists[number]]


def text_of(view: memoryview, number: int) -> str:
    """The UTF-8 text of field `number`; MalformedProtobuf when it is none."""
    try:
        return str(view, "utf-8")
    except UnicodeDecodeError:
        raise MalformedProtobuf(f"field {number} is not UTF-8") from None


def _view_of(field: Field) -> memoryview:
    if not isinstance(field.value, memoryview):
        raise MalformedProtobuf(f"field {field.number} holds no bytes")
    return field.value
