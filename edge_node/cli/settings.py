"""`edge-node settings`: what is in force, and why."""

import os

from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say
from edge_node.settings import load
from edge_node.settings.show import as_json, as_table, rows


def settings(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show every setting with its value, where it comes from, and whether it reloads live; secrets are never shown."""
    shown = rows(load(config, os.environ))
    say(as_json(shown) if json else as_table(shown))
