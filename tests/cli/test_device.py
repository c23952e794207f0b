"""`edge-node device`: the registry of a stopped node, from enrolment to revocation."""

import json
from pathlib import Path

import pytest

from edge_node.cli import main
from edge_node.journal import DirectoryLock, OsFiles
from edge_node.paths import Paths

KEY = "ab" * 32


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["init", "--data-dir", str(tmp_path / "n")]) == 0
    capsys.readouterr()
    return str(tmp_path / "n" / "edge-node.toml")


def listed(config: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    assert main(["device", "list", "--json", "--config", config]) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_device_lives_from_enrolment_to_revocation(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb changes the status as its name says, and the registry remembers."""
    assert main(["device", "enrol", "t1", "--key", KEY, "--stream", "site/a", "--config", config]) == 0
    assert listed(config, capsys)["t1"]["streams"] == ["site/a"]
    for verb, status in (("suspend", "suspended"), ("resume", "active"), ("revoke", "revoked")):
        assert main(["device", verb, KEY, "--note", "why", "--config", config]) == 0
        assert listed(config, capsys)["t1"]["status"] == status


def test_a_revoked_key_stays_out(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Enrolling a revoked key again is refused with what to do instead."""
    assert main(["device", "enrol", "t1", "--key", KEY, "--config", config]) == 0
    assert main(["device", "revoke", "t1", "--config", config]) == 0
    assert main(["device", "enrol", "t2", "--key", KEY, "--config", config]) == 1
    assert "hint:" in capsys.readouterr().err


def test_enrol_can_make_the_device_s_key(config: str, tmp_path: Path) -> None:
    """--new-key writes a key file; a refused enrolment leaves none behind."""
    assert main(["device", "enrol", "t1", "--new-key", str(tmp_path / "t1.key"), "--config", config]) == 0
    assert (tmp_path / "t1.key").exists()
    assert main(["device", "enrol", "t1", "--new-key", str(tmp_path / "t2.key"), "--config", config]) == 1
    assert not (tmp_path / "t2.key").exists()


def test_enrol_wants_one_key(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No key, or two, is a mistake of the command line."""
    assert main(["device", "enrol", "t1", "--config", config]) == 2
    assert main(["device", "enrol", "t1", "--key", KEY, "--new-key", str(tmp_path / "k"), "--config", config]) == 2
    assert "--new-key" in capsys.readouterr().err


def test_an_unknown_device_is_named(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error repeats what was asked for."""
    assert main(["device", "suspend", "nobody", "--config", config]) == 1
    assert "nobody" in capsys.readouterr().err


def test_a_running_node_keeps_its_registry(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """While another process holds LOCK the verbs are refused with exit code 4."""
    lock = DirectoryLock(Paths(Path(config).parent), OsFiles(), "edge-node run")
    try:
        assert main(["device", "list", "--config", config]) == 4
        assert "in use" in capsys.readouterr().err
    finally:
        lock.release()


def test_export_is_csv_or_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both forms hold every device."""
    assert main(["device", "export", "--form", "csv", "--config", config]) == 0
    csv = capsys.readouterr().out
    assert csv.startswith("key,name,")
    assert "operator" in csv
    assert main(["device", "export", "--config", config]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["operator"]
