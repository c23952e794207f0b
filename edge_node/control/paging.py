"""Query parameters of the lists as typed values, and where a page ends (pure)."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from edge_node.base.ids import MalformedId, VaultId
from edge_node.control.errors import BadParameter

LIMIT_DEFAULT, LIMIT_MAX = 100, 1_000
TEXT_MAX_CHARACTERS = 256  # a filter is typed by a person
OFFSET_MAX = 2**63 - 1  # SQLite's largest integer

Row = TypeVar("Row")


class Parameters(Protocol):
    """The query of a request."""

    def get(self, name: str) -> str | None:
        """The first value of that name."""
        ...


def read_number(query: Parameters, name: str, default: int, lowest: int = 0, highest: int = OFFSET_MAX) -> int:
    """A decimal integer in `[lowest, highest]`; `default` when absent."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise BadParameter(name, "wants a decimal number")
    value = int(text)
    if not lowest <= value <= highest:
        raise BadParameter(name, f"wants {lowest} to {highest}, got {value}")
    return value


def read_limit(query: Parameters) -> int:
    """How many rows a page may have."""
    return read_number(query, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX)


def read_text(query: Parameters, name: str) -> str:
    """A text to look for; empty when absent."""
    text = query.get(name) or ""
    if len(text) > TEXT_MAX_CHARACTERS:
        raise BadParameter(name, f"wants at most {TEXT_MAX_CHARACTERS} characters")
    return text


def read_choice(query: Parameters, name: str, choices: Sequence[str]) -> str | None:
    """One of `choices`; None when absent."""
    text = query.get(name)
    if text is not None and text not in choices:
        raise BadParameter(name, f"wants one of {', '.join(choices)}")
    return text


def read_flag(query: Parameters, name: str) -> bool | None:
    """`true` or `false` (`1` or `0`); None when absent."""
    chosen = read_choice(query, name, ("true", "false", "1", "0"))
    return None if chosen is None else chosen in {"true", "1"}


def read_vault(query: Parameters, own: VaultId | None = None, *, name: str = "vault") -> VaultId | None:
    """A vault in hex; `own` when absent."""
    text = query.get(name)
    if text is None:
        return own
    try:
        return VaultId.parse(text)
    except MalformedId as refusal:
        raise BadParameter(name, refusal.why) from refusal


def read_bucket(query: Parameters) -> int | None:
    """A bucket's number; None when absent."""
    return None if query.get("bucket") is None else read_number(query, "bucket", 0)


def cut_page(rows: Sequence[Row], limit: int, cursor: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """At most `limit` of `rows`, of which one more was asked for, and where the next page begins (None: nowhere)."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor(rows[limit - 1])
