"""Subscriptions of one connection: whose a notice is, what came before that was known, and readers that are slow."""

from collections import Counter, deque
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

import trio

from edge_node.base.limits import KIB, MIB
from edge_node.base.offload import offload
from edge_node.chain_light.json_rpc import Notice, Result, size_of
from edge_node.chain_light.source_errors import MalformedAnswer

INLINE_MAX_BYTES: Final = 256 * KIB  # what is longer is read in a thread: 1 MiB would hold the loop for milliseconds
BACKLOG: Final = 16  # of a subscription's reader; justifications come every few seconds, each at most 1 MiB
EARLY_MAX: Final = 32  # notices that came before it was known whose they are
EARLY_MAX_BYTES: Final = 4 * MIB

Key: TypeAlias = tuple[str, str]
"""The method that notices come with, and the subscription's id: ids of two methods may be the same."""

T = TypeVar("T")


class Topic(NamedTuple):
    """A subscription's methods, and the one its notices come with."""

    subscribe: str
    unsubscribe: str
    notice: str


async def read_result(read: Callable[[Result], T], result: Result) -> T:
    """What `read` makes of a result, in a thread when it is long."""
    return await offload(read, result) if size_of(result) > INLINE_MAX_BYTES else read(result)


class Feed(Generic[T]):
    """Where a subscription's notices go. A reader that is slow misses the oldest: the newest block is what counts."""

    def __init__(self, read: Callable[[Result], T]) -> None:
        self._read = read
        self._send, self.receive = trio.open_memory_channel[T](BACKLOG)
        self._oldest = self.receive.clone()
        self.missed = 0

    async def deliver(self, result: Result) -> None:
        """Read it and pass it on; what `read` raises."""
        value = await read_result(self._read, result)
        try:
            self._send.send_nowait(value)
        except trio.WouldBlock:
            self._oldest.receive_nowait()
            self.missed += 1
            self._send.send_nowait(value)
        except trio.ClosedResourceError:
            self.missed += 1

    def end(self) -> None:
        """The reader gets what is there, then the end."""
        self._send.close()
        self._oldest.close()


class Feeds:
    """All feeds by their keys, and the notices of those that were asked for and are not named yet."""

    def __init__(self) -> None:
        self._feeds: dict[Key, Feed[object]] = {}
        self._expected: Counter[str] = Counter()
        self._early: deque[Notice] = deque()

    def __len__(self) -> int:
        return len(self._feeds)

    def expect(self, method: str) -> None:
        """A subscription is being asked for: nodes send its first notices before they answer with its id."""
        self._expected[method] += 1

    def begin(self, key: Key, feed: Feed[T]) -> None:
        """Its id is known; MalformedAnswer when another one has it."""
        if key in self._feeds:
            raise MalformedAnswer("two subscriptions have one id")
        self._feeds[key] = feed  # type: ignore[assignment]  # what it delivers is between it and its reader

    def settle(self, method: str) -> list[Notice]:
        """One that was asked for is known now, or is not to be: the early notices that can be taken, or never will."""
        self._expected[method] -= 1
        last = not self._expected[method]
        settled = [
            early
            for early in self._early
            if early.method == method and (last or (method, early.subscription) in self._feeds)
        ]
        self._early = deque(early for early in self._early if early not in settled)
        return settled

    def remove(self, key: Key) -> None:
        """Nobody reads it any more."""
        if (feed := self._feeds.pop(key, None)) is not None:
            feed.end()

    def end(self) -> None:
        """Every reader gets what is there, then the end."""
        for feed in self._feeds.values():
            feed.end()

    async def take(self, notice: Notice) -> bool:
        """Pass a notice on or keep it; False when it is nobody's. What the reader of results raises."""
        feed = self._feeds.get((notice.method, notice.subscription))
        if feed is None:
            return self._keep_early(notice)
        if notice.result is None:
            feed.end()
        else:
            await feed.deliver(notice.result)
        return True

    def _keep_early(self, notice: Notice) -> bool:
        sizes = [size_of(one.result) for one in (*self._early, notice) if one.result is not None]
        if not self._expected[notice.method] or len(self._early) >= EARLY_MAX or sum(sizes) > EARLY_MAX_BYTES:
            return False
        result = notice.result.copy() if notice.result is not None else None  # not with the whole message it stood in
        self._early.append(notice._replace(result=result))
        return True
