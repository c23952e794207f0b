"""One node is made for all tests of the operator's door; each test gets a copy with short paths."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.rig import Site, make_site


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("node") / "data")


@pytest.fixture
def site(template: Site) -> Iterator[Site]:
    """A stopped node; its sockets' paths fit into the 107 bytes there are."""
    with tempfile.TemporaryDirectory(prefix="en") as directory:
        yield template.copy(Path(directory) / "d")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short path."""
    with tempfile.TemporaryDirectory(prefix="en") as directory:
        yield Path(directory)
