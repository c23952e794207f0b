"""The tree itself: where a module lives, how it opens, what it may be called, and where its proof stands."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = sorted((ROOT / "edge_node").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
WRITTEN_BY_HAND = [path for path in PRODUCT if "proto" not in path.parts]

# Names that say nothing: a helper lives with its noun.
JUNK = re.compile(r"(utils?|helpers?|commons?|managers?|misc)")
# What is not finished is not in the tree.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|placeholder|lorem ipsum)\b")
TEXT = {".py", ".md", ".toml", ".sh", ".sql"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_product_module_has_its_test_file() -> None:
    """edge_node/wire/cid.py is proved by tests/wire/test_cid.py; packages' doors and generated code are exempt."""
    package = ROOT / "edge_node"
    wanted = {
        (ROOT / "tests" / path.relative_to(package)).with_name(f"test_{path.name}")
        for path in WRITTEN_BY_HAND
        if path.name not in {"__init__.py", "__main__.py"}
    }
    assert sorted(relative(path) for path in wanted if not path.exists()) == []


@pytest.mark.parametrize("path", WRITTEN_BY_HAND, ids=relative)
def test_a_module_opens_with_its_purpose(path: Path) -> None:
    """A stranger learns the room from the first sentence, which ends as sentences do."""
    first_line = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    assert re.search(r"[.:)]$", first_line), f"{relative(path)} opens with {first_line!r}"


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.name == "__init__.py"], ids=relative)
def test_a_door_only_re_exports(path: Path) -> None:
    """A package's __init__ holds a docstring, imports and names: importing it runs nothing of its own."""
    odd = [
        node
        for node in ast.parse(path.read_text()).body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("__"))
    ]
    assert [ast.unparse(node) for node in odd] == []


def test_no_junk_room() -> None:
    """No file or folder is named for being useful."""
    assert [relative(path) for path in PRODUCT if JUNK.fullmatch(path.stem) or JUNK.fullmatch(path.parent.name)] == []


def test_nothing_unfinished() -> None:
    """Neither code nor prose carries a promise to finish later."""
    folders = ("edge_node", "tests", "benchmarks", "docs")
    texts = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in TEXT]
    texts += list(ROOT.glob("*.md"))
    here = Path(__file__)
    found = [relative(path) for path in texts if path != here and UNFINISHED.search(path.read_text())]
    assert found == []


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_every_test_states_its_behaviour(path: Path) -> None:
    """A test function's docstring is the sentence it proves."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    functions += [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.AsyncFunctionDef)]
    silent = [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)]
    assert silent == []


def test_errors_are_named_as_facts() -> None:
    """No class says that something failed; it says what is the case."""
    classes = [
        node for path in PRODUCT for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]
    assert [node.name for node in classes if "Failed" in node.name or "Failure" in node.name] == []
