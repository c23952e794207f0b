"""Ed25519 keys (RFC 8032) over libsodium: a seed that never shows itself and a verification that is strict."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from nacl import bindings
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # the compiled module has no stub
from nacl.exceptions import BadSignatureError

from edge_node.base.errors import LocalError
from edge_node.base.ids import PublicKey, Signature, shorten

SEED_BYTES = 32


class KeyClosed(LocalError):
    """A signing key was used after close()."""

    def __init__(self, public: PublicKey) -> None:
        self.public = public
        super().__init__(f"key {shorten(public)} was closed: its secret is overwritten")


class WrongSeedLength(LocalError):
    """A seed is exactly 32 bytes."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(f"an Ed25519 seed has {SEED_BYTES} bytes, got {length}")


class SigningKey:
    """One Ed25519 key pair; its secret lies in one bytearray and is overwritten by close().

    libsodium writes the expanded secret straight into that bytearray and reads it there, so no copy of ours is left
    behind in immutable bytes. Use it as a context manager, or close it.
    """

    __slots__ = ("_closed", "_secret", "_view", "public")

    public: PublicKey

    def __init__(self, seed: bytes | bytearray) -> None:
        if len(seed) != SEED_BYTES:
            raise WrongSeedLength(len(seed))
        self._secret = bytearray(2 * SEED_BYTES)  # libsodium's form: seed, then public key
        # The view pins the bytearray: it cannot be resized, hence never moved and left behind elsewhere.
        self._view = ffi.from_buffer("unsigned char[]", self._secret)
        self._closed = False
        public = ffi.new("unsigned char[]", SEED_BYTES)
        outcome = lib.crypto_sign_seed_keypair(public, self._view, ffi.from_buffer("unsigned char[]", seed))
        assert outcome == 0, "libsodium always derives a key pair from 32 bytes"
        self.public = PublicKey(bytes(ffi.buffer(public)))

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> Self:
        """A new key from `random(32)`; the shell passes os.urandom."""
        return cls(random(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes | bytearray) -> Self:
        """The key of a 32-byte seed, which is copied: overwriting the caller's own is the caller's part."""
        return cls(seed)

    def copy_seed(self) -> bytearray:
        """The secret itself, for the key store alone; whoever takes it overwrites it."""
        self._require_open()
        return self._secret[:SEED_BYTES]

    def sign(self, message: bytes) -> Signature:
        """The deterministic signature of `message` (at most 1 MiB; offload longer ones); KeyClosed after close()."""
        self._require_open()
        return Signature(bindings.crypto_sign(message, self._view)[: Signature.size])

    def close(self) -> None:
        """Overwrite the secret; closing twice is allowed."""
        self._closed = True
        self._secret[:] = bytes(len(self._secret))

    def _require_open(self) -> None:
        if self._closed:
            raise KeyClosed(self.public)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SigningKey(public={shorten(self.public)})"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is neither pickled nor copied")


def verify_signature(key: PublicKey, message: bytes, signature: Signature) -> bool:
    """Say whether `signature` is `key`'s over `message`.

    libsodium's strict rule: S below the group order, R and the key canonical and not of small order, checked without
    cofactor. So one message has no second valid signature, and no key verifies what nobody signed.
    """
    try:
        # crypto_sign_open is the one verification PyNaCl binds; it copies what it checks, so messages here are short.
        bindings.crypto_sign_open(signature + message, key)
    except BadSignatureError:
        return False
    return True
