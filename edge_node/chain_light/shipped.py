"""The specifications of networks that come with the release, read from the package."""

from importlib import resources
from typing import Final

from edge_node.base.errors import Refusal
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.spec import ChainSpec

SHIPPED: Final = ("dev", "cere-mainnet", "cere-testnet")


class UnknownNetwork(ChainError, Refusal):
    """No network of this name comes with the release."""

    slug, status = "unknown-network", 404
    remedy = f"Name one of {', '.join(SHIPPED)}, or give a specification of your own (docs/specs/chain-spec.md)."

    def __init__(self, name: str) -> None:
        self.network = name
        super().__init__(f"no network {name[:40]!r} comes with this release")


def shipped_spec(name: str) -> ChainSpec:
    """The specification called `name`; UnknownNetwork for any other. Blocks for one small file."""
    if name not in SHIPPED:
        raise UnknownNetwork(name)
    return ChainSpec.from_file(resources.files("edge_node.chain_light").joinpath(f"specs/{name}.json").read_bytes())
