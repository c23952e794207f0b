"""`edge-node chain metadata make`: a word signed of files as a node gives them."""

from pathlib import Path

import pytest

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.metadata_bytes import metadata_hash
from edge_node.chain_light.metadata_pin import OpenedPin, open_metadata_pin
from edge_node.chain_light.vouching import VouchKeys
from edge_node.cli import main
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signing_key import SigningKey

COLD = SigningKey.from_seed(b"\x0c" * 32)
CODE, METADATA, OTHER = b"\x00asm code", b"meta\x0e fourteen", b"meta\x0f fifteen"
GENESIS = "ab" * 32


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_key_file(tmp_path / "cold.key", COLD)
    (tmp_path / "code").write_bytes(CODE)
    (tmp_path / "m14").write_text(f'"0x{METADATA.hex()}"\n')
    (tmp_path / "m15").write_bytes(OTHER)
    (tmp_path / "e.toml").write_text(f'[node]\ndata_dir = "{tmp_path / "n"}"\n')
    return tmp_path


def make(place: Path, *more: str) -> int:
    out = place / "pin.json"
    out.unlink(missing_ok=True)
    files = ["--key", str(place / "cold.key"), "--code", str(place / "code"), "--config", str(place / "e.toml")]
    return main(["chain", "metadata", "make", "--version", "80013", *files, "-o", str(out), *more])


def opened(place: Path) -> OpenedPin:
    keys = VouchKeys(release=frozenset(), operator=COLD.public)
    return open_metadata_pin((place / "pin.json").read_bytes(), keys=keys, genesis=None, now_ms=None)


def test_a_word_is_signed_of_files(place: Path) -> None:
    """Bytes or hex, several versions of metadata, the code by its hash."""
    named = ["--metadata", str(place / "m14"), "--metadata", str(place / "m15")]
    assert make(place, "--genesis", f"0x{GENESIS}", "--counter", "4", *named) == 0
    pin = opened(place).pin
    assert (pin.runtime.genesis.hex(), pin.runtime.spec_version) == (GENESIS, 80013)
    assert pin.runtime.code == blake2b_256(CODE)
    assert pin.metadata == tuple(sorted([metadata_hash(METADATA), metadata_hash(OTHER)]))
    assert pin.counter == 4


def test_without_metadata_it_is_taken_back(place: Path) -> None:
    """With a number that grows by itself."""
    assert make(place, "--genesis", GENESIS) == 0
    pin = opened(place).pin
    assert (pin.revokes, pin.counter) == (True, pin.issued_ms // 1_000)


def test_the_network_of_the_settings_is_meant(place: Path) -> None:
    """Where it says its first block; else it has to be given."""
    assert make(place) == 2
    with (place / "e.toml").open("a") as file:
        file.write('[chain]\nnetwork = "cere-testnet"\n')
    assert make(place) == 0
    assert opened(place).pin.runtime.genesis.hex().startswith("42b9b44b")


def test_hex_that_is_none_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is signed."""
    (place / "m14").write_text("0xzz")
    assert make(place, "--genesis", GENESIS, "--metadata", str(place / "m14")) == 2
    assert "begins as hex" in capsys.readouterr().err
    assert not (place / "pin.json").exists()
