"""One endpoint of the pool, with the connection it has at the moment, and what the pool needs of such a connection."""

from typing import Protocol

import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.endpoint_score import Score
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.source import Source
from edge_node.chain_light.spec import Endpoint


class Carried(Source, Protocol):
    """A Source whose connection somebody carries."""

    @property
    def ending(self) -> ChainError | None:
        """Why the connection ended; None while it goes on."""
        ...

    async def wait_ended(self) -> None:
        """Return when it has ended."""
        ...

    def close(self, why: str) -> None:
        """End it: who waits raises EndpointGone with `why`."""
        ...


class Connect(Protocol):
    """Connects to an endpoint and carries its messages until the end (chain_light/rpc.connect)."""

    async def __call__(self, endpoint: Endpoint, *, task_status: trio.TaskStatus[Carried]) -> None:
        """Hand the Source over by `task_status`; EndpointUnreachable before that."""
        ...


class Member:
    """One endpoint: `source` while it may be asked, `genesis` as it last said, `attempts` since one that was good."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.score = Score(endpoint.url, endpoint.group)
        self.source: Carried | None = None
        self.genesis: Hash256 | None = None
        self.other_than: Hash256 | None = None
        """The chain that it is banned for not serving."""
        self.attempts = 0
        self._hurry = trio.Event()
        self._pardon = trio.Event()
        self._scope = trio.CancelScope()

    def lives(self, source: Source) -> bool:
        """Whether `source` is the connection it has, and that goes on."""
        return self.source is not None and self.source is source and self.source.ending is None

    def begin(self) -> trio.CancelScope:
        """Begin an attempt; it is to be made within this scope, which `drop` may cancel."""
        self._hurry = trio.Event()
        self._scope = trio.CancelScope()
        return self._scope

    def drop(self, why: str) -> None:
        """End the connection, or the attempt at one, and do not wait before the next."""
        if self.source is not None:
            self.source.close(why)
        else:
            self._scope.cancel()
        self.attempts = 0
        self._hurry.set()

    def pardon(self) -> None:
        """It was held to a chain that was never ours: what it was banned for is undone."""
        self.other_than = None
        self.score.pardon()
        self._pardon.set()
        self._hurry.set()

    async def wait_pardon(self, seconds: float) -> None:
        """Wait for the end of a ban."""
        self._pardon = trio.Event()
        with trio.move_on_after(seconds):
            await self._pardon.wait()

    async def pause(self, seconds: float) -> None:
        """Wait before the next attempt, unless the last one was dropped."""
        with trio.move_on_after(seconds):
            await self._hurry.wait()
        self.attempts += 1


async def ends_within(source: Carried, seconds: float) -> bool:
    """Wait for a connection's end, so long at most; whether it has ended."""
    with trio.move_on_after(seconds):
        await source.wait_ended()
    return source.ending is not None
