"""A stream followed live: events as they come, resumed after every lost link, gaps said (docs/specs/subscriptions.md).

Over server-sent events, which every HTTP client speaks: the same signatures, pins and proxies as for a page.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Literal, Self

import anyio
import httpx
import msgspec

from edge_node.base.ids import StreamName
from edge_node.client.answers import refusal_of_problem
from edge_node.client.connection import Connection, open_body
from edge_node.client.errors import AnswerNotUnderstood, ClientError, NodeRefusal, NodeUnreachable
from edge_node.client.models import Event, Gap, Opened
from edge_node.wire.sse import NEED_DATA, EventTooLarge, ServerEvent, SseParser

From = int | Literal["start", "end"]

PAUSE_FIRST_S, PAUSE_LONGEST_S = 0.1, 15.0  # a node that restarts is back within seconds; one that is away is let be
EVENT_STREAM = "text/event-stream"
# Ended by these, a subscription resumes: the node, not the subscriber, is the reason.
RESUMABLE = frozenset({"stopping", "store-unreadable", "overloaded", "subscriptions-full", "signed-before-start"})


class _Dropped(Exception):
    """A link is given up on purpose."""


class Subscription:
    """An async iterator of Event and Gap, and an async context manager; under trio and asyncio alike.

    Offsets follow each other without a hole: what is not delivered lies in a Gap. `cursor` is the offset to resume
    from, None until the node has said where it stands. A refusal by the node is raised as everywhere in the client; a
    link that is lost is made anew, for `patience_s` at most, and NodeUnreachable is raised after that. The first link
    is not waited for.
    """

    def __init__(
        self,
        connection: Connection,
        stream: str,
        start: From,
        slow: str,
        query: Mapping[str, str],
        *,
        patience_s: float,
        random: Callable[[int], bytes],
    ) -> None:
        self.stream = StreamName(stream)
        self.cursor: int | None = None
        self.links = 0  # links made so far; more than one: it was resumed
        self._connection, self._random, self._patience_s = connection, random, patience_s
        self._start, self._query = start, dict(query) | {"slow": slow}
        self._ready: deque[Event | Gap] = deque()
        self._link = AsyncExitStack()
        self._chunks: AsyncIterator[bytes] | None = None
        self._parser = SseParser()
        self._closed = self._opened = self._fruitful = False
        self._vain, self._rested_s, self._opened_s = 0, 0.0, 0.0  # links that brought nothing, in a row
        self._end: ClientError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def aclose(self) -> None:
        """End the subscription; iterating on ends at once."""
        self._closed = True
        self._ready.clear()
        await self._drop_link()

    async def __anext__(self) -> Event | Gap:
        while not self._ready:
            if self._end is not None:
                raise self._end
            if self._closed:
                raise StopAsyncIteration
            try:
                await self._receive()
            except ClientError as end:
                self._end = end  # raised once what came before it was given out
                await self._drop_link()
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await self._drop_link()
                raise
        return self._ready.popleft()

    async def _receive(self) -> None:
        """One more read; a lost link is made anew."""
        if self._chunks is None:
            await self._connect()
            assert self._chunks is not None
        try:
            self._parser.receive(await anext(self._chunks))
            while (event := self._parser.next_event()) is not NEED_DATA:
                assert isinstance(event, ServerEvent)
                self._take(event)
        except (StopAsyncIteration, httpx.HTTPError, httpx.StreamError):
            await self._drop_link()
            await self._rest(NodeUnreachable(self._connection.url, "it opens the stream and ends it at once"))
        except NodeRefusal as refusal:
            await self._drop_link()
            if refusal.slug not in RESUMABLE:
                raise
            await self._rest(refusal)
        except EventTooLarge as error:
            raise AnswerNotUnderstood(200, str(error)) from error

    async def _rest(self, error: NodeUnreachable | NodeRefusal) -> None:
        """Pause after a link: longer with each that brought nothing, not at all where one that did just broke."""
        if self._fruitful or anyio.current_time() - self._opened_s > PAUSE_LONGEST_S:
            self._vain, self._rested_s = 0, 0.0
            if isinstance(error, NodeUnreachable):
                return
        self._vain += 1
        pause_s = self._pause_s(self._vain, error)
        self._rested_s += pause_s
        if self._rested_s > self._patience_s:
            raise error
        await anyio.sleep(pause_s)

    async def _connect(self) -> None:
        """Open the response, again and again for as long as there is patience; the first time once."""
        waited_s, tries = 0.0, 0
        while True:
            try:
                await self._open()
            except (NodeUnreachable, NodeRefusal) as error:
                await self._drop_link()
                tries += 1
                pause_s = self._pause_s(tries, error)
                if self.links == 0 or not _passes(error) or waited_s + pause_s > self._patience_s:
                    raise
                waited_s += pause_s
                await anyio.sleep(pause_s)
            else:
                self.links += 1
                return

    async def _open(self) -> None:
        start = self._start if self.cursor is None else self.cursor
        response = await self._link.enter_async_context(
            self._connection.open(
                "GET",
                f"/api/v1/streams/{self.stream}",
                query=self._query | {"from": str(start)},
                headers={"accept": EVENT_STREAM},
            )
        )
        if response.headers.get("content-type", "").partition(";")[0] != EVENT_STREAM:
            raise AnswerNotUnderstood(response.status_code, "not a stream of events")
        self._opened = self._fruitful = False
        self._opened_s = anyio.current_time()
        self._chunks, self._parser = await self._link.enter_async_context(open_body(response)), SseParser()

    async def _drop_link(self) -> None:
        self._chunks = None
        link, self._link = self._link, AsyncExitStack()
        # Left by an exception, as open_body wants it: a body that is not read to its end must be told so. How the link
        # broke matters no longer.
        with suppress(_Dropped, NodeUnreachable):
            async with link:
                raise _Dropped

    def _take(self, event: ServerEvent) -> None:
        try:
            match event.event:
                case "event":
                    self._follow(_as_event(event.data))
                case "gap":
                    self._follow(_as_gap(event.data))
                case "open":
                    opened = _as_opened(event.data)
                    if self.cursor not in {None, opened.start}:
                        raise AnswerNotUnderstood(
                            200, f"asked to resume from {self.cursor}, it begins at {opened.start}"
                        )
                    self.cursor, self._opened = opened.start, True
                case "end":
                    raise refusal_of_problem(event.data.encode())
        except msgspec.DecodeError as error:
            raise AnswerNotUnderstood(200, str(error)) from error

    def _follow(self, item: Event | Gap) -> None:
        first, stop = (item.first, item.stop) if isinstance(item, Gap) else (item.offset, item.offset + 1)
        if first != self.cursor or stop <= first or not self._opened:
            raise AnswerNotUnderstood(200, f"offset {first} does not follow, {self.cursor} does")
        self.cursor = stop
        self._fruitful = True
        self._ready.append(item)

    def _pause_s(self, tries: int, error: Exception) -> float:
        """Longer with every try, and not the same for all who lost the same node."""
        longest = min(PAUSE_FIRST_S * (1 << min(tries, 16)), PAUSE_LONGEST_S)
        pause_s = longest * (0.5 + self._random(1)[0] / 512)
        asked_s = error.retry_after_s if isinstance(error, NodeRefusal) else None
        return max(pause_s, asked_s or 0.0)


def _passes(error: NodeUnreachable | NodeRefusal) -> bool:
    """Whether trying again can help."""
    return isinstance(error, NodeUnreachable) or not error.permanent


_as_event = msgspec.json.Decoder(Event, strict=False).decode
_as_gap = msgspec.json.Decoder(Gap).decode
_as_opened = msgspec.json.Decoder(Opened).decode
