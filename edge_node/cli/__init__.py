"""The command line: verbs, exit codes, words on the terminal; no logic."""

from edge_node.cli.entry import main

__all__ = ["main"]
