"""Ed25519: RFC 8032's answers, libsodium's strictness, and a secret that does not show itself."""

import copy
import json
import pickle  # noqa: TID251 - to see it refused
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, Signature
from edge_node.trust.signing_key import KeyClosed, SigningKey, WrongSeedLength, verify_signature

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/trust/ed25519.json").read_text())

seeds = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: vector["message_hex"] or "empty")
def test_rfc_8032_vectors(vector):
    """Key, signature and verification are those of the RFC."""
    message = bytes.fromhex(vector["message_hex"])
    with SigningKey.from_seed(bytes.fromhex(vector["seed_hex"])) as key:
        assert key.public.hex() == vector["key_hex"]
        assert key.sign(message).hex() == vector["signature_hex"]
        assert verify_signature(key.public, message, Signature.parse(vector["signature_hex"]))


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_lax_signatures_are_refused(case):
    """Small-order and unreduced keys and points, and S beyond the group order, never verify."""
    key, signature = PublicKey.parse(case["key_hex"]), Signature.parse(case["signature_hex"])
    assert not verify_signature(key, bytes.fromhex(case["message_hex"]), signature)


@given(seeds, st.binary(max_size=200))
def test_a_signature_verifies(seed, message):
    """What a key signs verifies under its public half, the same each time."""
    key = SigningKey.from_seed(seed)
    assert key.sign(message) == key.sign(message)
    assert verify_signature(key.public, message, key.sign(message))


@given(seeds, st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_is_refused(seed, message, data):
    """One byte changed in key, message or signature, and nothing verifies."""
    key = SigningKey.from_seed(seed)
    parts = [bytearray(key.public), bytearray(message), bytearray(key.sign(message))]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= data.draw(st.integers(1, 255))
    assert not verify_signature(PublicKey(bytes(parts[0])), bytes(parts[1]), Signature(bytes(parts[2])))


def test_generate_asks_for_32_random_bytes():
    """Randomness is an argument, asked once for 32 bytes."""
    asked: list[int] = []

    def random(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    assert SigningKey.generate(random).public == SigningKey.from_seed(bytes(range(32))).public
    assert asked == [32]


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(length):
    """Another length is our own fault, and the message holds the length only."""
    with pytest.raises(WrongSeedLength, match=str(length)):
        SigningKey.from_seed(b"\xaa" * length)


def test_the_secret_is_not_shown():
    """Neither repr, str, format nor an error's traceback holds the seed in any usual form."""
    seed = bytes(range(100, 132))
    key = SigningKey.from_seed(seed)
    with pytest.raises(TypeError) as refused:
        pickle.dumps(key)
    shown = [repr(key), str(key), f"{key}", "".join(traceback.format_exception(refused.value))]
    for text in shown:
        assert seed.hex() not in text
        assert repr(seed)[2:-1] not in text
    assert key.public.hex()[:8] in repr(key)


def test_the_secret_is_not_copied():
    """A key refuses to be pickled or copied."""
    key = SigningKey.from_seed(bytes(32))
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            duplicate(key)


def test_close_overwrites_the_secret():
    """After close the bytes are zero, signing is refused, and the public half stays."""
    key = SigningKey.from_seed(b"\x11" * 32)
    secret = key._secret
    assert secret[:32] == b"\x11" * 32
    with key:
        pass
    key.close()
    assert secret == bytes(64)
    for use in (lambda: key.sign(b""), key.copy_seed):
        with pytest.raises(KeyClosed):
            use()
    assert len(key.public) == 32


def test_the_secret_cannot_be_moved_by_resizing():
    """The bytearray is pinned while the key lives: growing it would leave a copy behind."""
    key = SigningKey.from_seed(bytes(32))
    with pytest.raises(BufferError):
        key._secret.append(0)


def test_the_callers_seed_is_copied():
    """Overwriting the given bytearray does not harm the key."""
    seed = bytearray(b"\x22" * 32)
    key = SigningKey.from_seed(seed)
    seed[:] = bytes(32)
    assert key.copy_seed() == b"\x22" * 32
