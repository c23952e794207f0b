"""`edge-node version`: what runs here, for a bug report."""

import platform
import sqlite3

from edge_node import __version__
from edge_node.cli.options import JsonOption
from edge_node.cli.words import say, say_json


def version(*, json: JsonOption = False) -> None:
    """Show the version and what it runs on."""
    known = {
        "edge-node": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": platform.machine(),
        "kernel": platform.release(),
    }
    if json:
        say_json(known)
        return
    for name, value in known.items():
        say(f"{name:<10}{value}")
