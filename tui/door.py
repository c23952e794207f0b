"""What the UI asks of a node's door: a few verbs, so that a test can hand in a door of its own (pure)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from edge_node.client.control import Plan


class Planned(NamedTuple):
    """A plan and the token that has it done once."""

    plan: Plan
    token: str


class Door(Protocol):
    """One open door of the node. Every verb raises an EdgeNodeError in the node's words, or of what is in the way."""

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The JSON document at `path` (docs/specs/control.md)."""
        ...

    def frames(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[str, Any]]]:
        """The frames of `GET /v1/events` as (topic, data); ends or raises when nothing was heard for 25 s."""
        ...

    async def plan(self, command: str, arguments: Mapping[str, Any]) -> Planned:
        """What a command would do."""
        ...

    async def execute(self, command: str, token: str, answer_s: float | None = None) -> Mapping[str, Any]:
        """Have it done; its result. `answer_s`: how long the node may be silent over it."""
        ...

    async def close(self) -> None:
        """Close the door."""
        ...


OpenDoor = Callable[[], Awaitable[Door]]
