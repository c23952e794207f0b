"""From the queue to the node: what is tried again, what is set apart, and what counts as an acknowledgement."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import StreamName
from edge_node.client.models import Receipt
from edge_node.client.node import Node
from edge_node.client.offline_queue import OfflineQueue, Signed
from edge_node.client.queue_rows import QueuedBody
from edge_node.client.sender import Sender, SendReport
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import format_event_header, sign_event
from tests.client.rig import TinyNode, both_backends, run

KEY, STREAM = SigningKey.from_seed(b"d" * 32), StreamName("s")
LONG_S = 30.0  # a deadline that is never reached


@contextmanager
def queue_of(node: TinyNode, directory: Path, bodies: int = 0) -> Iterator[OfflineQueue]:
    queue = OfflineQueue(directory, KEY.public, now_ms=lambda: 1)
    try:
        for number in range(bodies):
            record(queue, node, number)
        yield queue
    finally:
        queue.close()


def record(queue: OfflineQueue, node: TinyNode, number: int) -> QueuedBody:
    def sign(seq: int) -> Signed:
        body = b'{"n":%d}' % number
        header = sign_event(
            KEY, audience=node.vault, stream=STREAM, content_type="application/json", seq=seq, t_ms=1,
            quality=ClockQuality.UNSYNCED, body=body,
        )  # fmt: skip
        return format_event_header(header), header.content_type, body

    return queue.put(node.vault, STREAM, sign)


def send(backend: str, node: TinyNode, queue: OfflineQueue, deadline_s: float = LONG_S, **options: Any) -> SendReport:
    async def main() -> SendReport:
        async with Node(node.url) as opened:
            return await Sender(queue, opened, SystemClock(), options.get("on_receipt")).send(deadline_s)

    return run(backend, main)


def numbers(node: TinyNode) -> list[bytes]:
    return [stored.body for stored in node.stored]


@both_backends
def test_bodies_arrive_in_order_and_leave_the_queue(backend: str, tmp_path: Path) -> None:
    """Each is noted by the receipt's hook before it goes."""
    noted: list[tuple[int, int]] = []

    def note(body: QueuedBody, receipt: Receipt) -> None:
        noted.append((body.seq, receipt.first_offset))
        assert queue.counts().waiting == 3 - receipt.first_offset

    with TinyNode() as node, queue_of(node, tmp_path, 3) as queue:
        report = send(backend, node, queue, on_receipt=note)
        assert (report.acknowledged, report.events, report.trouble) == (3, 3, "")
        assert numbers(node) == [b'{"n":0}', b'{"n":1}', b'{"n":2}']
        assert [offset for _, offset in noted] == [0, 1, 2]
        assert queue.counts().waiting == 0


@both_backends
@pytest.mark.parametrize("fault", [408, 429, 500, 503, "portal", "garbage", "wrong-cid"])
def test_passing_trouble_is_tried_again(backend: str, fault: int | str, tmp_path: Path) -> None:
    """Under the same header, until the node acknowledges these very bytes."""
    with TinyNode() as node, queue_of(node, tmp_path, 1) as queue:
        node.misbehave(fault)
        report = send(backend, node, queue)
        assert (report.acknowledged, report.refused) == (1, 0)
        assert report.offline_s > 0
        assert len(node.posts) == 2
        assert len(set(node.posts)) == 1
        assert len(node.stored) == 1


@both_backends
def test_a_lost_answer_is_a_duplicate_and_stored_once(backend: str, tmp_path: Path) -> None:
    """The node committed and hung up: the second answer is the first one's, marked."""
    with TinyNode() as node, queue_of(node, tmp_path, 2) as queue:
        node.misbehave("hang-up")
        report = send(backend, node, queue)
        assert (report.acknowledged, report.duplicates) == (2, 1)
        assert numbers(node) == [b'{"n":0}', b'{"n":1}']


@both_backends
@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 415, 422])
def test_a_permanent_refusal_is_set_apart_and_the_rest_goes_on(backend: str, status: int, tmp_path: Path) -> None:
    """The refused body keeps its signature and gets the node's reason; the next ones are not held up."""
    with TinyNode() as node, queue_of(node, tmp_path, 3) as queue:
        node.misbehave("", status)
        report = send(backend, node, queue)
        assert (report.acknowledged, report.refused) == (2, 1)
        assert numbers(node) == [b'{"n":0}', b'{"n":2}']
        refused = queue.refused()[0]
        assert (refused.status, refused.slug) == (status, f"made-{status}")
        assert refused.detail == f"made for a test: made-{status}"
        assert refused.queued.header == node.posts[1]


@both_backends
def test_the_deadline_ends_the_wait_and_keeps_the_body(backend: str, tmp_path: Path) -> None:
    """The report says why something still waits."""
    with TinyNode() as node, queue_of(node, tmp_path, 1) as queue:
        node.stop()
        report = send(backend, node, queue, deadline_s=0.3)
        assert report.acknowledged == 0
        assert "gave no answer" in report.trouble
        assert queue.counts().waiting == 1


@both_backends
def test_the_nodes_own_waiting_time_is_respected(backend: str, tmp_path: Path) -> None:
    """Retry-After beyond the deadline: one try, no knocking in between."""
    with TinyNode() as node, queue_of(node, tmp_path, 1) as queue:
        node.misbehave("retry-later")
        send(backend, node, queue, deadline_s=1.5)
        assert len(node.posts) == 1
        assert queue.counts().waiting == 1


@both_backends
def test_running_outlives_the_node(backend: str, tmp_path: Path) -> None:
    """The node goes and comes back; what was recorded meanwhile arrives without anybody asking."""

    async def main() -> None:
        async with Node(node.url) as opened, anyio.create_task_group() as group:
            sender = Sender(queue, opened, SystemClock(), None)
            group.start_soon(sender.run)
            await until(lambda: len(node.stored) == 1)
            await anyio.to_thread.run_sync(node.stop)
            await anyio.to_thread.run_sync(record, queue, node, 1)
            sender.wake()
            await until(lambda: bool(sender.report.trouble))
            await anyio.to_thread.run_sync(node.start)
            await until(lambda: len(node.stored) == 2)
            await until(lambda: queue.counts().waiting == 0)
            assert sender.report.trouble == ""
            group.cancel_scope.cancel()

    with TinyNode() as node, queue_of(node, tmp_path, 1) as queue:
        run(backend, main)


async def until(condition: Any) -> None:
    with anyio.fail_after(30):
        while not condition():
            await anyio.sleep(0.01)
