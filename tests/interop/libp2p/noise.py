"""A connection encrypted by Noise XX, as the side that was called (libp2p, noise; X25519, ChaCha20-Poly1305, SHA-256).

The caller's identity is read over: whoever comes may be served.
"""

import hashlib
import hmac

import trio
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_node.trust.keys import SigningKey
from tests.interop.libp2p.bytes import Gone, Reader, field

NAME = "/noise"
PLAIN_MAX = 65_535 - 16
_PROTOCOL = b"Noise_XX_25519_ChaChaPoly_SHA256"
_SIGNED = b"noise-libp2p-static-key:"
_ED25519 = 1


def public_key_message(key: SigningKey) -> bytes:
    """The identity as libp2p writes public keys."""
    return field(1, _ED25519) + field(2, bytes(key.public))


class _Cipher:
    """One direction's key with its count of messages."""

    def __init__(self, key: bytes) -> None:
        self._aead, self._count = ChaCha20Poly1305(key), 0

    def _nonce(self) -> bytes:
        self._count += 1
        return bytes(4) + (self._count - 1).to_bytes(8, "little")

    def encrypt(self, plain: bytes, also: bytes = b"") -> bytes:
        return self._aead.encrypt(self._nonce(), plain, also)

    def decrypt(self, sealed: bytes, also: bytes = b"") -> bytes:
        return self._aead.decrypt(self._nonce(), sealed, also)


def _derive(chaining: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Noise's HKDF with two outputs."""
    start = hmac.digest(chaining, secret, "sha256")
    first = hmac.digest(start, b"\x01", "sha256")
    return first, hmac.digest(start, first + b"\x02", "sha256")


class _Handshake:
    """The symmetric state: what was said so far, and the key that came of it."""

    def __init__(self) -> None:
        self.hash = self.chaining = _PROTOCOL  # exactly 32 bytes, so it is its own digest
        self._cipher: _Cipher | None = None
        self.mix_hash(b"")  # libp2p has no prologue

    def mix_hash(self, said: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + said).digest()

    def mix_key(self, ours: X25519PrivateKey, theirs: bytes) -> None:
        secret = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
        self.chaining, key = _derive(self.chaining, secret)
        self._cipher = _Cipher(key)

    def seal(self, plain: bytes) -> bytes:
        assert self._cipher is not None
        sealed = self._cipher.encrypt(plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        assert self._cipher is not None
        plain = self._cipher.decrypt(sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def split(self) -> tuple[_Cipher, _Cipher]:
        """The caller's cipher and the answerer's."""
        first, second = _derive(self.chaining, b"")
        return _Cipher(first), _Cipher(second)


class NoiseStream:
    """Bytes over the encrypted connection."""

    def __init__(self, reader: Reader, stream: trio.abc.SendStream, theirs: _Cipher, ours: _Cipher) -> None:
        self._reader, self._stream, self._theirs, self._ours = reader, stream, theirs, ours
        self._waiting = b""

    async def receive_some(self, most: int | None = None) -> bytes:
        """Some bytes; none at the end."""
        while not self._waiting:
            try:
                self._waiting = self._theirs.decrypt(await _read(self._reader))
            except Gone:
                return b""
        count = most or len(self._waiting)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def send_all(self, data: bytes) -> None:
        """Send these; one task at a time."""
        parts = [data[at : at + PLAIN_MAX] for at in range(0, len(data), PLAIN_MAX)]
        await self._stream.send_all(b"".join(map(_framed, map(self._ours.encrypt, parts))))


async def answer(reader: Reader, stream: trio.abc.SendStream, identity: SigningKey, random) -> NoiseStream:
    """Shake hands with who called: -> e, <- e ee s es, -> s se. `random` gives so many bytes."""
    state = _Handshake()
    static, ephemeral = (X25519PrivateKey.from_private_bytes(random(32)) for _ in range(2))
    first = await _read(reader)
    their_ephemeral, payload = first[:32], first[32:]
    state.mix_hash(their_ephemeral)
    state.mix_hash(payload)
    own = ephemeral.public_key().public_bytes_raw()
    state.mix_hash(own)
    state.mix_key(ephemeral, their_ephemeral)
    public = static.public_key().public_bytes_raw()
    sealed = state.seal(public)
    state.mix_key(static, their_ephemeral)
    told = field(1, public_key_message(identity)) + field(2, bytes(identity.sign(_SIGNED + public)))
    await stream.send_all(_framed(own + sealed + state.seal(told)))
    last = await _read(reader)
    state.mix_key(ephemeral, state.open(last[:48]))
    state.open(last[48:])
    theirs, ours = state.split()
    return NoiseStream(reader, stream, theirs, ours)


async def _read(reader: Reader) -> bytes:
    return await reader.exactly(int.from_bytes(await reader.exactly(2), "big"))


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message
