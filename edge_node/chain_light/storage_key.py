"""Keys of a chain's storage: two hashes of names, then each part of a map's key as its hasher says (FRAME storage)."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import xxhash

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError
from edge_node.chain_light.codec import decode_value, decode_whole, encode_value
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.metadata_parts import Hasher, StorageEntry
from edge_node.chain_light.types import Registry, TupleOf
from edge_node.chain_light.values import Value, ValueMisfit
from edge_node.wire.scale import Scale

PREFIX_BYTES: Final = 32


class ForeignKey(BadAnswer):
    """A storage key is not one of the item's: another prefix, or a hash that is not its key's."""

    slug = "foreign-storage-key"

    def __init__(self, item: str, why: str) -> None:
        self.item, self.why = item, why
        super().__init__(f"no key of {item}: {why}")


class KeyNotKept(ChainError, LocalError):
    """The item's keys are hashes alone: what was hashed cannot be read back."""

    slug = "storage-key-not-kept"

    def __init__(self, item: str, hasher: Hasher) -> None:
        self.item, self.hasher = item, hasher
        super().__init__(f"keys of {item} are {hasher.name} alone, which does not keep them")


@dataclass(frozen=True, slots=True)
class StorageItem:
    """A storage entry with what reading it needs: the types, and the prefix of its pallet."""

    registry: Registry
    prefix: str
    entry: StorageEntry

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"{self.prefix}.{self.entry.name}"

    @property
    def key_types(self) -> tuple[int, ...]:
        """The type of each part of the key, one for each hasher; none for a value."""
        entry = self.entry
        if entry.key is None:
            return ()
        if len(entry.hashers) == 1:
            return (entry.key,)
        parts = self.registry[entry.key].definition
        return parts.types if isinstance(parts, TupleOf) else ()


def twox(data: bytes, size: int) -> bytes:
    """xxHash64 of `data` with the seeds 0, 1, … behind each other, `size` bytes in all (8, 16 or 32)."""
    words = [xxhash.xxh64_intdigest(data, seed).to_bytes(8, "little") for seed in range(size // 8)]
    return b"".join(words)


def _blake2b_128(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


_HASHES: Final[Mapping[Hasher, Callable[[bytes], bytes]]] = {
    Hasher.BLAKE2_128: _blake2b_128,
    Hasher.BLAKE2_256: blake2b_256,
    Hasher.BLAKE2_128_CONCAT: _blake2b_128,
    Hasher.TWOX_128: lambda data: twox(data, 16),
    Hasher.TWOX_256: lambda data: twox(data, 32),
    Hasher.TWOX_64_CONCAT: lambda data: twox(data, 8),
    Hasher.IDENTITY: lambda _: b"",
}
# How many bytes of hash stand before the key itself.
_BEFORE_KEY: Final = {Hasher.BLAKE2_128_CONCAT: 16, Hasher.TWOX_64_CONCAT: 8, Hasher.IDENTITY: 0}


def hash_key(hasher: Hasher, key: bytes) -> bytes:
    """One part of a key as it stands in storage."""
    digest = _HASHES[hasher](key)
    return digest + key if hasher in _BEFORE_KEY else digest


def item_prefix(prefix: str, name: str) -> bytes:
    """What all keys of an entry begin with: twox-128 of the pallet's prefix and of the entry's name, 32 bytes."""
    return twox(prefix.encode(), 16) + twox(name.encode(), 16)


def storage_key(item: StorageItem, *keys: Value) -> bytes:
    """The key of one value; ValueMisfit unless there is a key for each hasher, in the form of its type."""
    if len(keys) != len(item.entry.hashers):
        raise ValueMisfit(f"wants {len(item.entry.hashers)} keys, {len(keys)} are given", item.name)
    return prefix_of(item, *keys)


def prefix_of(item: StorageItem, *keys: Value) -> bytes:
    """What the keys of all values begin with whose first parts are `keys`: without any, those of the whole item."""
    if len(keys) > len(item.entry.hashers):
        raise ValueMisfit(f"wants {len(item.entry.hashers)} keys, {len(keys)} are given", item.name)
    parts = [item_prefix(item.prefix, item.entry.name)]
    for hasher, type_id, key in zip(item.entry.hashers, item.key_types, keys, strict=False):
        try:
            parts.append(hash_key(hasher, encode_value(item.registry, type_id, key)))
        except ValueMisfit as misfit:
            raise misfit.inside(item.name) from None
    return b"".join(parts)


def split_key(item: StorageItem, raw: bytes) -> tuple[Value, ...]:
    """The keys in a storage key, one for each hasher, whose hashes are checked against them.

    ForeignKey or MalformedScale when it is no key of the item, KeyNotKept when a hasher does not keep its key.
    """
    scale = Scale(raw)
    if raw[:PREFIX_BYTES] != item_prefix(item.prefix, item.entry.name):
        raise ForeignKey(item.name, "it begins otherwise")
    scale.take(PREFIX_BYTES)
    keys = [_take_key(item, *part, scale) for part in zip(item.entry.hashers, item.key_types, strict=True)]
    scale.end()
    return tuple(keys)


def value_of(item: StorageItem, raw: bytes | None) -> Value:
    """The value that is stored under a key, given the bytes there or None for no bytes there.

    Absent is None for an optional item, and the default that the runtime names for others.
    """
    if raw is None and item.entry.optional:
        return None
    return decode_whole(item.registry, item.entry.value, item.entry.default if raw is None else raw)


def _take_key(item: StorageItem, hasher: Hasher, type_id: int, scale: Scale) -> Value:
    if hasher not in _BEFORE_KEY:
        raise KeyNotKept(item.name, hasher)
    digest, start = scale.take(_BEFORE_KEY[hasher]), scale.at
    key = decode_value(item.registry, type_id, scale)
    if _HASHES[hasher](scale.since(start)) != digest:
        raise ForeignKey(item.name, "a hash is not that of the key behind it")
    return key
