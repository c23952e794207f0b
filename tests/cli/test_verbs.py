"""The table of verbs."""

import importlib
import subprocess
import sys

import pytest

from edge_node.cli.verbs import VERBS, Verb, build_app


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_leads_to_its_code(verb: Verb) -> None:
    """The place exists and the sentence in the overview is the one in the verb's own help."""
    module, _, name = verb.place.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert verb.about.endswith(".")


def test_the_command_line_can_be_built() -> None:
    """Every verb is registered under its name, once."""
    app = build_app()
    assert {verb.name for verb in VERBS} <= set(app)
    assert len({verb.name for verb in VERBS}) == len(VERBS)


def test_building_it_imports_no_room() -> None:
    """`edge-node version` starts fast because the overview alone imports neither trio nor a database."""
    script = "import sys; from edge_node.cli.verbs import build_app; build_app(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"trio", "sqlite3", "nacl", "edge_node.journal", "edge_node.settings"} & set(loaded)
