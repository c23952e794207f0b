"""Pallets and runtime APIs as they stand in metadata (frame-metadata, V14 and V15)."""

from edge_node.chain_light.metadata_parts import (
    ApiInput,
    ApiMethod,
    Constant,
    Hasher,
    Pallet,
    RuntimeApi,
    Storage,
    StorageEntry,
)
from edge_node.chain_light.metadata_scale import MetadataScale, write_maybe_id, write_text, write_texts
from edge_node.wire.scale import MalformedScale, blob, compact, uint

_PALLET_BYTES, _ENTRY_BYTES, _CONSTANT_BYTES, _API_BYTES, _METHOD_BYTES, _INPUT_BYTES = 7, 6, 4, 3, 4, 2


def read_pallets(scale: MetadataScale, *, documented: bool) -> tuple[Pallet, ...]:
    """The pallets; V15 documents them."""
    return tuple([_read_pallet(scale, documented=documented) for _ in scale.many(_PALLET_BYTES)])


def write_pallets(pallets: tuple[Pallet, ...], *, documented: bool) -> bytes:
    """The other way; without `documented` the pallets' own documentation is left out."""
    parts = [compact(len(pallets))]
    for pallet in pallets:
        parts += (write_text(pallet.name), _write_storage(pallet.storage))
        parts += (write_maybe_id(pallet.calls), write_maybe_id(pallet.event), compact(len(pallet.constants)))
        parts += [_write_constant(constant) for constant in pallet.constants]
        parts += (write_maybe_id(pallet.error), uint(pallet.index, 1))
        if documented:
            parts.append(write_texts(pallet.docs))
    return b"".join(parts)


def read_apis(scale: MetadataScale) -> tuple[RuntimeApi, ...]:
    """The runtime APIs of V15."""
    return tuple([_read_api(scale) for _ in scale.many(_API_BYTES)])


def write_apis(apis: tuple[RuntimeApi, ...]) -> bytes:
    """The other way."""
    parts = [compact(len(apis))]
    for api in apis:
        parts += (write_text(api.name), compact(len(api.methods)))
        parts += [_write_method(method) for method in api.methods]
        parts.append(write_texts(api.docs))
    return b"".join(parts)


def _read_pallet(scale: MetadataScale, *, documented: bool) -> Pallet:
    name = scale.name()
    storage = _read_storage(scale) if scale.flag() else None
    calls, event = scale.maybe_id(), scale.maybe_id()
    constants = tuple([_read_constant(scale) for _ in scale.many(_CONSTANT_BYTES)])
    error, index = scale.maybe_id(), scale.u8()
    return Pallet(name, index, storage, calls, event, error, constants, scale.docs() if documented else ())


def _read_storage(scale: MetadataScale) -> Storage:
    prefix = scale.name()
    return Storage(prefix, tuple([_read_entry(scale) for _ in scale.many(_ENTRY_BYTES)]))


def _read_entry(scale: MetadataScale) -> StorageEntry:
    # The modifier counts 0 for optional and 1 for "has a default", the kind 0 for a value and 1 for a map.
    name, optional, a_map = scale.name(), not scale.flag(), scale.flag()
    hashers = tuple([_read_hasher(scale) for _ in scale.many(1)]) if a_map else ()
    key = scale.id() if a_map else None
    value, default = scale.id(), scale.blob(scale.left)
    return StorageEntry(name, value, key, hashers, optional, default, scale.docs())


def _read_hasher(scale: MetadataScale) -> Hasher:
    start, hasher = scale.at, scale.u8()
    if hasher > max(Hasher):
        raise MalformedScale(f"an unknown hasher {hasher}", start)
    return Hasher(hasher)


def _read_constant(scale: MetadataScale) -> Constant:
    return Constant(scale.name(), scale.id(), scale.blob(scale.left), scale.docs())


def _read_api(scale: MetadataScale) -> RuntimeApi:
    name = scale.name()
    return RuntimeApi(name, tuple([_read_method(scale) for _ in scale.many(_METHOD_BYTES)]), scale.docs())


def _read_method(scale: MetadataScale) -> ApiMethod:
    name = scale.name()
    inputs = tuple([ApiInput(scale.name(), scale.id()) for _ in scale.many(_INPUT_BYTES)])
    return ApiMethod(name, inputs, scale.id(), scale.docs())


def _write_storage(storage: Storage | None) -> bytes:
    if storage is None:
        return b"\0"
    entries = b"".join([_write_entry(entry) for entry in storage.entries])
    return b"\1" + write_text(storage.prefix) + compact(len(storage.entries)) + entries


def _write_entry(entry: StorageEntry) -> bytes:
    head = write_text(entry.name) + bytes((not entry.optional,))
    if entry.key is None:
        kind = b"\0" + compact(entry.value)
    else:
        kind = b"\1" + blob(bytes(entry.hashers)) + compact(entry.key) + compact(entry.value)
    return head + kind + blob(entry.default) + write_texts(entry.docs)


def _write_constant(constant: Constant) -> bytes:
    return write_text(constant.name) + compact(constant.type) + blob(constant.value) + write_texts(constant.docs)


def _write_method(method: ApiMethod) -> bytes:
    inputs = b"".join([write_text(one.name) + compact(one.type) for one in method.inputs])
    return (
        write_text(method.name)
        + compact(len(method.inputs))
        + inputs
        + compact(method.output)
        + write_texts(method.docs)
    )
