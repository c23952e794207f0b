"""A stream followed live against a server that follows a script: events, gaps, lost links, refusals, lies."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import anyio
import msgspec
import pytest

from edge_node.client import (
    AnswerNotUnderstood,
    Event,
    Gap,
    Node,
    NodeUnavailable,
    NodeUnreachable,
    NotAllowed,
    RequestInvalid,
    Subscription,
)
from edge_node.trust.keys import SigningKey
from edge_node.wire.sse import COMMENT_PING, encode_event
from tests.client.rig import both_backends, run

KEY = SigningKey.from_seed(b"s" * 32)
NODE = SigningKey.from_seed(b"n" * 32).public


def sse(name: str, value: object) -> bytes:
    return encode_event(msgspec.json.encode(value), event=name)


def opened(start: int) -> bytes:
    return sse("open", {"from": start})


def event(offset: int) -> bytes:
    return sse("event", {
        "offset": offset, "cid": "b", "item": 0, "t": 1, "q": 0, "late": False, "received": 2, "clock": 0,
        "key": "00", "seq": str(2**60), "content_type": "application/json", "event": {"n": offset},
    })  # fmt: skip


def problem(slug: str, status: int) -> dict[str, Any]:
    return {"type": f"urn:edge-node:problem:{slug}", "title": "t", "status": status, "detail": "d", "remedy": "r"}


def end(slug: str, status: int) -> bytes:
    return sse("end", problem(slug, status))


class Script:
    """Answers each connection with the next item: bytes of events (then it hangs up), or a status with a problem."""

    def __init__(self, *answers: bytes | str | tuple[int, str] | None) -> None:
        self.targets: list[str] = []
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # a client that has heard enough hangs up
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65_536)
                self.targets.append(head.split(b" ")[1].decode())
                if (answer := self._answers.pop(0) if self._answers else None) is not None:
                    connection.sendall(_response(answer))
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)


def _response(answer: bytes | str | tuple[int, str]) -> bytes:
    if isinstance(answer, str):
        return f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(answer)}\r\n\r\n{answer}".encode()
    if isinstance(answer, bytes):
        return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + answer
    status, slug = answer
    body = msgspec.json.encode(problem(slug, status))
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"connection: close\r\nretry-after: 0\r\n\r\n" + body


def follow(
    backend: str, script: Script, count: int | None = None, *, start: Any = "end", **more: Any
) -> tuple[list[Event | Gap], Subscription]:
    """What comes, `count` items or until it ends."""

    async def main() -> tuple[list[Event | Gap], Subscription]:
        found: list[Event | Gap] = []
        async with Node(script.url, KEY, node=NODE) as node, node.subscribe("site/a", start, **more) as events:
            with anyio.fail_after(20):
                async for item in events:
                    found.append(item)
                    if len(found) == count:
                        break
            return found, events

    return run(backend, main)


def offsets(items: list[Event | Gap]) -> list[int]:
    return [item.offset for item in items if isinstance(item, Event)]


@both_backends
def test_events_and_gaps_come_as_values(backend: str) -> None:
    """Typed, in order, with the offset to go on from; the wish is in the query."""
    gap = sse("gap", {"from": 5, "to": 9, "reason": "slow"})
    with Script(opened(4) + event(4) + COMMENT_PING + gap + event(9)) as script:
        found, events = follow(backend, script, 3, start=4, slow="skip")
    assert offsets(found) == [4, 9]
    assert found[1] == Gap(5, 9, "slow")
    assert isinstance(found[0], Event)
    assert found[0].value() == {"n": 4}
    assert (events.cursor, events.links) == (10, 1)
    assert script.targets == ["/api/v1/streams/site/a?slow=skip&from=4"]


@both_backends
def test_a_lost_link_is_made_anew(backend: str) -> None:
    """Wherever it broke, in the middle of an event or before the first, what follows is asked for by offset."""
    with Script(
        opened(7), None, opened(7) + event(7) + event(8)[:40], (503, "overloaded"), opened(8) + event(8) + event(9)
    ) as script:
        found, events = follow(backend, script, 3)
    assert offsets(found) == [7, 8, 9]
    assert events.links == 3
    assert [target.rpartition("=")[2] for target in script.targets] == ["end", "7", "7", "8", "8"]


@both_backends
@pytest.mark.parametrize("last", [b"", end("store-unreadable", 503)])
def test_links_that_bring_nothing_are_not_made_without_end(backend: str, last: bytes) -> None:
    """Opened and ended at once, again and again, is no reason to ask without pause, nor beyond one's patience."""
    error = NodeUnavailable if last else NodeUnreachable
    with Script(*[opened(7) + last] * 100) as script, pytest.raises(error):
        follow(backend, script, patience_s=1.0)
    assert 2 <= len(script.targets) <= 6


