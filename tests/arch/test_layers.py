"""The layers that import-linter cannot say: what the client may import, and who may import it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "edge_node"
MODULES = sorted(PACKAGE.rglob("*.py"))
CLIENT_MAY_IMPORT = {"", "base", "client", "trust", "wire"}  # "": the version, which stands in the package itself
MAY_IMPORT_CLIENT = {"cli", "client", "devnet"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported(tree: ast.AST) -> set[str]:
    """The rooms of the product that a module imports, by their first name."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "edge_node":
            names |= {
                f"edge_node.{alias.name}" if not alias.name.startswith("_") else "edge_node" for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    ours = {name for name in names if name == "edge_node" or name.startswith("edge_node.")}
    return {name.removeprefix("edge_node").removeprefix(".").partition(".")[0] for name in ours}


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) == "client"], ids=lambda path: path.stem)
def test_the_client_stands_on_the_ground_floors_alone(path: Path) -> None:
    """A device or a reader installs the client without the node: it imports base, wire and trust only."""
    assert rooms_imported(ast.parse(path.read_text())) <= CLIENT_MAY_IMPORT


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_outermost_rooms_use_the_client(path: Path) -> None:
    """A node never speaks to itself through its own client."""
    if "client" in rooms_imported(ast.parse(path.read_text())):
        assert room_of(path) in MAY_IMPORT_CLIENT


def test_relative_imports_do_not_occur() -> None:
    """Every import names its room in full, so that the rules above see it."""
    nodes = [node for path in MODULES for node in ast.walk(ast.parse(path.read_text()))]
    assert [ast.unparse(node) for node in nodes if isinstance(node, ast.ImportFrom) and node.level] == []
