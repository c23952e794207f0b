"""docs/specs/openapi.json: the HTTP door as the operations beside its routes declare it."""

import msgspec

from docs.generate.metrics import load_everything
from edge_node import __version__
from edge_node.gateway.openapi import OPERATIONS, describe


def render() -> str:
    """The document, two spaces deep."""
    load_everything()
    return msgspec.json.format(msgspec.json.encode(describe(OPERATIONS, __version__)), indent=2).decode() + "\n"
