"""Settings from TOML text and environment variables: typed, with every value's source, or the first thing wrong."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from edge_node.settings.errors import SettingsSyntax, UnfitSetting, UnknownSetting
from edge_node.settings.fields import FIELDS, SECTIONS, Field, wanted
from edge_node.settings.literal import toml_literal
from edge_node.settings.scanner import KeyPath, key_lines
from edge_node.settings.source import DEFAULT, Origin, Source
from edge_node.settings.tree import Settings

PREFIX = "EDGE_NODE__"
_BY_PATH = {field.path: field for field in FIELDS}
_BY_VARIABLE = {field.variable: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One snapshot: the typed tree, each setting's source by dotted name, and the file read ("" for none)."""

    settings: Settings
    sources: Mapping[str, Source]
    file: str = ""

    def where(self, name: str) -> str:
        """The source of `name` in words, for a message."""
        return str(self.sources.get(name, DEFAULT))


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody set, before it is typed; `loose` values are text that may spell a number."""

    field: Field
    value: object
    source: Source
    loose: bool = False


def resolve(raw: bytes, file: str, environ: Mapping[str, str]) -> Loaded:
    """Type the file's values, then the environment's, which win; SettingsError names the first fault and its line.

    `file` is only a name for messages. Rules across fields are settings.validate's.
    """
    given = {item.field.path: item for item in (*_from_file(raw, file), *_from_environment(environ))}
    tree: dict[str, Any] = {}
    for path, item in given.items():
        section = tree
        for part in path[:-1]:
            section = section.setdefault(part, {})
        section[path[-1]] = _typed(item)
    sources = {field.name: given[field.path].source if field.path in given else DEFAULT for field in FIELDS}
    return Loaded(msgspec.convert(tree, Settings), sources, file)


def nearest(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """The known name most like `name`, or empty when none is like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def _parse(raw: bytes, file: str) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsSyntax(f"{file}:{line}", "a byte that is not UTF-8") from error
    try:
        return tomllib.loads(text), key_lines(text)
    except RecursionError as error:
        raise SettingsSyntax(file, "lists in lists without end") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is an integer with too many digits
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise SettingsSyntax(f"{file}:{line}", re.sub(r" \(at .*\)$", "", str(error))) from error


def _from_file(raw: bytes, file: str) -> Iterator[Given]:
    tree, lines = _parse(raw, file)
    yield from _walk(tree, (), lines, file)


def _walk(table: dict[str, Any], path: tuple[str, ...], lines: dict[KeyPath, int], file: str) -> Iterator[Given]:
    for key, value in table.items():
        here = (*path, key)
        source = Source(Origin.FILE, file, lines.get(here, 0))
        field = _BY_PATH.get(here)
        if field is not None:
            yield Given(field, value, source)
        elif not any(known[: len(here)] == here for known in _BY_PATH):
            raise UnknownSetting(str(source), ".".join(here), _guess(here))
        elif isinstance(value, dict):
            yield from _walk(value, here, lines, file)
        else:
            raise UnfitSetting(str(source), ".".join(here), "a table", _shown(value))


def _guess(path: tuple[str, ...]) -> str:
    """The nearest section for a section's name; for a setting's the nearest in its section, else in the whole tree."""
    if len(path) == 1:
        by_leaf = {field.path[-1]: field.name for field in FIELDS}
        return nearest(path[0], SECTIONS) or by_leaf.get(path[0], "")
    section = {field.path[-1]: field.name for field in FIELDS if field.path[:-1] == path[:-1]}
    return section.get(nearest(path[-1], section), "") or nearest(".".join(path), tuple(field.name for field in FIELDS))


def _from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        field = _BY_VARIABLE.get(variable)
        source = Source(Origin.ENVIRONMENT, variable)
        if field is None:
            raise UnknownSetting(str(source), variable, nearest(variable, _BY_VARIABLE))
        text = environ[variable]
        value = [part.strip() for part in text.split(",") if part.strip()] if _is_list(field) else text
        yield Given(field, value, source, loose=True)


def _is_list(field: Field) -> bool:
    return isinstance(field.default, tuple)


def _typed(given: Given) -> object:
    field = given.field
    try:
        return msgspec.convert(given.value, field.kind, strict=not given.loose)
    except msgspec.ValidationError as error:
        got = "a value that is not shown" if field.secret else _shown(given.value)
        raise UnfitSetting(str(given.source), field.name, wanted(field.kind), got) from error


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case str() | bool() | int() | float() | list():
            try:
                text = toml_literal(value)
            except TypeError:
                return "a list"
            return text if len(text) <= 80 else text[:80] + "…"  # enough to recognise, on one line
    return str(value)
