"""Readings of a chain's state that need no metadata: layouts compiled into the release (FRAME's pallets, SCALE).

Each reads one form and no other. A value of another form is a fact to be told, never to be guessed at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.authorities import (
    Authority,
    decode_authorities,
    decode_versioned_authorities,
    require_fit,
)
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.finality_errors import UnfitAuthorities
from edge_node.chain_light.metadata_parts import Hasher
from edge_node.chain_light.storage_key import hash_key, item_prefix
from edge_node.wire.scale import MalformedScale, Scale

ACCOUNT_BYTES: Final = 32
SPEC_NAME_BYTES_MAX: Final = 256
_NEW_LOGIC: Final = 1 << 127  # pallet_balances, ExtraFlags: the account has been written since holds and freezes came

Value_co = TypeVar("Value_co", covariant=True)


class UnknownLayout(ChainError, Refusal):
    """A proved value does not have the form this release reads: the chain's runtime is another; `why` says how.

    Nobody's lie: the state holds it so.
    """

    slug, status = "unknown-layout", 502
    remedy = "Update the node, or import a pin of this runtime's metadata (docs/specs/metadata-pin.md)."

    def __init__(self, item: str, why: str) -> None:
        self.item, self.why = item, why
        super().__init__(f"{item} has a form that is not known here: {why}")


class NoAccount(ChainError, LocalError):
    """Bytes that are to name an account are not 32."""

    slug = "no-account"


@dataclass(frozen=True, slots=True)
class Layout(Generic[Value_co]):
    """One place of the state and how it is read: `decode` takes the value there, None for none."""

    name: str
    key: bytes
    decode: Callable[[bytes | None], Value_co]

    def read(self, raw: bytes | None) -> Value_co:
        """The value of what was proved to stand there; UnknownLayout."""
        try:
            return self.decode(raw)
        except MalformedScale as malformed:
            raise UnknownLayout(self.name, malformed.why) from None


class Account(NamedTuple):
    """System.Account: what an account has, in planck, and what keeps it there.

    `free` is all that is not reserved; of both together `frozen` has to stay.
    """

    nonce: int
    consumers: int
    providers: int
    sufficients: int
    free: int
    reserved: int
    frozen: int


class RuntimeUpgrade(NamedTuple):
    """System.LastRuntimeUpgrade: the runtime whose upgrade ran last, which is the one whose rules the state follows."""

    spec_version: int
    spec_name: str


NO_ACCOUNT: Final = Account(0, 0, 0, 0, 0, 0, 0)


def account_layout(account: bytes) -> Layout[Account]:
    """Where an account stands; one that nobody ever paid has nothing. NoAccount unless it has 32 bytes."""
    if len(account) != ACCOUNT_BYTES:
        raise NoAccount(f"an account of {len(account)} bytes")
    key = item_prefix("System", "Account") + hash_key(Hasher.BLAKE2_128_CONCAT, bytes(account))
    return Layout("System.Account", key, _account)


def _account(raw: bytes | None) -> Account:
    if raw is None:
        return NO_ACCOUNT
    scale = Scale(raw)
    counts = (scale.u32(), scale.u32(), scale.u32(), scale.u32())
    free, reserved, third, fourth = scale.u128(), scale.u128(), scale.u128(), scale.u128()
    scale.end()
    if fourth == _NEW_LOGIC:
        return Account(*counts, free, reserved, third)
    if fourth & _NEW_LOGIC:
        raise UnknownLayout("System.Account", f"its flags are {fourth:#x}")
    # Not written since before holds and freezes: what is frozen for fees and for the rest, of which the larger counts.
    return Account(*counts, free, reserved, max(third, fourth))


def _upgrade(raw: bytes | None) -> RuntimeUpgrade:
    scale = _whole("System.LastRuntimeUpgrade", raw)
    found = RuntimeUpgrade(scale.compact(), scale.text(SPEC_NAME_BYTES_MAX))
    scale.end()
    return found


def _u32(raw: bytes | None) -> int:
    """A number that is zero where none was ever written."""
    if raw is None:
        return 0
    scale = Scale(raw)
    number = scale.u32()
    scale.end()
    return number


def _u64(raw: bytes | None) -> int:
    if raw is None:
        return 0
    scale = Scale(raw)
    number = scale.u64()
    scale.end()
    return number


def _time(raw: bytes | None) -> int | None:
    """None before block 1, which is the first that has a time."""
    return None if raw is None else _u64(raw)


def _parent(raw: bytes | None) -> Hash256 | None:
    if raw is None:
        return None
    scale = Scale(raw)
    found = Hash256(scale.take(Hash256.size))
    scale.end()
    return found


def _authorities(raw: bytes | None) -> tuple[Authority, ...] | None:
    return None if raw is None else _fit("Grandpa.Authorities", decode_authorities(raw))


def _well_known(raw: bytes | None) -> tuple[Authority, ...] | None:
    return None if raw is None else _fit(":grandpa_authorities", decode_versioned_authorities(raw))


def _fit(item: str, authorities: tuple[Authority, ...]) -> tuple[Authority, ...]:
    try:
        require_fit(authorities)
    except UnfitAuthorities as unfit:
        raise UnknownLayout(item, unfit.why) from None
    return authorities


def _code(raw: bytes | None) -> Hash256:
    if raw is None:
        raise UnknownLayout(":code", "there is none")
    return Hash256(blake2b_256(raw))


def _whole(item: str, raw: bytes | None) -> Scale:
    if raw is None:
        raise UnknownLayout(item, "there is none")
    return Scale(raw)


RUNTIME: Final = Layout("System.LastRuntimeUpgrade", item_prefix("System", "LastRuntimeUpgrade"), _upgrade)
NUMBER: Final = Layout("System.Number", item_prefix("System", "Number"), _u32)
PARENT: Final = Layout("System.ParentHash", item_prefix("System", "ParentHash"), _parent)
NOW: Final = Layout("Timestamp.Now", item_prefix("Timestamp", "Now"), _time)
"""The time the block's author gave it, ms UTC."""
SET_ID: Final = Layout("Grandpa.CurrentSetId", item_prefix("Grandpa", "CurrentSetId"), _u64)
"""Counted up in the block that announces a set, also where that takes over later."""
AUTHORITIES: Final = Layout("Grandpa.Authorities", item_prefix("Grandpa", "Authorities"), _authorities)
WELL_KNOWN_AUTHORITIES: Final = Layout(":grandpa_authorities", b":grandpa_authorities", _well_known)
"""Where runtimes before 2024 keep them instead."""
CODE: Final = Layout(":code", b":code", _code)
"""BLAKE2b-256 of the runtime's code."""
