"""What a runtime's metadata says besides its types: pallets, storage, extrinsics, runtime APIs (frame-metadata)."""

import enum
from dataclasses import dataclass


class Hasher(enum.IntEnum):
    """How a key of a storage map is hashed, by its index on the wire; concatenating ones keep the key readable."""

    BLAKE2_128 = 0
    BLAKE2_256 = 1
    BLAKE2_128_CONCAT = 2
    TWOX_128 = 3
    TWOX_256 = 4
    TWOX_64_CONCAT = 5
    IDENTITY = 6


@dataclass(frozen=True, slots=True)
class StorageEntry:
    """One storage value or map.

    `key` is None for a value; a map of several hashers has a tuple type as its key, one element for each hasher.
    `optional` entries have no value when absent, others have `default`, a SCALE value of type `value`.
    """

    name: str
    value: int
    key: int | None = None
    hashers: tuple[Hasher, ...] = ()
    optional: bool = False
    default: bytes = b""
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """A pallet's storage; `prefix` is what its keys begin with, the pallet's name as a rule."""

    prefix: str
    entries: tuple[StorageEntry, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a pallet: a SCALE value of its type."""

    name: str
    type: int
    value: bytes
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pallet:
    """One pallet; `index` is the first byte of its calls, events and errors; `calls`, `event`, `error` are enum types.

    V14 holds no `docs` of a pallet.
    """

    name: str
    index: int
    storage: Storage | None = None
    calls: int | None = None
    event: int | None = None
    error: int | None = None
    constants: tuple[Constant, ...] = ()
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedExtension:
    """One extension of a signed extrinsic: `extra` is sent with it, `additional` only signed."""

    identifier: str
    extra: int
    additional: int


@dataclass(frozen=True, slots=True)
class ExtrinsicFormat:
    """How extrinsics are made up.

    `type` is the type of a whole extrinsic: V14 wants it, and it is None when read from V15, which names `address`,
    `call`, `signature` and `extra` itself; from V14 these are read as the parameters of `type`.
    """

    version: int
    address: int
    call: int
    signature: int
    extra: int
    extensions: tuple[SignedExtension, ...]
    type: int | None = None


@dataclass(frozen=True, slots=True)
class ApiInput:
    """A named argument of a runtime API's method."""

    name: str
    type: int


@dataclass(frozen=True, slots=True)
class ApiMethod:
    """One method of a runtime API, called as `<Api>_<method>`."""

    name: str
    inputs: tuple[ApiInput, ...]
    output: int
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuntimeApi:
    """A runtime API and its methods."""

    name: str
    methods: tuple[ApiMethod, ...]
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OuterEnums:
    """The runtime's own enums over all pallets."""

    call: int
    event: int
    error: int


@dataclass(frozen=True, slots=True)
class CustomValue:
    """A value that a chain publishes about itself, SCALE of its type."""

    name: str
    type: int
    value: bytes
