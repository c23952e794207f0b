"""The digest of Substrate's chains, BLAKE2b with 32 bytes of output (RFC 7693)."""

import hashlib


def blake2b_256(data: bytes | memoryview) -> bytes:
    """BLAKE2b-256 of `data`, 32 bytes. Offload what is larger than 256 KiB."""
    return hashlib.blake2b(data, digest_size=32).digest()
