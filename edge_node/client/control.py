"""The operator's door from outside: a running node's Unix socket, asked and followed (docs/specs/control.md)."""

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import httpx
import msgspec

from edge_node.base.limits import MIB
from edge_node.client.answers import read_answer, refusal_of
from edge_node.client.connection import open_body, read_body, reason_of
from edge_node.client.errors import AnswerNotUnderstood, NodeUnreachable
from edge_node.wire.sse import NEED_DATA, EventTooLarge, ServerEvent, SseParser

ANSWER_MAX_BYTES = 32 * MIB  # a page of a stream is at most 14 MiB
SILENCE_S = 25.0  # the node says something every 10 s
ANSWER_S = 30.0  # reading a piece of 128 MiB back takes some of them on a slow disk
SLOWEST_BYTES_PER_S = 4 * MIB  # at which a disk under load reads a piece back
PAGE_ROWS = 1_000
PROBE_S = 2.0


Kind = TypeVar("Kind")


class _Left(Exception):
    """The reader of a feed has had enough."""


class Plan(msgspec.Struct, frozen=True):
    """What a command would do, in the node's words; `confirm` is what a person should type first, or None."""

    command: str
    arguments: dict[str, Any]
    summary: str
    consequences: list[str] = []
    danger: bool = False
    confirm: str | None = None


class Planned(msgspec.Struct, frozen=True):
    """A plan and the token that has it done once, until `expires_ms` (ms UTC by the node's clock)."""

    plan: Plan
    token: str
    expires_ms: int


class Frame(NamedTuple):
    """One frame of the live feed; `id` is given back to resume after it."""

    topic: str
    data: Any
    id: str


def patience_s(size: int) -> float:
    """How long a node may take to read `size` bytes back and hash them."""
    return ANSWER_S + size / SLOWEST_BYTES_PER_S


def read_as(value: Any, kind: type[Kind]) -> Kind:
    """A part of an answer as a `kind`; AnswerNotUnderstood where a stranger or another version answered."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise AnswerNotUnderstood(200, str(error)) from error


class ControlClient:
    """One node's door; an async context manager under trio and asyncio alike. Raises ClientErrors and nothing else."""

    def __init__(self, path: Path | str, *, timeout_s: float = ANSWER_S) -> None:
        self.path = Path(path)
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(path)),
            base_url="http://node",
            timeout=httpx.Timeout(timeout_s, connect=PROBE_S),
            trust_env=False,
            headers={"accept-encoding": "identity", "user-agent": "edge-node-client"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The JSON document at `path`, such as `/v1/node`."""
        return await self._ask("GET", path, query=query)

    async def get_text(self, path: str) -> str:
        """A document that is no JSON: `/v1/metrics`."""
        async with self._open("GET", path) as response:
            return (await read_body(response, ANSWER_MAX_BYTES)).decode(errors="replace")

    async def iterate(
        self, path: str, name: str, query: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Page after page of the list `name` at `path`, to its end."""
        after = ""
        while True:
            wanted = {"limit": PAGE_ROWS, **(query or {}), **({"after": after} if after else {})}
            page = await self.get(path, wanted)
            if not isinstance(page, dict) or not isinstance(page.get(name), list):
                raise AnswerNotUnderstood(200, f"it has no list {name!r}")
            yield page[name]
            following = page.get("next")
            if not following or following == after:
                return
            after = str(following)

    async def plan(self, command: str, arguments: Mapping[str, Any] | None = None) -> Planned:
        """What a command would do; nothing is done yet."""
        return read_as(await self._ask("POST", f"/v1/commands/{command}/plan", arguments or {}), Planned)

    async def execute(
        self,
        command: str,
        token: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        answer_s: float | None = None,
    ) -> Mapping[str, Any]:
        """Have a plan done; its result. `arguments`, where given, must be those of the plan.

        `answer_s`: how long the node may take, where that is more than this client's own patience.
        """
        body: dict[str, Any] = {"token": token} | ({} if arguments is None else {"arguments": dict(arguments)})
        answer = await self._ask("POST", f"/v1/commands/{command}", body, timeout_s=answer_s)
        if not isinstance(answer, dict) or not isinstance(result := answer.get("result"), dict):
            raise AnswerNotUnderstood(200, "it has no result")
        return result

    async def order(self, command: str, arguments: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Plan and execute without anybody looking, for programs."""
        planned = await self.plan(command, arguments)
        return await self.execute(command, planned.token)

    @asynccontextmanager
    async def events(self, topics: Sequence[str] = (), last_id: str = "") -> AsyncIterator[AsyncIterator[Frame]]:
        """The live feed. The first frame is `hello`, or `reset` when everything is to be fetched again.

        The iterator ends when the node ends the feed; NodeUnreachable when nothing was heard for 25 s.
        """
        query = {"topics": ",".join(topics)} if topics else None
        headers = {"last-event-id": last_id} if last_id else {}
        async with self._open("GET", "/v1/events", query=query, headers=headers, timeout_s=SILENCE_S) as response:
            with suppress(_Left):
                async with open_body(response) as chunks:
                    async with aclosing(_frames(response, chunks)) as frames:
                        yield frames
                    raise _Left  # a feed has no end of its own: what is still to come is let go

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        content = None if body is None else msgspec.json.encode(body)
        async with self._open(method, path, query=query, content=content, timeout_s=timeout_s) as response:
            return read_answer(response, await read_body(response, ANSWER_MAX_BYTES), Any)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        self._require_listener()
        request = self._http.build_request(
            method, path, params=dict(query) if query else None, content=content, headers=dict(headers or {})
        )
        if timeout_s is not None:
            request.extensions["timeout"] = httpx.Timeout(timeout_s).as_dict()
        try:
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    raise refusal_of(response, await read_body(response, MIB))
                yield response
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            raise NodeUnreachable(str(self.path), reason_of(error)) from error

    def _require_listener(self) -> None:
        # httpx leaks the socket of a connect that is refused; a Unix socket says at once whether anybody is there.
        if why := why_silent(self.path):
            raise NodeUnreachable(str(self.path), why)


def why_silent(path: Path) -> str:
    """Why nobody answers at a Unix socket; empty when somebody does."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(PROBE_S)
            probe.connect(str(path))
    except OSError as error:
        return error.strerror or str(error)
    return ""


async def _frames(response: httpx.Response, chunks: AsyncIterator[bytes]) -> AsyncGenerator[Frame, None]:
    parser = SseParser()
    try:
        async for chunk in chunks:
            parser.receive(chunk)
            while (event := parser.next_event()) is not NEED_DATA:
                frame = _frame_of(response, event)
                yield frame
                if frame.topic == "end":
                    return
    except EventTooLarge as error:
        raise AnswerNotUnderstood(response.status_code, str(error)) from error


def _frame_of(response: httpx.Response, event: ServerEvent) -> Frame:
    try:
        return Frame(event.event, msgspec.json.decode(event.data), event.id)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerNotUnderstood(response.status_code, str(error)) from error
