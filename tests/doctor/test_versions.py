"""What the product stands on."""

import pytest

from edge_node.doctor.versions import VersionFacts, check_versions, judge_versions, probe_versions


def test_this_machine_runs_it() -> None:
    """Or these tests would not."""
    assert {finding.verdict for finding in check_versions()} == {"ok"}


@pytest.mark.parametrize(
    ("python", "sqlite", "verdict"),
    [((3, 11, 0), (3, 35, 0), "ok"), ((3, 10, 9), (3, 40, 1), "bad"), ((3, 13, 1), (3, 34, 1), "bad")],
)
def test_what_is_too_old(python: tuple, sqlite: tuple, verdict: str) -> None:
    """An interpreter, or a SQLite without what the rows need."""
    assert judge_versions(VersionFacts(python, sqlite, {}))[0].verdict == verdict


def test_a_library_that_is_missing_is_named() -> None:
    """It was installed without its locks."""
    found = judge_versions(VersionFacts((3, 12, 0), (3, 40, 0), {}, ("msgspec",)))[1]
    assert (found.verdict, "msgspec" in found.evidence) == ("warn", True)


def test_every_library_is_listed_with_its_version() -> None:
    """For a bug report."""
    texts = probe_versions().texts
    assert {"edge-node", "python", "sqlite", "openssl", "kernel", "trio", "pynacl"} <= texts.keys()
