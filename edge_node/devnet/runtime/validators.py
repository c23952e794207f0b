"""Who writes and finalizes the development chain's blocks: keys that live in this process, given by who starts it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_node.base.ids import Hash256
from edge_node.chain_light.grandpa import Authority
from edge_node.trust.keys import SigningKey

Sealer = Callable[[Hash256], bytes]


@dataclass(frozen=True, slots=True)
class Validator:
    """One of them. `account` takes its share of fees, `babe` is its sr25519 key, with which `seal` signs 64 bytes."""

    account: bytes
    babe: bytes
    grandpa: SigningKey = field(repr=False)
    seal: Sealer = field(repr=False)

    @property
    def authority(self) -> Authority:
        """Its vote, of weight 1."""
        return Authority(self.grandpa.public, 1)
