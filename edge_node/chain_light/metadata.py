"""A runtime's metadata, V14 and V15: what it calls its pallets, calls, storage, events and errors (frame-metadata).

An endpoint's word: nothing here proves that it is the metadata of the chain.
"""

from dataclasses import dataclass

from edge_node.base.errors import Refusal
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.metadata_check import check_apis, check_extrinsic, check_outer, check_pallets, known, once
from edge_node.chain_light.metadata_parts import (
    Constant,
    CustomValue,
    ExtrinsicFormat,
    OuterEnums,
    Pallet,
    RuntimeApi,
)
from edge_node.chain_light.storage_key import StorageItem
from edge_node.chain_light.types import Registry, VariantOf


class NotInMetadata(ChainError, Refusal):
    """The runtime has nothing of this `kind` (pallet, call, storage, error …) and name."""

    slug = "not-in-metadata"
    status = 404
    remedy = "See with `edge-node chain metadata list` what the runtime of this network has."

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"the runtime has no {kind} {name}")


@dataclass(frozen=True, slots=True)
class ModuleError:
    """What a pallet's error number means."""

    pallet: str
    name: str
    docs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a runtime says of itself. `runtime` is the type of the runtime; `apis`, `outer`, `custom` are V15's.

    MalformedMetadata when its parts contradict each other.
    """

    registry: Registry
    pallets: tuple[Pallet, ...]
    extrinsic: ExtrinsicFormat
    runtime: int
    apis: tuple[RuntimeApi, ...] = ()
    outer: OuterEnums | None = None
    custom: tuple[CustomValue, ...] = ()

    def __post_init__(self) -> None:
        check_pallets(self.registry, self.pallets)
        check_extrinsic(self.registry, self.extrinsic, self.pallets)
        check_apis(self.registry, self.apis)
        if self.outer is not None:
            check_outer(self.registry, self.outer, self.pallets)
        known(self.registry, "the runtime", [self.runtime])
        known(self.registry, "a custom value", [value.type for value in self.custom])
        once("custom value", [value.name for value in self.custom])

    def find_pallet(self, name: str) -> Pallet:
        """The pallet of this name; NotInMetadata otherwise."""
        for pallet in self.pallets:
            if pallet.name == name:
                return pallet
        raise NotInMetadata("pallet", name)

    def pallet_at(self, index: int) -> Pallet:
        """The pallet with this index; NotInMetadata otherwise."""
        for pallet in self.pallets:
            if pallet.index == index:
                return pallet
        raise NotInMetadata("pallet", str(index))

    def find_call(self, pallet: str, call: str) -> VariantOf:
        """A call, its index and its fields."""
        return self._variant("call", pallet, self.find_pallet(pallet).calls, call)

    def find_event(self, pallet: str, event: str) -> VariantOf:
        """An event, its index and its fields."""
        return self._variant("event", pallet, self.find_pallet(pallet).event, event)

    def find_error(self, pallet_index: int, error_index: int) -> ModuleError:
        """What a dispatch error's numbers mean (of its four error bytes, the first)."""
        pallet = self.pallet_at(pallet_index)
        variant = None if pallet.error is None else self.registry.variant_at(pallet.error, error_index)
        if variant is None:
            raise NotInMetadata("error", f"{pallet.name}.{error_index}")
        return ModuleError(pallet.name, variant.name, variant.docs)

    def find_constant(self, pallet: str, name: str) -> Constant:
        """A constant of a pallet."""
        for constant in self.find_pallet(pallet).constants:
            if constant.name == name:
                return constant
        raise NotInMetadata("constant", f"{pallet}.{name}")

    def find_storage(self, pallet: str, name: str) -> StorageItem:
        """A storage value or map, with what its keys begin with."""
        storage = self.find_pallet(pallet).storage
        for entry in storage.entries if storage else ():
            if storage is not None and entry.name == name:
                return StorageItem(self.registry, storage.prefix, entry)
        raise NotInMetadata("storage", f"{pallet}.{name}")

    def _variant(self, kind: str, pallet: str, type_id: int | None, name: str) -> VariantOf:
        variant = None if type_id is None else self.registry.variant_named(type_id, name)
        if variant is None:
            raise NotInMetadata(kind, f"{pallet}.{name}")
        return variant
