"""One node made for all tests of the doors; each test runs a copy."""

from pathlib import Path

import pytest

from tests.gateway.rig import Site, make_site


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("node") / "data")


@pytest.fixture
def site(template: Site, tmp_path: Path) -> Site:
    return template.copy(tmp_path / "data")
