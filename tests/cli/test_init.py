"""`edge-node init` makes a node once and never over another."""

import json
import stat
from pathlib import Path

import pytest

from edge_node.cli import main


def make(directory: Path, *more: str) -> int:
    return main(["init", "--data-dir", str(directory), *more])


def test_init_makes_keys_settings_and_a_directory_only_its_owner_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything `run` needs is there, secrets have mode 0600, and the answer names the public keys."""
    home = tmp_path / "node"
    assert make(home, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["data_dir"] == str(home)
    for secret in ("keys/node.key", "keys/operator.key", "keys/tls/key.pem", "edge-node.toml"):
        assert stat.S_IMODE((home / secret).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert len(answer["node"]) == len(answer["operator"]) == 64
    assert (home / "keys/node.key").read_text().strip() not in json.dumps(answer)


def test_init_never_touches_an_existing_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second init is refused and changes not a byte."""
    home = tmp_path / "node"
    assert make(home) == 0
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert make(home) == 1
    assert make(home, "--config", str(tmp_path / "other.toml")) == 1
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "other.toml").exists()
    assert "already holds" in capsys.readouterr().err


def test_init_opens_plain_http_to_the_network_only_when_asked(tmp_path: Path) -> None:
    """Without a terminal and without --plain lan the plain door stays on this machine."""
    assert make(tmp_path / "a") == 0
    assert make(tmp_path / "b", "--plain", "lan") == 0
    assert '#listen = "127.0.0.1:8091"' in (tmp_path / "a/edge-node.toml").read_text()
    assert '\nplain = "lan"' in (tmp_path / "b/edge-node.toml").read_text()


def test_init_keeps_the_node_key_in_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a credential no node key is written to the data directory."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "node").write_text("11" * 32 + "\n")
    (credentials / "node").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert make(tmp_path / "node", "--key-credential", "node") == 0
    assert not (tmp_path / "node/keys/node.key").exists()
