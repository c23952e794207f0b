"""What the sync asks for: a pool of endpoints, and something that holds an anchor and is led on."""

from collections.abc import Callable, Sequence
from typing import Protocol

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.proof_steps import Step
from edge_node.chain_light.source import Source
from edge_node.chain_light.status import EndpointStatus


class Pool(Protocol):
    """The endpoints of one network (chain_light/endpoints), supervised by whoever composed the node."""

    expected_genesis: Hash256 | None
    """The chain they have to serve; None takes the first one's."""

    def sources(self) -> Sequence[Source]:
        """Those that can be asked now, the leader first."""
        ...

    def groups(self) -> set[str]:
        """The groups of those."""
        ...

    def statuses(self) -> tuple[EndpointStatus, ...]:
        """What is thought of each, usable or not."""
        ...

    def refused(self, source: Source, error: EdgeNodeError) -> None:
        """An answer of `source` was refused (a RemoteError), or none came (anything else)."""
        ...

    def served(self, source: Source, seconds: float) -> None:
        """An answer of `source` was verified and used."""
        ...

    def drop_all(self, reason: str) -> None:
        """End every connection and begin anew."""
        ...

    async def wait_change(self) -> None:
        """Until something about the endpoints is otherwise."""
        ...


class Track(Protocol):
    """Holds an anchor, and takes the steps that are proved to lead on from it."""

    @property
    def anchor(self) -> Anchor:
        """Where it is now."""
        ...

    async def take(self, steps: Sequence[Step], source: str) -> None:
        """Go on through `steps`, which begin at the anchor and came from the endpoint `source`."""
        ...


Tell = Callable[[Anchor, int], None]
"""Told how far a warp is, and how far it is to go."""
