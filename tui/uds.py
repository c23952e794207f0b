"""The node's door behind a Unix socket: the client's own, with the feed resumed where the link broke."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from edge_node.client.control import ControlClient, Frame
from tui.door import Door, OpenDoor, Planned


class SocketDoor:
    """A ControlClient as the UI uses it. `last_id` is where the feed before this one ended."""

    def __init__(self, socket: Path, last_id: str = "") -> None:
        self._client = ControlClient(socket)
        self.last_id = last_id

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The JSON document at `path`."""
        return await self._client.get(path, query)

    async def plan(self, command: str, arguments: Mapping[str, Any]) -> Planned:
        """What a command would do."""
        planned = await self._client.plan(command, arguments)
        return Planned(planned.plan, planned.token)

    async def execute(self, command: str, token: str, answer_s: float | None = None) -> Mapping[str, Any]:
        """Have it done; its result."""
        return await self._client.execute(command, token, answer_s=answer_s)

    async def close(self) -> None:
        """Close the sockets."""
        await self._client.close()

    @asynccontextmanager
    async def frames(self) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """The live feed as (topic, data)."""
        async with self._client.events(last_id=self.last_id) as frames:
            yield self._noted(frames)

    async def _noted(self, frames: AsyncIterator[Frame]) -> AsyncIterator[tuple[str, Any]]:
        async for frame in frames:
            self.last_id = frame.id or self.last_id
            yield frame.topic, frame.data


def door_opener(socket_of: Callable[[], Awaitable[Path]]) -> OpenDoor:
    """Opens the door behind the socket that `socket_of` finds, each time anew, and goes on reading where it was."""
    before: list[SocketDoor] = []

    async def open_door() -> Door:
        door = SocketDoor(await socket_of(), before.pop().last_id if before else "")
        before.append(door)
        return door

    return open_door


async def at(path: Path) -> Path:
    """A socket of this machine: nothing to find."""
    return path
