"""The keys of those who make the release, two of whom vouch for a checkpoint together (docs/specs/checkpoint.md)."""

from typing import Final

from edge_node.base.ids import PublicKey

RELEASE_KEYS: Final[frozenset[PublicKey]] = frozenset()
"""None in this release: nothing is believed but what the operator's cold key has signed (`chain.operator_key`)."""
