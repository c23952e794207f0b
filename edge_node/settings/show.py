"""Settings for people and for machines: every value with its source, reload class and meaning; secrets never."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import msgspec

from edge_node.settings.fields import FIELDS
from edge_node.settings.literal import toml_literal
from edge_node.settings.resolve import Loaded


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as shown; `value` is in TOML's spelling, or `<set>` or `<unset>` for a secret."""

    name: str
    value: str
    source: str
    reload: str
    about: str


def rows(loaded: Loaded) -> list[Row]:
    """Every setting, in the order of the file."""
    return [
        Row(
            field.name,
            shown_value(field.value_in(loaded.settings), secret=field.secret),
            loaded.where(field.name),
            field.reload,
            field.about,
        )
        for field in FIELDS
    ]


def shown_value(value: object, *, secret: bool) -> str:
    """A value in TOML's spelling, or whether a secret is set."""
    if secret:
        return "<set>" if value else "<unset>"
    return toml_literal(value)


def as_table(shown: Sequence[Row]) -> str:
    """Aligned columns without the meaning, which the settings file and `--json` carry."""
    lines = [
        ("SETTING", "VALUE", "SOURCE", "RELOAD"),
        *((row.name, row.value, row.source, row.reload) for row in shown),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def as_json(shown: Sequence[Row]) -> str:
    """A JSON array of objects with the fields of Row."""
    return msgspec.json.format(msgspec.json.encode([asdict(row) for row in shown]), indent=2).decode()
