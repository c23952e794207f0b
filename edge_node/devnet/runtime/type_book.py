"""The type registry of a profile, made of its pallets' descriptions (scale-info's portable registry)."""

from collections.abc import Callable, Iterable
from functools import partial

from edge_node.base.errors import LocalError
from edge_node.chain_light.types import (
    ArrayOf,
    CompactOf,
    Composite,
    Definition,
    Field,
    Primitive,
    PrimitiveKind,
    Registry,
    SequenceOf,
    TupleOf,
    Type,
    TypeParam,
    Variant,
    VariantOf,
)
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.pallets.shape import Alias, Arm, Enum, Fields, Pallet, Struct, TypeShape, split_list

_PRIMITIVES = {kind.name.lower(): kind for kind in PrimitiveKind}
_RUNTIME = "cere_runtime"


class UndescribedType(DevnetError, LocalError):
    """A description names a type that nothing describes."""

    slug = "undescribed-type"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no pallet describes the type {name!r}")


class TypeBook:
    """Types by their text, each with one id; `registry()` once all that is wanted was asked for.

    A type that refers to itself (a batch is a call that holds calls) has its id before its definition.
    """

    def __init__(self, profile: Profile) -> None:
        self._named = profile.types
        self._ids = dict[str, int]()
        self._types = list[Type | None]()
        self._outer: dict[str, Callable[[], Type]] = {
            name: partial(self._outer_enum, profile, name, part)
            for name, part in (("RuntimeCall", "Call"), ("RuntimeEvent", "Event"), ("RuntimeError", "Error"))
        }

    def id_of(self, text: str) -> int:
        """The id of a type, added with all it refers to; UndescribedType for a name nobody describes."""
        shape = self._named.get(text)
        if isinstance(shape, Alias):
            return self.id_of(shape.type)
        return self._add(text, lambda: self._made(text, shape))

    def add_shape(self, key: str, shape: TypeShape) -> int:
        """The id of a type that no description names; `key` is unique to it."""
        return self._add(key, lambda: self._shaped(shape))

    def arms_of(self, pallet: Pallet, part: str) -> int | None:
        """The enum of a pallet's calls, events or errors (`part`: Call, Event or Error); None if it has none."""
        arms = {
            "Call": pallet.calls,
            "Event": pallet.events,
            "Error": tuple(Arm(name, index) for index, name in enumerate(pallet.errors)),
        }[part]
        if not arms:
            return None
        return self.add_shape(f"{pallet.name}::{part}", Enum(f"{pallet.crate}::pallet::{part}", arms))

    def tuple_of(self, types: Iterable[int], key: str) -> int:
        """The tuple of types that have ids."""
        elements = tuple(types)
        return self._add(key, lambda: Type((), (), TupleOf(elements)))

    def add_type(self, key: str, made: Type) -> int:
        """The id of a type whose parts have ids."""
        return self._add(key, lambda: made)

    def registry(self) -> Registry:
        """All types asked for so far."""
        return Registry([made for made in self._types if made is not None])

    def _add(self, key: str, make: Callable[[], Type]) -> int:
        if key not in self._ids:
            place = self._ids[key] = len(self._types)
            self._types.append(None)
            self._types[place] = make()
        return self._ids[key]

    def _made(self, text: str, shape: TypeShape | None) -> Type:
        if shape is not None:
            return self._shaped(shape)
        if text in self._outer:
            return self._outer[text]()
        if text in _PRIMITIVES:
            return Type((), (), Primitive(_PRIMITIVES[text]))
        if text[0] == "[":
            element, _, length = text[1:-1].rpartition(";")
            return Type((), (), ArrayOf(int(length), self.id_of(element.strip())))
        if text[0] == "(":
            return Type((), (), TupleOf(tuple(self.id_of(part) for part in split_list(text[1:-1]))))
        return self._generic(text)

    def _generic(self, text: str) -> Type:
        name, _, rest = text.partition("<")
        inner = [self.id_of(part) for part in split_list(rest[:-1])]
        match name, inner:
            case "Vec", [element]:
                return Type((), (), SequenceOf(element))
            case "Compact", [element]:
                return Type((), (), CompactOf(element))
            case "Option", [held]:
                some = VariantOf("Some", 1, (Field(None, held),))
                return Type(("Option",), (TypeParam("T", held),), Variant((VariantOf("None", 0), some)))
            case "Result", [good, bad]:
                arms = (VariantOf("Ok", 0, (Field(None, good),)), VariantOf("Err", 1, (Field(None, bad),)))
                return Type(("Result",), (TypeParam("T", good), TypeParam("E", bad)), Variant(arms))
            case "BoundedVec", [element]:
                return self._bounded("bounded_vec", name, element, text)
            case "WeakBoundedVec", [element]:
                return self._bounded("weak_bounded_vec", name, element, text)
        raise UndescribedType(text)

    def _bounded(self, module: str, name: str, element: int, text: str) -> Type:
        """Clients know such a list by its path and unwrap it; without the path they would show a struct around it."""
        held = self.id_of(f"Vec<{text.partition('<')[2]}")
        params = (TypeParam("T", element), TypeParam("S"))
        return Type(("bounded_collections", module, name), params, Composite((Field(None, held),)))

    def _shaped(self, shape: TypeShape) -> Type:
        match shape:
            case Struct(path, fields, params):
                definition: Definition = Composite(self._fields(fields))
            case Enum(path, arms, params):
                definition = Variant(tuple(VariantOf(arm.name, arm.index, self._fields(arm.fields)) for arm in arms))
            case Alias(text):
                return self._made(text, None)
        generic = tuple(TypeParam(param.name or "T", self.id_of(param.type)) for param in params)
        return Type(tuple(path.split("::")), generic, definition)

    def _fields(self, fields: Fields) -> tuple[Field, ...]:
        return tuple(Field(field.name, self.id_of(field.type), field.type) for field in fields)

    def _outer_enum(self, profile: Profile, name: str, part: str) -> Type:
        arms = tuple(
            VariantOf(pallet.name, pallet.index, (Field(None, held),))
            for pallet in profile.pallets
            if (held := self.arms_of(pallet, part)) is not None
        )
        return Type((_RUNTIME, name), (), Variant(arms))
