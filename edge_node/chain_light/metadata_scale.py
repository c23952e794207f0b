"""A cursor over metadata that counts what it makes: lists, names and documentation, each with a bound."""

from typing import Final

from edge_node.chain_light.errors import BadAnswer
from edge_node.wire.scale import Scale, blob, compact

# Of the public chains' metadata the largest (substrate's own node) has 0.7 MB, 24,000 elements in all its lists, and
# names and lines of up to 134 bytes. A bomb at these bounds costs a second and 30 MB.
METADATA_BYTES_MAX: Final = 4 << 20
ELEMENTS_MAX: Final = 131_072
NAME_BYTES_MAX: Final = 1_024
DOC_BYTES_MAX: Final = 4_096


class MetadataTooLarge(BadAnswer):
    """Metadata holds more than any runtime's: `what` is over `limit`."""

    slug = "metadata-too-large"

    def __init__(self, what: str, limit: int) -> None:
        self.what, self.limit = what, limit
        super().__init__(f"metadata with more than {limit} {what}")


class MetadataScale(Scale):
    """A cursor over metadata; elements of all its lists are counted together."""

    __slots__ = ("_elements",)

    def __init__(self, raw: bytes) -> None:
        """Refuse `raw` by its size before anything is read of it."""
        if len(raw) > METADATA_BYTES_MAX:
            raise MetadataTooLarge("bytes", METADATA_BYTES_MAX)
        super().__init__(raw)
        self._elements = ELEMENTS_MAX

    def many(self, element_bytes_min: int) -> range:
        """As many turns as a list has elements of at least so many bytes."""
        count = self.length(element_bytes_min)
        self._elements -= count
        if self._elements < 0:
            raise MetadataTooLarge("elements", ELEMENTS_MAX)
        return range(count)

    def name(self) -> str:
        """What something is called."""
        return self.text(NAME_BYTES_MAX)

    def names(self) -> tuple[str, ...]:
        """A list of names."""
        return tuple([self.text(NAME_BYTES_MAX) for _ in self.many(1)])

    def docs(self) -> tuple[str, ...]:
        """Lines of documentation."""
        return tuple([self.text(DOC_BYTES_MAX) for _ in self.many(1)])

    def id(self) -> int:
        """The id of a type."""
        return self.compact()

    def maybe_id(self) -> int | None:
        """The id of a type, where there is one."""
        return self.compact() if self.flag() else None


def write_texts(texts: tuple[str, ...]) -> bytes:
    """A list of names or lines."""
    return compact(len(texts)) + b"".join([blob(text.encode()) for text in texts])


def write_text(text: str) -> bytes:
    """A name."""
    return blob(text.encode())


def write_maybe_id(type_id: int | None) -> bytes:
    """The id of a type, where there is one."""
    return b"\0" if type_id is None else b"\1" + compact(type_id)
