"""What a new snapshot of the settings changes in a running node, and what waits for its next start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from edge_node.settings.fields import FIELDS
from edge_node.settings.resolve import Loaded
from edge_node.settings.section import Reload, Section
from edge_node.settings.show import shown_value
from edge_node.settings.tree import Settings

Tree = TypeVar("Tree", bound=Section)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs; values in TOML's spelling, a secret's never. `live`: in force without a restart."""

    name: str
    was: str
    now: str
    source: str
    live: bool

    def __str__(self) -> str:
        when = "in force at once" if self.live else "at the next start"
        return f"{self.name}: {self.was} -> {self.now} ({self.source}), {when}"


def changes(running: Settings, loaded: Loaded) -> list[Change]:
    """Every setting of `loaded` that differs from what the node runs with, in the order of the file."""
    return [
        Change(
            field.name,
            shown_value(field.value_in(running), secret=field.secret),
            shown_value(field.value_in(loaded.settings), secret=field.secret),
            loaded.where(field.name),
            field.reload is Reload.LIVE,
        )
        for field in FIELDS
        if field.value_in(running) != field.value_in(loaded.settings)
    ]


def merged(running: Settings, loaded: Settings) -> Settings:
    """What the node runs with once `loaded` is applied: live fields from it, all others as they are."""
    tree: dict[str, Any] = {}
    for field in FIELDS:
        source = loaded if field.reload is Reload.LIVE else running
        section = tree
        for part in field.path[:-1]:
            section = section.setdefault(part, {})
        section[field.path[-1]] = field.value_in(source)
    return _rebuilt(running, tree)


def _rebuilt(section: Tree, values: Mapping[str, Any]) -> Tree:
    given = {
        name: _rebuilt(getattr(section, name), value) if isinstance(getattr(section, name), Section) else value
        for name, value in values.items()
    }
    return msgspec.structs.replace(section, **given)


def waiting(found: Sequence[Change]) -> list[Change]:
    """Those that wait for the next start."""
    return [change for change in found if not change.live]