@both_backends
@pytest.mark.parametrize("slug", ["stopping", "store-unreadable", "overloaded"])
def test_an_end_that_is_the_nodes_is_resumed(backend: str, slug: str) -> None:
    """A node that stops or is short of memory is asked again."""
    with Script(opened(0) + event(0) + end(slug, 503), opened(1) + event(1)) as script:
        assert offsets(follow(backend, script, 2, start=0)[0]) == [0, 1]


@both_backends
@pytest.mark.parametrize(
    ("slug", "status", "error"),
    [("device-revoked", 403, NotAllowed), ("subscriber-slow", 408, RequestInvalid)],
)
def test_an_end_that_is_ours_is_raised(backend: str, slug: str, status: int, error: type[Exception]) -> None:
    """After everything that came before it was given out."""
    found: list[Event | Gap] = []

    async def main(url: str) -> None:
        async with Node(url, KEY, node=NODE) as node, node.subscribe("site/a", 0) as events:
            async for item in events:
                found.append(item)

    with Script(opened(0) + event(0) + event(1) + end(slug, status)) as script, pytest.raises(error) as caught:
        run(backend, main, script.url)
    assert caught.value.slug == slug  # type: ignore[attr-defined]
    assert offsets(found) == [0, 1]


@both_backends
@pytest.mark.parametrize(
    ("first", "error"),
    [((403, "access-denied"), NotAllowed), ((503, "overloaded"), NodeUnavailable), (None, NodeUnreachable)],
)
def test_the_first_link_is_not_waited_for(backend: str, first: Any, error: type[Exception]) -> None:
    """Whoever starts learns at once that it cannot be."""
    with Script(first) as script, pytest.raises(error):
        follow(backend, script, 1)


@both_backends
def test_patience_ends(backend: str) -> None:
    """A link that does not come back within its time is said to be lost; a refusal meanwhile is raised at once."""
    with Script(opened(0) + event(0)) as script, pytest.raises(NodeUnreachable):
        follow(backend, script, 2, start=0, patience_s=0.3)
    with Script(opened(0) + event(0), (403, "device-revoked")) as script, pytest.raises(NotAllowed):
        follow(backend, script, 2, start=0)


LIES: list[bytes] = [
    opened(3),
    opened(0) + event(1),
    opened(0) + event(0) + event(0),
    opened(0) + sse("gap", {"from": 0, "to": 0, "reason": "slow"}),
    opened(0) + sse("gap", {"from": 2, "to": 4, "reason": "slow"}),
    event(0),
    opened(0) + encode_event(b"{", event="event"),
    opened(0) + encode_event(b"{}", event="gap"),
    opened(0) + encode_event(b"{}", event="end"),
    opened(0) + b"data: " + b"x" * 3_000_000 + b"\n\n",
]


@both_backends
@pytest.mark.parametrize("said", LIES, ids=range(len(LIES)))
def test_a_stream_that_does_not_hold_together(backend: str, said: bytes) -> None:
    """Holes, repeats, empty gaps, nonsense and floods are not a node's word."""

    async def main(url: str) -> None:
        async with Node(url, KEY, node=NODE) as node, node.subscribe("site/a", 0) as events:
            events.cursor = 0
            async for _ in events:
                pass

    with Script(said) as script, pytest.raises(AnswerNotUnderstood):
        run(backend, main, script.url)


@both_backends
def test_another_program_answers(backend: str) -> None:
    """An answer that is no stream of events is not taken for one."""
    with Script("<html>") as script, pytest.raises(AnswerNotUnderstood):
        follow(backend, script, 1)


@both_backends
def test_closing_ends_the_iteration(backend: str) -> None:
    """Nothing comes after `aclose`, and names of events that are not known yet are passed over."""

    async def main(url: str) -> list[Event | Gap]:
        async with Node(url, KEY, node=NODE) as node:
            events = node.subscribe("site/a", 0)
            first = await anext(events)
            await events.aclose()
            return [first] + [item async for item in events]

    with Script(opened(0) + sse("later", {"x": 1}) + event(0) + event(1)) as script:
        assert offsets(run(backend, main, script.url)) == [0]


def test_pauses_grow_and_differ() -> None:
    """From a tenth of a second to a quarter of a minute, not the same for everybody."""

    def make(random: Callable[[int], bytes]) -> Subscription:
        connection: Any = None
        return Subscription(connection, "a", 0, "wait", {}, patience_s=1, random=random)

    low, high = make(lambda _: b"\0"), make(lambda _: b"\xff")
    lost = NodeUnreachable("u", "w")
    assert [low._pause_s(tries, lost) for tries in (1, 2, 50)] == [0.1, 0.2, 7.5]
    assert 14.9 < high._pause_s(50, lost) < 15.0
    busy = NodeUnavailable(503, "overloaded", "d", "r", {}, 40.0)
    assert low._pause_s(1, busy) == 40.0
    assert make(os.urandom)._pause_s(1, lost) < 0.2
