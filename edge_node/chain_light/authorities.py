"""GRANDPA's authorities: their sets, the weight that decides, and their SCALE form (GRANDPA, "Voter Set")."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge_node.base.ids import PublicKey
from edge_node.chain_light.finality_errors import UnfitAuthorities
from edge_node.wire.scale import MalformedScale, Scale, compact

AUTHORITIES_MAX: Final = 10_000  # ten times the largest set of any known chain
_ENTRY: Final = struct.Struct("<32sQ")
_U64_END: Final = 1 << 64
_LIST_VERSION: Final = 1  # what precedes the list under the well-known key :grandpa_authorities


class Authority(NamedTuple):
    """One voter: an Ed25519 key and a weight from 1 to 2**64 - 1."""

    key: PublicKey
    weight: int


@dataclass(frozen=True, slots=True)
class AuthoritySet:
    """Who votes, under the number that their votes are bound to; UnfitAuthorities for whom nobody could vote among.

    Keys are unique, so that no key counts twice, and weights are above zero, as in every list a chain enacts.
    """

    id: int
    authorities: tuple[Authority, ...]
    weights: Mapping[PublicKey, int] = field(init=False, repr=False, compare=False)
    """The same by key."""
    total: int = field(init=False, repr=False, compare=False)
    """All weight there is."""

    def __post_init__(self) -> None:
        require_fit(self.authorities)
        object.__setattr__(self, "weights", dict(self.authorities))
        object.__setattr__(self, "total", sum(weight for _, weight in self.authorities))

    @property
    def threshold(self) -> int:
        """The least weight that finalizes: more than two thirds, so that two blocks cannot both have it honestly."""
        return self.total - (self.total - 1) // 3

    def next(self, authorities: Sequence[Authority]) -> "AuthoritySet":
        """The set that follows this one."""
        return AuthoritySet(self.id + 1, tuple(authorities))


def require_fit(authorities: Sequence[Authority]) -> None:
    """UnfitAuthorities for a list without a voter, with one twice or without weight, or with more than u64 in all."""
    if not 0 < len(authorities) <= AUTHORITIES_MAX:
        raise UnfitAuthorities(f"there are {len(authorities)} of them, where 1 to {AUTHORITIES_MAX} are wanted")
    if len({key for key, _ in authorities}) != len(authorities):
        raise UnfitAuthorities("a key stands there twice")
    if min(weight for _, weight in authorities) < 1:
        raise UnfitAuthorities("one has no weight")
    if sum(weight for _, weight in authorities) >= _U64_END:
        raise UnfitAuthorities("their weights are above 64 bits together")


def read_authorities(scale: Scale) -> tuple[Authority, ...]:
    """The list at the cursor, as digests, states and checkpoints hold it; whether it is fit, its user says."""
    start = scale.at
    count = scale.length(_ENTRY.size)
    if count > AUTHORITIES_MAX:
        raise MalformedScale(f"{count} authorities, where {AUTHORITIES_MAX} are the most", start)
    return tuple(
        Authority(PublicKey(key), weight) for key, weight in _ENTRY.iter_unpack(scale.take(count * _ENTRY.size))
    )


def decode_authorities(raw: bytes) -> tuple[Authority, ...]:
    """A list that is all of `raw`: the storage value Grandpa.Authorities."""
    scale = Scale(raw)
    authorities = read_authorities(scale)
    scale.end()
    return authorities


def decode_versioned_authorities(raw: bytes) -> tuple[Authority, ...]:
    """The storage value of the well-known key `:grandpa_authorities`: a version byte, which is 1, and the list."""
    scale = Scale(raw)
    version = scale.u8()
    if version != _LIST_VERSION:
        raise MalformedScale(f"version {version} of a list of authorities", 0)
    authorities = read_authorities(scale)
    scale.end()
    return authorities


def encode_authorities(authorities: Sequence[Authority]) -> bytes:
    """The SCALE form of a list."""
    return compact(len(authorities)) + b"".join(_ENTRY.pack(key, weight) for key, weight in authorities)
