"""The accounts everybody has the keys of: a development chain's rich, root and validators (Substrate's dev phrase).

Derived as every wallet derives `//Alice`, so that a client's own development keys are funded here. Whoever reads this
can spend from them: never on a live network.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sr25519  # type: ignore[import-untyped]  # a compiled module without stubs

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.devnet.runtime import Validator
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import blob

# The mini secret of the phrase "bottom drive obey lake curtain smoke basket hold race lonely fit walk".
_DEV_SEED: Final = bytes.fromhex("fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e")
_JUNCTION_BYTES: Final = 32
NAMES: Final = ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie")
AUTHORITIES_MAX: Final = 100  # as the pallet allows


@dataclass(frozen=True, slots=True)
class Sr25519Pair:
    """An sr25519 account: its public key, and what signs with it."""

    public: bytes
    sign: Callable[[bytes], bytes]


def sr25519_dev(*path: str) -> Sr25519Pair:
    """The account at `//a//b` below the phrase."""
    pair = sr25519.pair_from_seed(_DEV_SEED)
    for name in path:
        _, *pair = sr25519.hard_derive_keypair((_junction(name), *pair), b"")
    held = tuple(pair)
    return Sr25519Pair(bytes(held[0]), lambda message: bytes(sr25519.sign(held, message)))


def ed25519_dev(*path: str) -> SigningKey:
    """The ed25519 key at `//a//b` below the phrase."""
    seed = _DEV_SEED
    for name in path:
        seed = blake2b_256(blob(b"Ed25519HDKD") + seed + _junction(name))
    return SigningKey(seed)


def dev_accounts() -> list[bytes]:
    """The accounts that begin rich: each name in both schemes, and its stash."""
    pairs = [pair for name in NAMES for pair in ((name,), (name, "stash"))]
    return [sr25519_dev(*path).public for path in pairs] + [bytes(ed25519_dev(*path).public) for path in pairs]


def dev_validator(place: int) -> Validator:
    """The validator at `place`: Alice, Bob and so on by name, then by number."""
    name = NAMES[place] if place < len(NAMES) else f"Validator{place}"
    babe = sr25519_dev(name)

    def seal(digest: Hash256) -> bytes:
        return babe.sign(digest)

    return Validator(sr25519_dev(name, "stash").public, babe.public, ed25519_dev(name), seal)


def _junction(name: str) -> bytes:
    """What a path's part is hashed in as: its SCALE text, by its hash where that is longer."""
    text = blob(name.encode())
    if len(text) > _JUNCTION_BYTES:
        return hashlib.blake2b(text, digest_size=_JUNCTION_BYTES).digest()
    return text.ljust(_JUNCTION_BYTES, b"\0")
