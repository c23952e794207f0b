"""The key map: every binding with its place and meaning, and the operator's own keys from a file."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from textual.binding import Binding

from edge_node.base.errors import EdgeNodeError

NAMES = {
    "question_mark": "?", "slash": "/", "colon": ":", "comma": ",", "full_stop": ".", "plus": "+", "minus": "-",
    "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "escape": "esc", "pageup": "PgUp", "pagedown": "PgDn", "shift+tab": "S-Tab",
}  # fmt: skip


class KeysUnreadable(EdgeNodeError):
    """The file of own keys cannot be used."""

    slug = "bad-keys"
    remedy = 'Write [keys] with lines like "screen.devices" = "6"; the names are in docs/keys.md.'

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class KeyRow(NamedTuple):
    """One binding as it is documented."""

    place: str
    name: str
    keys: str
    label: str
    about: str


def bindings_of(owner: type[Any]) -> list[Binding]:
    """The bindings a class declares itself or inherits from ours, nearest first, each id once."""
    found: dict[str, Binding] = {}
    for base in owner.__mro__:
        if not base.__module__.startswith("tui."):
            continue
        for binding in vars(base).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, binding)
    return list(found.values())


def shown_key(keys: str) -> str:
    """`question_mark,f1` as `? F1`."""
    return " ".join(
        NAMES.get(key, key.capitalize() if len(key) > 1 and "+" not in key else key) for key in keys.split(",")
    )


def rows_of(owners: Iterable[tuple[str, type[Any]]], own: Mapping[str, str] | None = None) -> list[KeyRow]:
    """Every binding once, under the first place that has it."""
    rows: dict[str, KeyRow] = {}
    for place, owner in owners:
        for binding in bindings_of(owner):
            keys = (own or {}).get(binding.id or "", binding.key)
            row = KeyRow(place, binding.id or "", shown_key(keys), binding.description, binding.tooltip)
            rows.setdefault(row.name, row)
    return list(rows.values())


def keys_path(environment: Mapping[str, str]) -> Path:
    """Where the operator's own keys stand: `$XDG_CONFIG_HOME/edge-node/keys.toml`."""
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
    return Path(home) / "edge-node" / "keys.toml"


def read_keys(path: Path, known: Iterable[str]) -> dict[str, str]:
    """The operator's own keys by the binding's name; none if there is no file. KeysUnreadable for any other trouble."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeysUnreadable(path, str(error)) from error
    keys = table.pop("keys", {})
    if table or not isinstance(keys, dict) or not all(isinstance(key, str) and key for key in keys.values()):
        raise KeysUnreadable(path, "wants one table [keys] with names and keys as texts")
    if unknown := sorted(set(keys) - set(known)):
        raise KeysUnreadable(path, f"there is no binding {unknown[0]!r}")
    return _without_clashes(path, keys)


def _without_clashes(path: Path, keys: dict[str, str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for name, value in keys.items():
        for key in value.split(","):
            if key in taken and taken[key].partition(".")[0] == name.partition(".")[0]:
                raise KeysUnreadable(path, f"{key!r} is given to {taken[key]!r} and to {name!r}")
            taken[key] = name
    return keys
