"""The metadata of a profile, made of its pallets' descriptions: the registry first, then what refers to it."""

from collections.abc import Iterator

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_parts import (
    ApiInput,
    ApiMethod,
    Constant,
    ExtrinsicFormat,
    Hasher,
    OuterEnums,
    Pallet,
    RuntimeApi,
    SignedExtension,
    Storage,
    StorageEntry,
)
from edge_node.chain_light.types import Composite, Field, Registry, Type, TypeParam
from edge_node.devnet.pallets import shape
from edge_node.devnet.pallets.apis import ApiShape
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.runtime.defaults import zero_of
from edge_node.devnet.runtime.type_book import TypeBook

EXTRINSIC_VERSION = 4
_HASHERS = {
    "Blake2_128": Hasher.BLAKE2_128,
    "Blake2_256": Hasher.BLAKE2_256,
    "Blake2_128Concat": Hasher.BLAKE2_128_CONCAT,
    "Twox128": Hasher.TWOX_128,
    "Twox256": Hasher.TWOX_256,
    "Twox64Concat": Hasher.TWOX_64_CONCAT,
    "Identity": Hasher.IDENTITY,
}
# What the chain's own code encodes without a pallet's storage asking for it.
_WANTED = ("EventRecord", "DispatchError", "DispatchEventInfo", "Era", "RuntimeVersion", "Digest", "Weight")


def metadata_of(profile: Profile) -> Metadata:
    """Everything a client can see of a profile; its runtime interfaces are told in version 15 alone."""
    book = TypeBook(profile)
    extrinsic = _extrinsic(book, profile)
    outer = OuterEnums(*(book.id_of(name) for name in ("RuntimeCall", "RuntimeEvent", "RuntimeError")))
    runtime = book.add_type("Runtime", Type(("cere_runtime", "Runtime"), (), Composite(())))
    for name in _WANTED:
        book.id_of(name)
    for described in profile.pallets:
        list(_types_of(book, described))
    apis = tuple(_api(book, described) for described in profile.apis)
    registry = book.registry()
    pallets = tuple(_pallet(book, registry, described) for described in profile.pallets)
    return Metadata(registry, pallets, extrinsic, runtime, apis, outer)


def _api(book: TypeBook, described: ApiShape) -> RuntimeApi:
    methods = (
        ApiMethod(
            method.name,
            tuple(ApiInput(str(field.name), book.id_of(field.type)) for field in method.inputs),
            book.id_of(method.output),
        )
        for method in described.methods
    )
    return RuntimeApi(described.name, tuple(methods))


def _types_of(book: TypeBook, described: shape.Pallet) -> Iterator[int]:
    """Every type a pallet's storage and constants want, so that the registry is whole before defaults are made."""
    for item in described.storage:
        yield book.id_of(item.value)
        yield from (book.id_of(kind) for _, kind in item.keys)
        yield _key_of(book, item) or 0
    for constant in described.constants:
        yield book.id_of(constant.type)


def _pallet(book: TypeBook, registry: Registry, described: shape.Pallet) -> Pallet:
    entries = tuple(_entry(book, registry, item) for item in described.storage)
    return Pallet(
        name=described.name,
        index=described.index,
        storage=Storage(described.name, entries) if entries else None,
        calls=book.arms_of(described, "Call"),
        event=book.arms_of(described, "Event"),
        error=book.arms_of(described, "Error"),
        constants=tuple(_constant(book, registry, constant) for constant in described.constants),
    )


def _entry(book: TypeBook, registry: Registry, item: shape.Item) -> StorageEntry:
    value = book.id_of(item.value)
    return StorageEntry(
        name=item.name,
        value=value,
        key=_key_of(book, item),
        hashers=tuple(_HASHERS[hasher] for hasher, _ in item.keys),
        optional=item.optional,
        default=b"\0" if item.optional else encode_value(registry, value, zero_of(registry, value)),
    )


def _key_of(book: TypeBook, item: shape.Item) -> int | None:
    kinds = [kind for _, kind in item.keys]
    if not kinds:
        return None
    return book.id_of(kinds[0]) if len(kinds) == 1 else book.id_of(f"({', '.join(kinds)})")


def _constant(book: TypeBook, registry: Registry, described: shape.ConstantShape) -> Constant:
    kind = book.id_of(described.type)
    return Constant(described.name, kind, encode_value(registry, kind, described.value))  # type: ignore[arg-type]


def _extrinsic(book: TypeBook, profile: Profile) -> ExtrinsicFormat:
    extensions = tuple(
        SignedExtension(
            one.identifier, book.add_shape(f"extension {one.identifier}", one.carried), book.id_of(one.signed)
        )
        for one in profile.extensions
    )
    extra = book.tuple_of((one.extra for one in extensions), "extra")
    parts = {"Address": "MultiAddress", "Call": "RuntimeCall", "Signature": "MultiSignature"}
    ids = {name: book.id_of(kind) for name, kind in parts.items()} | {"Extra": extra}
    params = tuple(TypeParam(name, held) for name, held in ids.items())
    fields = Composite((Field(None, book.id_of("Vec<u8>")),))
    path = ("sp_runtime", "generic", "unchecked_extrinsic", "UncheckedExtrinsic")
    whole = book.add_type("UncheckedExtrinsic", Type(path, params, fields))
    return ExtrinsicFormat(EXTRINSIC_VERSION, ids["Address"], ids["Call"], ids["Signature"], extra, extensions, whole)
