"""The table of public keys is what the phrases give, derived here once more, and it is heeded."""

import hashlib

import pytest
import sr25519

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import PublicKey
from edge_node.trust.dev_keys import DEV_KEYS, Held, PublicSecret, require_own_secrets
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import blob

# The words of each phrase as the 128 bits they stand for (BIP-39).
DEVELOPMENT = "1a486a5fbe53639984cb64b070755f7b"
OTHERS = {
    "hybrid label reunion": "700f86e14d837f13036a0f316d556549",
    "test test": "df9bf37e6fcdf9bf37e6fcdf9bf37e3c",
    "abandon abandon": "00" * 16,
    "legal winner thank": "7f" * 16,
    "letter advice cage": "80" * 16,
    "zoo zoo": "ff" * 16,
}
NAMES = ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie", "One", "Two")


def seed_of(entropy: str) -> bytes:
    """A phrase's mini secret, as Substrate makes it: of the entropy, not of the words."""
    return hashlib.pbkdf2_hmac("sha512", bytes.fromhex(entropy), b"mnemonic", 2048)[:32]


def ed25519_key(seed: bytes, *path: str) -> PublicKey:
    for name in path:
        seed = blake2b_256(blob(b"Ed25519HDKD") + seed + blob(name.encode()).ljust(32, b"\0"))
    with SigningKey.from_seed(seed) as key:
        return key.public


def sr25519_key(seed: bytes, *path: str) -> PublicKey:
    pair = sr25519.pair_from_seed(seed)
    for name in path:
        _, *pair = sr25519.hard_derive_keypair((blob(name.encode()).ljust(32, b"\0"), *pair), b"")
    return PublicKey(bytes(pair[0]))


def test_the_development_phrase_is_the_one_everybody_uses() -> None:
    """Its mini secret and two accounts are as every wallet shows them."""
    seed = seed_of(DEVELOPMENT)
    assert seed.hex() == "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e"
    assert sr25519_key(seed, "Alice").hex() == "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
    assert ed25519_key(seed, "Alice").hex() == "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"


def test_the_table_is_what_the_phrases_give() -> None:
    """Every account, in both schemes, under its own name, and no key besides."""
    seed, wanted = seed_of(DEVELOPMENT), {}
    paths = [(), *((name, *rest) for name in NAMES for rest in ((), ("stash",)))]
    for path in paths:
        name = "".join(f"//{part}" for part in path) or "the development phrase"
        wanted[ed25519_key(seed, *path)] = name, "ed25519"
        wanted[sr25519_key(seed, *path)] = name, "sr25519"
    for words, entropy in OTHERS.items():
        seed = seed_of(entropy)
        for key, scheme in ((ed25519_key(seed), "ed25519"), (sr25519_key(seed), "sr25519")):
            name, found = DEV_KEYS[key]
            assert (words in name, found) == (True, scheme), words
            wanted[key] = name, scheme
    assert wanted == DEV_KEYS
    assert len(DEV_KEYS) == 2 * (17 + len(OTHERS))


@pytest.mark.parametrize(("scheme", "derive"), [("ed25519", ed25519_key), ("sr25519", sr25519_key)])
def test_a_public_secret_is_refused_by_name(scheme, derive) -> None:
    """Which key, whose, why, and what to do."""
    held = [Held("the node key", PublicKey(b"k" * 32)), Held("the cold key", derive(seed_of(DEVELOPMENT), "Bob"))]
    with pytest.raises(
        PublicSecret, match=rf"the cold key 6\S+ is //Bob {scheme}, .* and people live from it"
    ) as caught:
        require_own_secrets(held, "people live from it")
    assert "key new" in caught.value.remedy


def test_keys_of_ones_own_are_nobodys_business() -> None:
    """Nothing is said of them, nor of none."""
    require_own_secrets([Held("the node key", PublicKey(b"k" * 32))], "it matters")
    require_own_secrets([], "it matters")
