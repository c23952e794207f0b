"""A node's door over its Unix socket: JSON by GET and POST, frames by Server-Sent Events (docs/specs/control.md)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from edge_node.client.answers import refusal_of
from edge_node.client.errors import AnswerNotUnderstood, NodeUnreachable
from tui.door import Door, OpenDoor, Planned
from tui.models import Plan

ANSWER_MAX_BYTES = 32 * 2**20
FRAME_MAX_BYTES = 8 * 2**20  # the node's whole ring is no larger
SILENCE_S = 25.0  # two and a half pings: the link is dead
TOPICS = "node,streams,devices,pieces,logs,refusals,commands,settings"


class SocketDoor:
    """One connection pool to one socket; two connections: one for the frames, one for everything else."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://node",
            timeout=httpx.Timeout(30.0, connect=5.0),
            headers={"user-agent": "edge-node-tui"},
        )
        self._last = ""

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The JSON document at `path`."""
        return await self._ask("GET", path, params=dict(query or {}))

    async def plan(self, command: str, arguments: Mapping[str, Any]) -> Planned:
        """What a command would do."""
        answer = await self._ask("POST", f"/v1/commands/{command}/plan", json=dict(arguments))
        return Planned(msgspec.convert(answer["plan"], Plan), str(answer["token"]))

    async def execute(self, command: str, token: str) -> Mapping[str, Any]:
        """Have it done; its result."""
        answer = await self._ask("POST", f"/v1/commands/{command}", json={"token": token})
        return dict(answer.get("result") or {})

    async def close(self) -> None:
        """Close the sockets."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **how: Any) -> Any:
        try:
            async with self._http.stream(method, path, **how) as response:
                body = await _bounded(response)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise NodeUnreachable(str(self._socket), _why(error)) from error
        if not response.is_success:
            raise refusal_of(response, body)
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise AnswerNotUnderstood(response.status_code, str(error)) from error

    @asynccontextmanager
    async def frames(self) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """The frames, from where the ones before ended."""
        headers = {"accept": "text/event-stream"} | ({"last-event-id": self._last} if self._last else {})
        timeout = httpx.Timeout(5.0, read=SILENCE_S)
        try:
            async with self._http.stream(
                "GET", "/v1/events", params={"topics": TOPICS}, headers=headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    raise refusal_of(response, await _bounded(response))
                yield self._read(response)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise NodeUnreachable(str(self._socket), _why(error)) from error

    async def _read(self, response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
        topic, data, size = "message", list[str](), 0
        async for text in response.aiter_lines():
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if not text:
                if data:
                    yield topic, decoded("\n".join(data))
                topic, data, size = "message", [], 0
            elif name == "event":
                topic = value
            elif name == "id":
                self._last = value[:200]
            elif name == "data":
                size += len(value)
                if size > FRAME_MAX_BYTES:
                    raise AnswerNotUnderstood(response.status_code, f"a frame is longer than {FRAME_MAX_BYTES} bytes")
                data.append(value)


def decoded(text: str) -> Any:
    """A frame's data; AnswerNotUnderstood if it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise AnswerNotUnderstood(200, f"a frame: {error}") from error


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            raise AnswerNotUnderstood(response.status_code, f"longer than {ANSWER_MAX_BYTES} bytes")
    return bytes(body)


def _why(error: Exception) -> str:
    if isinstance(error, httpx.ReadTimeout):
        return "the node went silent"
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return str(cause) or type(error).__name__


def door_opener(socket_of: Callable[[], Awaitable[Path]]) -> OpenDoor:
    """Opens the door behind the socket that `socket_of` finds, each time anew."""

    async def open_door() -> Door:
        return SocketDoor(await socket_of())

    return open_door


async def at(path: Path) -> Path:
    """A socket of this machine: nothing to find."""
    await asyncio.sleep(0)
    return path
