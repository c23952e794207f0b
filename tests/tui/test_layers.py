"""What the UI may import, and that it is written like the rest."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tui"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAY_IMPORT = ("edge_node.base", "edge_node.client", "edge_node.wire", "edge_node.settings", "edge_node.paths")
# What parses, plans and draws knows neither Textual nor the world.
PURE = (
    "alerts", "cards", "chain_alerts", "chain_page", "details", "door", "filters", "finality", "help", "lines",
    "listing", "models", "models_chain", "overview", "rows", "state", "tables", "theme", "visible", "words",
)  # fmt: skip
NEVER_IN_PURE = {"asyncio", "httpx", "os", "pathlib", "random", "rich", "socket", "subprocess", "textual", "time"}


def imported(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_ui_knows_a_node_from_outside(path: Path) -> None:
    """It imports the client and the ground floors, nothing of the node."""
    ours = {name for name in imported(path) if name.partition(".")[0] == "edge_node"}
    assert {name for name in ours if not name.startswith(MAY_IMPORT)} == set()


@pytest.mark.parametrize("name", PURE)
def test_the_core_is_pure(name: str) -> None:
    """Drawing is a function of the picture, the size and the time."""
    assert not {module.partition(".")[0] for module in imported(PACKAGE / f"{name}.py")} & NEVER_IN_PURE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_opens_with_its_purpose(path: Path) -> None:
    """As everywhere in the product."""
    first_line = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    assert re.search(r"[.:)]$", first_line)
