"""docs/how-to/diagnose.md says of every check what it looks at, and of every file of a bundle what it holds."""

from pathlib import Path

import pytest

from edge_node.bundle import gather
from edge_node.doctor import CHECKS, examine
from tests.doctor.rig import made

TEXT = (Path(__file__).parents[2] / "docs/how-to/diagnose.md").read_text()


@pytest.mark.parametrize("subject", sorted({name.partition(".")[0] for name in CHECKS}))
def test_every_subject_is_explained(subject: str) -> None:
    """In the table of checks."""
    assert f"`{subject}." in TEXT


def test_every_file_of_a_bundle_is_explained(tmp_path: Path) -> None:
    """In the table of files."""
    site = made(tmp_path / "n")
    for part in gather(site, examine(site), None).parts:
        assert f"`{part.name}`" in TEXT
