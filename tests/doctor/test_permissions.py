"""Files that are too open, or somebody else's."""

import os
from pathlib import Path

import pytest

from edge_node.doctor.permissions import Entry, PermissionFacts, check_permissions, judge_permissions
from tests.doctor.rig import made, verdicts


def test_a_new_node_is_closed(tmp_path: Path) -> None:
    """Everything `init` makes is as narrow as it should be."""
    (finding,) = check_permissions(made(tmp_path / "n"))
    assert finding.verdict == "ok"


@pytest.mark.parametrize(
    ("path", "mode", "check", "verdict"),
    [
        ("keys/node.key", 0o640, "permissions.exposed", "bad"),
        ("keys/operator.key", 0o604, "permissions.exposed", "bad"),
        ("keys/tls/key.pem", 0o644, "permissions.exposed", "bad"),
        ("keys", 0o750, "permissions.exposed", "bad"),
        (".", 0o777, "permissions.writable", "bad"),
        ("seg", 0o770, "permissions.writable", "bad"),
        ("meta.db", 0o644, "permissions.wide", "warn"),
        ("chain.db", 0o644, "permissions.wide", "warn"),
        ("NODE", 0o666, "permissions.writable", "bad"),
    ],
)
def test_a_path_that_is_too_open(tmp_path: Path, path: str, mode: int, check: str, verdict: str) -> None:
    """The remedy is the chmod that closes it."""
    site = made(tmp_path / "n")
    site.paths.chain_db.touch(0o600)  # a node that follows a chain has one
    (site.paths.root / path).chmod(mode)
    found = check_permissions(site)
    assert verdicts(found) == {check: verdict}
    assert "chmod" in found[0].remedy


def test_the_settings_file_must_not_be_writable_by_others(tmp_path: Path) -> None:
    """Who writes it decides what the node does."""
    site = made(tmp_path / "n")
    Path(site.loaded.file).chmod(0o666)
    assert verdicts(check_permissions(site)) == {"permissions.writable": "bad"}


@pytest.mark.needs_root
def test_files_of_another_user(tmp_path: Path) -> None:
    """A verb that was run as root leaves what the node's user cannot use."""
    site = made(tmp_path / "n")
    for path in [site.paths.root, *site.paths.root.rglob("*")]:
        os.chown(path, 12_345, -1)
    assert verdicts(check_permissions(site)) == {"permissions.files": "ok"}
    os.chown(site.paths.meta_db, 0, -1)
    assert verdicts(check_permissions(site)) == {"permissions.owner": "bad"}


def test_what_a_stranger_may_not_see_is_unknown() -> None:
    """Neither well nor broken."""
    found = judge_permissions(PermissionFacts([], owner=7, looking=8, hidden=["/d/keys"]))
    assert verdicts(found) == {"permissions.hidden": "unknown", "permissions.user": "unknown"}


def test_roots_certificate_is_fine_and_a_strangers_is_not() -> None:
    """Outside the directory root may own what the node reads."""
    key = [Entry("/etc/ssl/k.pem", 0o640, owner, 0o640, secret=True, own=False) for owner in (0, 7, 8)]
    found = [judge_permissions(PermissionFacts([entry], owner=7, looking=0))[0].verdict for entry in key]
    assert found == ["ok", "ok", "bad"]
