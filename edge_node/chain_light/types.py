"""The portable registry: a chain's types as its metadata describes them (Substrate scale-info, PortableRegistry)."""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_node.base.errors import LocalError
from edge_node.chain_light.errors import BadAnswer, ChainError


class PrimitiveKind(enum.IntEnum):
    """The types that are made of no others, by their index on the wire."""

    BOOL = 0
    CHAR = 1
    STR = 2
    U8 = 3
    U16 = 4
    U32 = 5
    U64 = 6
    U128 = 7
    U256 = 8
    I8 = 9
    I16 = 10
    I32 = 11
    I64 = 12
    I128 = 13
    I256 = 14


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct or variant: `name` is None in tuple structs, `type` an id in the registry."""

    name: str | None
    type: int
    type_name: str | None = None
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VariantOf:
    """One variant of an enum; `index` is its byte on the wire and need not be its place in the list."""

    name: str
    index: int
    fields: tuple[Field, ...] = ()
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composite:
    """A struct: its fields one after the other, all named or none."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """An enum: one byte of index, then the fields of that variant."""

    variants: tuple[VariantOf, ...]


@dataclass(frozen=True, slots=True)
class SequenceOf:
    """A compact count, then as many elements."""

    type: int


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """Exactly `length` elements."""

    length: int
    type: int


@dataclass(frozen=True, slots=True)
class TupleOf:
    """The elements one after the other; the empty one is the unit type, of no bytes."""

    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type made of no others."""

    kind: PrimitiveKind


@dataclass(frozen=True, slots=True)
class CompactOf:
    """An unsigned integer (or a struct of one) in SCALE's compact form."""

    type: int


@dataclass(frozen=True, slots=True)
class BitSequence:
    """A compact count of bits, then the words that hold them: `store` is the word's type, `order` Lsb0 or Msb0."""

    store: int
    order: int


Definition = Composite | Variant | SequenceOf | ArrayOf | TupleOf | Primitive | CompactOf | BitSequence


@dataclass(frozen=True, slots=True)
class TypeParam:
    """A generic parameter of a type; `type` is None where the metadata leaves it out."""

    name: str
    type: int | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """One entry of the registry: `path` as in Rust (empty for built-in types) without type parameters."""

    path: tuple[str, ...]
    params: tuple[TypeParam, ...]
    definition: Definition
    docs: tuple[str, ...] = ()


class MalformedRegistry(BadAnswer):
    """Types that no runtime can have; `type_id` is the one that is wrong."""

    slug = "malformed-registry"

    def __init__(self, type_id: int, why: str) -> None:
        self.type_id, self.why = type_id, why
        super().__init__(f"type {type_id} {why}")


class DanglingType(MalformedRegistry):
    """A type refers to one that the registry does not hold."""

    slug = "dangling-type"

    def __init__(self, referrer: int, wanted: int) -> None:
        self.referrer, self.wanted = referrer, wanted
        super().__init__(referrer, f"refers to type {wanted}, which the registry does not hold")


class NoSuchType(ChainError, LocalError):
    """The registry holds no type, or several, where one was asked for: `asked` is an id or a path."""

    slug = "no-such-type"

    def __init__(self, asked: int | str, found: int) -> None:
        self.asked, self.found = asked, found
        super().__init__(f"the registry holds {found} types for {asked!r}, one was asked for")


class Registry:
    """The types of a chain; a type's id is its place. Immutable, and every reference in it leads somewhere."""

    __slots__ = ("_by_index", "_by_name", "_by_path", "types")

    def __init__(self, types: Sequence[Type]) -> None:
        """Check names, indexes and references; MalformedRegistry, of which DanglingType is one, otherwise."""
        self.types = tuple(types)
        self._by_path: dict[str, list[int]] = {}
        self._by_index: dict[int, dict[int, VariantOf]] = {}
        self._by_name: dict[int, dict[str, VariantOf]] = {}
        for type_id, entry in enumerate(self.types):
            self._admit(type_id, entry)

    def _admit(self, type_id: int, entry: Type) -> None:
        definition = entry.definition
        for wanted in references(definition):
            if not 0 <= wanted < len(self.types):
                raise DanglingType(type_id, wanted)
        if entry.path:
            self._by_path.setdefault("::".join(entry.path), []).append(type_id)
        if isinstance(definition, Composite):
            _check_fields(type_id, definition.fields)
        elif isinstance(definition, Variant):
            self._admit_variants(type_id, definition.variants)

    def _admit_variants(self, type_id: int, variants: tuple[VariantOf, ...]) -> None:
        by_index = self._by_index[type_id] = {variant.index: variant for variant in variants}
        by_name = self._by_name[type_id] = {variant.name: variant for variant in variants}
        if not len(by_index) == len(by_name) == len(variants):
            raise MalformedRegistry(type_id, "has two variants of one name or index")
        for variant in variants:
            _check_fields(type_id, variant.fields)

    def __getitem__(self, type_id: int) -> Type:
        if not 0 <= type_id < len(self.types):
            raise NoSuchType(type_id, 0)
        return self.types[type_id]

    def __len__(self) -> int:
        return len(self.types)

    def __iter__(self) -> Iterator[Type]:
        return iter(self.types)

    def variant_at(self, type_id: int, index: int) -> VariantOf | None:
        """The variant of an enum by its byte on the wire; None when it has none such, or the type is no enum."""
        return self._by_index.get(type_id, {}).get(index)

    def variant_named(self, type_id: int, name: str) -> VariantOf | None:
        """The variant of an enum by its name; None when it has none such, or the type is no enum."""
        return self._by_name.get(type_id, {}).get(name)

    def name_of(self, type_id: int) -> str:
        """What to call a type in a message: its path, or its number when it has none."""
        return "::".join(self[type_id].path) or f"type {type_id}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Registry) and self.types == other.types

    def __hash__(self) -> int:
        return hash(self.types)

    def find(self, path: str) -> int:
        """The id of the one type at `path`, written as in Rust (`sp_core::crypto::AccountId32`).

        NoSuchType when there is none, or more than one: generic types stand once for each set of parameters.
        """
        found = self._by_path.get(path, [])
        if len(found) != 1:
            raise NoSuchType(path, len(found))
        return found[0]

    def find_all(self, path: str) -> tuple[int, ...]:
        """The ids of all types at `path`, ascending; none if there are none."""
        return tuple(self._by_path.get(path, ()))


def _check_fields(type_id: int, fields: tuple[Field, ...]) -> None:
    names = [field.name for field in fields if field.name is not None]
    if names and len(names) != len(fields):
        raise MalformedRegistry(type_id, "has fields with a name and fields without")
    if len(set(names)) != len(names):
        raise MalformedRegistry(type_id, "has two fields of one name")


def references(definition: Definition) -> tuple[int, ...]:
    """The ids a definition refers to, in the order in which their bytes stand."""
    match definition:
        case Composite(fields):
            return tuple(field.type for field in fields)
        case Variant(variants):
            return tuple(field.type for variant in variants for field in variant.fields)
        case SequenceOf(element) | ArrayOf(_, element) | CompactOf(element):
            return (element,)
        case TupleOf(elements):
            return elements
        case BitSequence(store, order):
            return (store, order)
        case Primitive():
            return ()
