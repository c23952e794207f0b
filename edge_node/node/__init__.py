"""The composition root: builds every room from Settings, wires their ports, starts and stops them in order."""

from edge_node.node.doors import SettingsSource
from edge_node.node.rooms import make_clock
from edge_node.node.run import BEAT_S, run_node

__all__ = ["BEAT_S", "SettingsSource", "make_clock", "run_node"]
