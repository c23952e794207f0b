"""A node key that is gone, open, broken or another one."""

import os
import shutil
from pathlib import Path

import pytest

from edge_node.doctor.finding import Verdict
from edge_node.doctor.keys import check_keys
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import write_key_file
from tests.doctor.rig import made, only, settings_of, site_of, verdicts
from tests.trust.test_dev_keys import DEVELOPMENT, seed_of


def test_the_key_a_directory_was_made_with(tmp_path: Path) -> None:
    """Its certificate and its registry agree; the seed is shown nowhere."""
    site = made(tmp_path / "n")
    found = check_keys(site)
    assert verdicts(found) == {"key.directory": "ok", "key.node": "ok"}
    assert site.paths.node_key.read_text().strip() not in repr(found)


@pytest.mark.parametrize("damage", ["gone", "open", "cut"])
def test_a_key_that_cannot_be_used(tmp_path: Path, damage: str) -> None:
    """What is wrong with the file is the evidence."""
    site = made(tmp_path / "n")
    match damage:
        case "gone":
            site.paths.node_key.unlink()
        case "open":
            site.paths.node_key.chmod(0o644)
        case "cut":
            site.paths.node_key.write_bytes(b"12ab")
    found = only(check_keys(site), "key.node")
    assert found.verdict == "bad"
    assert found.remedy


@pytest.mark.parametrize("vouched", [True, False])
def test_a_key_that_was_exchanged(tmp_path: Path, vouched: bool) -> None:
    """The certificate of the old key gives it away, and without one the registry."""
    site = made(tmp_path / "n")
    site.paths.node_key.unlink()
    with SigningKey.generate(os.urandom) as other:
        write_key_file(site.paths.node_key, other)
    if not vouched:
        shutil.rmtree(site.paths.tls)
    assert only(check_keys(site), "key.node").verdict == ("bad" if vouched else "warn")


def test_a_credential_only_the_unit_sees(tmp_path: Path) -> None:
    """On the command line there is none to look at."""
    site = made(tmp_path / "n")
    from tests.doctor.rig import settings_of, site_of

    loaded = settings_of(tmp_path / "n", "", "[log]", 'level = "info"')
    loaded = settings_of(tmp_path / "n")
    Path(loaded.file).write_text(f'[node]\ndata_dir = "{site.paths.root}"\nkey_credential = "node-key-name"\n')
    from edge_node.settings import load

    found = only(check_keys(site_of(load(Path(loaded.file), {}))), "key.node")
    assert found.verdict == "unknown"
    assert "node-key-name" not in found.evidence


def test_no_node_at_all(tmp_path: Path) -> None:
    """NODE is what makes a directory one."""
    site = made(tmp_path / "n")
    site.paths.identity.unlink()
    assert only(check_keys(site), "key.directory").verdict == "bad"


@pytest.mark.parametrize(
    ("chain", "verdict"),
    [
        ("", Verdict.BAD),
        ('[chain]\nnetwork = "cere-testnet"', Verdict.BAD),
        ('[chain]\nspec_file = "/nowhere"', Verdict.BAD),
        ('[chain]\nnetwork = "dev"', Verdict.OK),
    ],
)
def test_a_key_that_everybody_has(tmp_path: Path, chain: str, verdict: Verdict) -> None:
    """As `run` would judge it: it serves on a development chain of this machine alone."""
    with SigningKey.from_seed(seed_of(DEVELOPMENT)) as key:
        write_key_file(tmp_path / "dev.key", key)
    made(tmp_path / "n")
    site = site_of(settings_of(tmp_path / "n", chain), environ={})
    (site.paths.tls / "certificate.json").unlink()
    site.paths.meta_db.unlink()
    site.paths.node_key.unlink()
    (tmp_path / "dev.key").rename(site.paths.node_key)
    found = only(check_keys(site), "key.node")
    assert (found.verdict, "everybody has" in found.evidence) == (verdict, verdict is Verdict.BAD), found
