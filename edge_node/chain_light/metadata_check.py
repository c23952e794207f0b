"""What metadata must agree in with itself, whoever made it, so that a name means one thing."""

from collections.abc import Iterable, Iterator, Sequence

from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.metadata_parts import ExtrinsicFormat, OuterEnums, Pallet, RuntimeApi, StorageEntry
from edge_node.chain_light.types import Registry, TupleOf, Variant


class MalformedMetadata(BadAnswer):
    """Metadata that no runtime can have; `why` names the part that is wrong."""

    slug = "malformed-metadata"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"metadata that cannot be: {why}")


def once(what: str, names: Iterable[object]) -> None:
    """Refuse a name or number that stands twice among `names`."""
    seen: set[object] = set()
    for name in names:
        if name in seen:
            raise MalformedMetadata(f"{what} {name!r} stands twice")
        seen.add(name)


def known(registry: Registry, what: str, type_ids: Iterable[int]) -> None:
    """Refuse the id of a type that the registry does not hold."""
    for type_id in type_ids:
        if not 0 <= type_id < len(registry):
            raise MalformedMetadata(f"{what} is of type {type_id}, which the registry does not hold")


def check_pallets(registry: Registry, pallets: Sequence[Pallet]) -> None:
    """Names and indexes stand once, types exist, calls, events and errors are enums, keys match their hashers."""
    once("pallet", [pallet.name for pallet in pallets])
    once("pallet index", [pallet.index for pallet in pallets])
    for pallet in pallets:
        known(registry, f"pallet {pallet.name}", _enums_of(pallet))
        for type_id in _enums_of(pallet):
            if not isinstance(registry[type_id].definition, Variant):
                raise MalformedMetadata(f"calls, event or error of pallet {pallet.name} are no enum")
        once(f"constant of pallet {pallet.name}", [constant.name for constant in pallet.constants])
        known(registry, f"a constant of pallet {pallet.name}", [constant.type for constant in pallet.constants])
        entries = pallet.storage.entries if pallet.storage else ()
        once(f"storage of pallet {pallet.name}", [entry.name for entry in entries])
        for entry in entries:
            _check_entry(registry, f"{pallet.name}.{entry.name}", entry)


def check_extrinsic(registry: Registry, extrinsic: ExtrinsicFormat, pallets: Sequence[Pallet]) -> None:
    """Types exist, extensions stand once, and the enum of all calls says the same as the pallets."""
    known(registry, "the extrinsic", [extrinsic.address, extrinsic.call, extrinsic.signature, extrinsic.extra])
    known(registry, "the extrinsic", [] if extrinsic.type is None else [extrinsic.type])
    once("signed extension", [extension.identifier for extension in extrinsic.extensions])
    for extension in extrinsic.extensions:
        known(registry, f"extension {extension.identifier}", (extension.extra, extension.additional))
    _check_outer(registry, "call", extrinsic.call, [(one, one.calls) for one in pallets])


def check_outer(registry: Registry, outer: OuterEnums, pallets: Sequence[Pallet]) -> None:
    """The enums of all calls, events and errors say the same as the pallets."""
    known(registry, "an outer enum", (outer.call, outer.event, outer.error))
    _check_outer(registry, "call", outer.call, [(one, one.calls) for one in pallets])
    _check_outer(registry, "event", outer.event, [(one, one.event) for one in pallets])
    _check_outer(registry, "error", outer.error, [(one, one.error) for one in pallets])


def check_apis(registry: Registry, apis: Sequence[RuntimeApi]) -> None:
    """Names stand once and types exist."""
    once("runtime API", [api.name for api in apis])
    for api in apis:
        once(f"method of {api.name}", [method.name for method in api.methods])
        for method in api.methods:
            once(f"input of {api.name}.{method.name}", [one.name for one in method.inputs])
            types = [one.type for one in method.inputs]
            known(registry, f"{api.name}.{method.name}", [*types, method.output])


def _enums_of(pallet: Pallet) -> Iterator[int]:
    return (type_id for type_id in (pallet.calls, pallet.event, pallet.error) if type_id is not None)


def _check_entry(registry: Registry, name: str, entry: StorageEntry) -> None:
    known(registry, name, [entry.value] if entry.key is None else [entry.value, entry.key])
    if (entry.key is None) != (not entry.hashers):
        raise MalformedMetadata(f"{name} has hashers without a key, or a key without")
    if entry.key is not None and len(entry.hashers) > 1:
        key = registry[entry.key].definition
        if not isinstance(key, TupleOf) or len(key.types) != len(entry.hashers):
            raise MalformedMetadata(f"{name} has {len(entry.hashers)} hashers, its key has not as many parts")


def _check_outer(registry: Registry, what: str, outer: int, parts: Sequence[tuple[Pallet, int | None]]) -> None:
    """An enum over the pallets has the pallets' indexes: else one name would lead to two places."""
    for pallet, inner in parts:
        variant = registry.variant_named(outer, pallet.name)
        if inner is not None and variant is None:
            raise MalformedMetadata(f"the outer {what} knows no pallet {pallet.name}")
        if variant is None or inner is None:
            continue
        if variant.index != pallet.index or [field.type for field in variant.fields] != [inner]:
            raise MalformedMetadata(f"the outer {what} and pallet {pallet.name} disagree")
