"""The whole examination of a node that was really made, well and broken in several ways at once."""

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from edge_node.doctor.examination import CHECKS, examine, report_unloadable
from edge_node.settings import SettingsError
from tests.doctor.rig import made, only, settings_of, site_of, verdicts


def snapshot(root: Path) -> dict[str, tuple[bytes, int, int]]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {
        str(path): (hashlib.md5(path.read_bytes()).digest(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in files
    }


def test_a_new_node_is_examined_and_not_a_byte_changes(tmp_path: Path) -> None:
    """Every subject has its say, each finding is told as it comes, and what is wrong has a remedy."""
    site = made(tmp_path / "n", deep=True)
    before, told = snapshot(site.paths.root), []
    report = examine(site, told.append)
    assert snapshot(site.paths.root) == before
    assert told == list(report.findings)
    assert {name.partition(".")[0] for name in CHECKS} == {finding.subject for finding in report.findings}
    assert all(finding.remedy for finding in report.findings if finding.verdict != "ok")
    assert [finding.check for finding in report.findings if finding.verdict in {"bad", "unknown"}] == []
    assert report.exit_code < 2


def test_one_broken_thing_hides_no_other(tmp_path: Path) -> None:
    """Key open, index scribbled, certificate gone: all three are told, and the exit code says broken."""
    site = made(tmp_path / "n")
    site.paths.node_key.chmod(0o644)
    site.paths.index_db.write_bytes(b"scribble" * 2_000)
    (site.paths.tls / "certificate.pem").unlink()
    report = examine(site)
    found = verdicts(report.findings)
    for check in ("key.node", "permissions.exposed", "databases.index", "certificate.tls"):
        assert found[check] == "bad"
    assert report.exit_code == 2


def test_a_check_that_cannot_be_made_is_unknown(tmp_path: Path) -> None:
    """What stands in its way is the evidence, and the others are made."""
    site = made(tmp_path / "n")
    site.paths.reserve.unlink(missing_ok=True)

    def hidden(_site: object) -> list:
        raise PermissionError(13, "Permission denied")

    report = examine(site, checks={**CHECKS, "disk": hidden})
    assert only(report.findings, "disk.check").verdict == "unknown"
    assert "Permission denied" in only(report.findings, "disk.check").evidence
    assert verdicts(report.findings)["segments.log"] == "ok"


@pytest.mark.parametrize("content", ["scribble", '{"format": 99, "id": "x", "created_ms": 1, "incarnation": 1}'])
def test_a_node_that_cannot_start_is_broken(tmp_path: Path, content: str) -> None:
    """NODE is no NODE, or one of a later release; the other checks are made."""
    site = made(tmp_path / "n")
    site.paths.identity.write_text(content)
    report = examine(site)
    assert only(report.findings, "key.directory").verdict == "bad"
    assert verdicts(report.findings)["clock.drift"] == "ok"
    assert report.exit_code == 2


def test_a_defect_in_a_check_stops_no_other(tmp_path: Path) -> None:
    """It is named as what it is."""

    def broken(_site: object) -> list:
        raise ZeroDivisionError

    report = examine(made(tmp_path / "n"), checks={**CHECKS, "memory": broken})
    assert "ZeroDivisionError" in only(report.findings, "memory.check").evidence
    assert "limits.open_files" in verdicts(report.findings)


@pytest.mark.parametrize("name", ["NODE", "index.db", "LOCK", "seg/ev/00000001.seg"])
def test_a_pipe_in_a_files_place_does_not_hold_it_up(tmp_path: Path, name: str) -> None:
    """Who opened it would wait for ever."""
    site = made(tmp_path / "n")
    (site.paths.root / name).unlink()
    os.mkfifo(site.paths.root / name)
    found = only(examine(site).findings, "key.directory")
    assert found.verdict == "bad"
    assert "a pipe" in found.evidence


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """A disk that was not mounted: nothing is made in its place."""
    report = examine(site_of(settings_of(tmp_path / "gone")))
    assert only(report.findings, "key.directory").verdict == "bad"
    assert not (tmp_path / "gone").exists()


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """The one thing that is known is what is wrong with them."""
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path / "n", "nonsense = 1")
    report = report_unloadable(caught.value, 7)
    assert report.exit_code == 2
    assert "nonsense" in only(report.findings, "settings.file").evidence


def test_a_report_is_plain_json(tmp_path: Path) -> None:
    """For other programs, and for the bundle."""
    report = msgspec.json.decode(msgspec.json.encode(examine(made(tmp_path / "n"))))
    assert set(report) == {"verdict", "t_ms", "release", "data_dir", "findings"}
