"""What an operator sends to ask for help: gathered from a node, freed of secrets and payload, packed into one file."""

from edge_node.bundle.archive import BundleExists, Part, write_archive
from edge_node.bundle.gather import NEVER, Ask, Bundle, SecretKept, gather, gather_without_settings

__all__ = [
    "NEVER",
    "Ask",
    "Bundle",
    "BundleExists",
    "Part",
    "SecretKept",
    "gather",
    "gather_without_settings",
    "write_archive",
]
