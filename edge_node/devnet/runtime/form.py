"""The form of a runtime: its metadata in use, with every item, type and error found by its name."""

from edge_node.chain_light.codec import decode_whole, encode_value
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import write_metadata
from edge_node.chain_light.storage_key import StorageItem
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.runtime.described import metadata_of
from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal

_ERROR_BYTES = 4


class Form:
    """A profile as its clients see it, and as the chain's own code reads and writes it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.metadata: Metadata = metadata_of(profile)
        self.registry = self.metadata.registry
        self._items = dict[tuple[str, str], StorageItem]()
        self._errors = {
            (pallet.name, name): (pallet.index, index)
            for pallet in profile.pallets
            for index, name in enumerate(pallet.errors)
        }
        self._types = {"::".join(one.path): place for place, one in enumerate(self.registry) if one.path}

    def written(self, version: int) -> bytes:
        """The metadata as a client is answered it, version 14 or 15; it costs milliseconds, so keep it."""
        return write_metadata(self.metadata, version)

    def item(self, pallet: str, name: str) -> StorageItem:
        """A storage item; NotInMetadata for one that no pallet describes."""
        found = self._items.get((pallet, name))
        if found is None:
            found = self._items[pallet, name] = self.metadata.find_storage(pallet, name)
        return found

    def encode(self, path: str, value: Value) -> bytes:
        """A value of the one type at `path`, written as in Rust."""
        return encode_value(self.registry, self._types[path], value)

    def decode(self, path: str, raw: bytes) -> Value:
        """The value of the one type at `path` that is all of `raw`."""
        return decode_whole(self.registry, self._types[path], raw)

    def encode_call(self, call: Chosen) -> bytes:
        """A call: `Chosen(pallet, Chosen(call, fields))`."""
        return encode_value(self.registry, self.metadata.extrinsic.call, call)

    def error_value(self, refused: CallRefused) -> Chosen:
        """A refusal as a DispatchError in the codec's form."""
        if isinstance(refused, PalletRefusal):
            index, error = self._errors[refused.pallet, refused.error]
            return Chosen("Module", {"index": index, "error": bytes((error,)).ljust(_ERROR_BYTES, b"\0")})
        return Chosen(refused.kind, None if refused.detail is None else Chosen(refused.detail))
