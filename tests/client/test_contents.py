"""Content between file and node."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blake3 import blake3

from edge_node.base.ids import Cid
from edge_node.base.limits import MIB
from edge_node.client.contents import hash_file, hasher_of, read_file, save_verified
from edge_node.client.errors import ContentMismatch
from edge_node.wire.cid import raw_piece_cid
from tests.client.rig import both_backends, run

CONTENT = bytes(range(256)) * 5_000  # 1.28 MB: more than one step


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@both_backends
def test_a_file_is_hashed_and_read_in_steps(backend: str, tmp_path: Path) -> None:
    """Digest, size and bytes are those of the file; no step is longer than 1 MiB."""
    file = tmp_path / "content"
    file.write_bytes(CONTENT)

    async def main() -> list[bytes]:
        assert await hash_file(file) == (blake3(CONTENT).digest(), len(CONTENT))
        return [part async for part in read_file(file)]

    parts = run(backend, main)
    assert b"".join(parts) == CONTENT
    assert max(map(len, parts)) == MIB


@both_backends
def test_right_content_takes_its_name(backend: str, tmp_path: Path) -> None:
    """The file appears whole, and nothing else stays beside it."""
    target = tmp_path / "piece"
    size = run(backend, save_verified, raw_piece_cid(CONTENT), chunks(CONTENT[:9], CONTENT[9:]), target, MIB * 2)
    assert size == len(CONTENT)
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


@both_backends
@pytest.mark.parametrize(("came", "limit"), [(b"other", MIB), (b"", MIB), (CONTENT, 9)])
def test_wrong_content_leaves_nothing(backend: str, came: bytes, limit: int, tmp_path: Path) -> None:
    """An older file of the name stays as it was, and no part is left behind."""
    target = tmp_path / "piece"
    target.write_bytes(b"older")
    with pytest.raises(ContentMismatch):
        run(backend, save_verified, raw_piece_cid(CONTENT), chunks(came), target, limit)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]


def test_a_legacy_cid_is_hashed_with_blake2b() -> None:
    """The 38-byte form names BLAKE2b-256."""
    digest = hashlib.blake2b(b"x", digest_size=32).digest()
    hasher = hasher_of(Cid(bytes.fromhex("0155a0e40220") + digest))
    hasher.update(b"x")
    assert hasher.digest() == digest
