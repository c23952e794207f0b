"""How a pallet is described: its calls, storage, events, errors and types as lines of text, read once at import.

Everything a client can see is made of these descriptions: metadata, codec, storage keys, dispatch and error indexes.
Types are written as in Rust: `Vec<T>`, `[T; n]`, `(A, B)`, `Option<T>`, `Result<A, B>`, `Compact<T>`,
`BoundedVec<T>`, primitives, and the names that a pallet or `basics` describes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edge_node.base.errors import LocalError

_OPENING, _CLOSING = "<[({", ">])}"
_HEAD = re.compile(r"(?P<name>\w+)\s*(?P<rest>.*)", re.DOTALL)
_STORAGE = re.compile(r"(?P<name>\w+)\s*(?:\[(?P<keys>.*?)\])?\s*:\s*(?P<value>[^=]+?)\s*")
_OPTIONAL = re.compile(r"Option<(?P<inner>.*)>")


class BadDescription(LocalError):
    """A line of a description cannot be read."""

    slug = "bad-description"

    def __init__(self, line: str) -> None:
        self.line = line
        super().__init__(f"not a description: {line!r}")


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field: its name, None in positional lists, and its type as text."""

    name: str | None
    type: str


Fields = tuple[FieldShape, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct and where it lives in the runtime, as in Rust (`ddc_primitives::ClusterParams`).

    `params` are its generic parameters, for the types whose parameters clients look at.
    """

    path: str
    fields: Fields
    params: Fields = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant of an enum, or one call, event or error; `index` is its byte on the wire."""

    name: str
    index: int
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum and where it lives in the runtime; `params` as in Struct."""

    path: str
    arms: tuple[Arm, ...]
    params: Fields = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a type that has no entry of its own in the metadata."""

    type: str


TypeShape = Struct | Enum | Alias


@dataclass(frozen=True, slots=True)
class Item:
    """One storage item; no `keys` for a single value, else (hasher, type) in order. `optional`: absent means None."""

    name: str
    keys: tuple[tuple[str, str], ...]
    value: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ConstantShape:
    """A constant: its type as text and its value as the codec takes it."""

    name: str
    type: str
    value: object


@dataclass(frozen=True, slots=True)
class Pallet:
    """One pallet as clients see it; `unsupported` names the calls that are described but never carried out."""

    name: str
    index: int
    crate: str
    calls: tuple[Arm, ...] = ()
    storage: tuple[Item, ...] = ()
    events: tuple[Arm, ...] = ()
    errors: tuple[str, ...] = ()
    constants: tuple[ConstantShape, ...] = ()
    types: Mapping[str, TypeShape] = field(default_factory=dict)
    unsupported: frozenset[str] = frozenset()


def split_list(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket, without white space around them."""
    parts, depth, start = list[str](), 0, 0
    for place, sign in enumerate(text):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == "," and not depth:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in (*parts, text[start:].strip()) if part]


def fields_of(text: str) -> Fields:
    """`a: A, b: B` as named fields, `A, B` as positional ones."""
    return tuple(_field(part) for part in split_list(text))


def _field(part: str) -> FieldShape:
    name, colon, kind = part.partition(": ")
    return FieldShape(name, kind.strip()) if colon else FieldShape(None, part)


def struct(path: str, text: str, params: str = "") -> Struct:
    """A struct of the fields in `text`; `params` as `T: Type, E: Type`."""
    return Struct(path, fields_of(text), fields_of(params))


def enum(path: str, text: str, first: int = 0, params: str = "") -> Enum:
    """An enum of the variants in `text`, `Name`, `Name(T)` or `Name{a: T}`, numbered from `first` in their order."""
    arms = tuple(_arm(part, first + place) for place, part in enumerate(split_list(text)))
    return Enum(path, arms, fields_of(params))


def calls(text: str) -> tuple[Arm, ...]:
    """One call a line: its index, then `name(field: Type, ...)`."""
    return tuple(_numbered(line) for line in _lines(text))


def _numbered(line: str) -> Arm:
    number, _, rest = line.partition(" ")
    if not number.isdecimal():
        raise BadDescription(line)
    return _arm(rest, int(number))


def events(text: str) -> tuple[Arm, ...]:
    """One event a line, numbered from 0: `Name{field: Type}`, or `Name(Type)` where fields have no names."""
    return tuple(_arm(line, place) for place, line in enumerate(_lines(text)))


def errors(text: str) -> tuple[str, ...]:
    """The names of the errors, numbered from 0."""
    return tuple(text.split())


def storage(text: str) -> tuple[Item, ...]:
    """One item a line: `Name: Value` or `Name[Hasher Key, ...]: Value`; `Option<V>` for what is absent by default."""
    return tuple(_item(line) for line in _lines(text))


def _item(line: str) -> Item:
    found = _STORAGE.fullmatch(line)
    if not found:
        raise BadDescription(line)
    pairs = [part.partition(" ") for part in split_list(found["keys"] or "")]
    inner = _OPTIONAL.fullmatch(found["value"])
    keys = tuple((hasher, key) for hasher, _, key in pairs)
    return Item(found["name"], keys, inner["inner"] if inner else found["value"], inner is not None)


def _arm(text: str, index: int) -> Arm:
    found = _HEAD.fullmatch(text.strip())
    rest = found["rest"].strip() if found else "?"
    if not found or (rest and (rest[0] not in "({" or rest[-1] not in ")}")):
        raise BadDescription(text)
    return Arm(found["name"], index, fields_of(rest[1:-1]))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.strip().splitlines() if line.strip())
