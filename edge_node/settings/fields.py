"""Every setting as a row: its dotted name, type, default, meaning, reload class and whether it is a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from edge_node.settings.section import Reload, Section
from edge_node.settings.tree import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One leaf of the tree; `kind` is its annotated type, as msgspec converts to it."""

    path: tuple[str, ...]
    kind: Any
    default: Any
    about: str
    reload: Reload
    secret: bool

    @property
    def name(self) -> str:
        """The dotted name: `http.listen`."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The environment variable that overrides it: `EDGE_NODE__HTTP__LISTEN`."""
        return "__".join(("EDGE_NODE", *(part.upper() for part in self.path)))

    def value_in(self, settings: Settings) -> object:
        """What this field holds in one snapshot."""
        value: object = settings
        for part in self.path:
            value = getattr(value, part)
        return value


def fields_of(tree: type[Section], path: tuple[str, ...] = ()) -> Iterator[Field]:
    """The leaves below `tree`, in the order of the file."""
    for field in msgspec.structs.fields(tree):
        here = (*path, field.encode_name)
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from fields_of(field.type, here)
            continue
        meta = inspect.type_info(field.type)
        extra = (meta.extra if isinstance(meta, inspect.Metadata) else None) or {}
        schema = (meta.extra_json_schema if isinstance(meta, inspect.Metadata) else None) or {}
        yield Field(
            path=here,
            kind=field.type,
            default=field.default,
            about=schema.get("description", ""),
            reload=extra.get("reload", Reload.RESTART),
            secret=extra.get("secret", False),
        )


FIELDS: tuple[Field, ...] = tuple(fields_of(Settings))
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(field.path[0] for field in FIELDS))


def section_about(section: str) -> str:
    """What a section is for, from its class."""
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(Settings)}
    return (kinds[section].__doc__ or "").strip()


def wanted(kind: Any) -> str:
    """A type in a person's words: `an integer of at least 1`, `one of "auto", "json"`."""
    info = inspect.type_info(kind)
    return _wanted(info.type if isinstance(info, inspect.Metadata) else info)


def _wanted(info: inspect.Type) -> str:
    match info:
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case inspect.IntType():
            return "an integer" + _bounds(info)
        case inspect.FloatType():
            return "a number" + _bounds(info)
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_wanted(item)}"
        case inspect.StrType(pattern=str(pattern)):
            return f"a text that matches {pattern}"
        case inspect.StrType(min_length=int(least), max_length=int(most)):
            return f"a text of {least} to {most} characters"
        case inspect.StrType():
            return "a text"
    return type(info).__name__.removesuffix("Type").lower()


def _bounds(info: inspect.IntType | inspect.FloatType) -> str:
    named = (("of at least", info.ge), ("above", info.gt), ("of at most", info.le), ("below", info.lt))
    said = [
        f"{words} {bound:g}" if isinstance(bound, float) else f"{words} {bound}"
        for words, bound in named
        if bound is not None
    ]
    return " " + " and ".join(said) if said else ""
