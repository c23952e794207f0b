"""The header fields of one request: names lower-cased, values as received (RFC 9110 section 5)."""

from collections.abc import Iterator, Mapping

_COMMON = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Length",
    "Content-Type", "Cookie", "Date", "Edge-Request", "Edge-Signature", "Expect", "Host", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "Origin", "Range", "Referer", "Sec-Fetch-Dest",
    "Sec-Fetch-Mode", "Sec-Fetch-Site", "Transfer-Encoding", "Upgrade", "User-Agent",
)  # fmt: skip
# The spellings clients really use, so that most names cost one look-up and share one string.
KNOWN_NAMES: dict[bytes, str] = {
    spelling.encode(): name.lower() for name in _COMMON for spelling in (name, name.lower(), name.upper())
}


def lower_name(raw: bytes) -> str:
    """A field name in lower case; `raw` has passed the grammar and is ASCII."""
    return KNOWN_NAMES.get(raw) or raw.lower().decode("ascii")


class Fields:
    """Look-up by name, whatever its case; values are Latin-1 text, the one reading that loses no byte."""

    __slots__ = ("_repeated", "_values")

    def __init__(self, values: dict[str, bytes], repeated: Mapping[str, list[bytes]] | None = None) -> None:
        self._values = values
        self._repeated = repeated

    def get(self, name: str) -> str | None:
        """The field's value; several lines of one name are joined by ", " (RFC 9110 section 5.2)."""
        value = self._values.get(name)
        if value is None:
            value = self._values.get(name.lower())
        return None if value is None else value.decode("latin-1")

    def all(self, name: str) -> list[str]:
        """The value of every line of that name, in order; empty when there is none."""
        lowered = name.lower()
        if self._repeated is not None and lowered in self._repeated:
            return [value.decode("latin-1") for value in self._repeated[lowered]]
        value = self._values.get(lowered)
        return [] if value is None else [value.decode("latin-1")]

    def raw(self, name: str) -> bytes | None:
        """As `get`, for a lower-case name, undecoded."""
        return self._values.get(name)

    def repeats(self, name: str) -> bool:
        """Whether a lower-case name came in more than one line."""
        return self._repeated is not None and name in self._repeated

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def join_repeated(lines: list[tuple[str, bytes]]) -> Fields:
    """Fields from lines of which at least one name repeats."""
    every: dict[str, list[bytes]] = {}
    for name, value in lines:
        every.setdefault(name, []).append(value)
    repeated = {name: values for name, values in every.items() if len(values) > 1}
    return Fields({name: b", ".join(values) for name, values in every.items()}, repeated)
