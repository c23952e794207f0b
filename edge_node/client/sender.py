"""From the queue to the node: oldest first, retried with jitter, taken out only for a receipt that names the body."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio
import stamina

from edge_node.base.clock import Clock
from edge_node.base.log import get_log
from edge_node.client.errors import AnswerNotUnderstood, ClientError, ContentMismatch, NodeRefusal, NodeUnreachable
from edge_node.client.models import Receipt
from edge_node.client.node import Node
from edge_node.client.offline_queue import OfflineQueue
from edge_node.client.queue_errors import QueueStorage
from edge_node.client.queue_rows import QueuedBody

WAIT_FIRST_S = 0.2
WAIT_MAX_S = 5.0  # a node that is back is found within this, and a site of devices does not knock all at once
WAIT_JITTER_S = 0.5

# Waiting may help: no answer, an answer of somebody else, a receipt for other bytes, a disk that is full.
_PASSING = (NodeUnreachable, AnswerNotUnderstood, ContentMismatch, QueueStorage)

log = get_log("client")


@dataclass(frozen=True, slots=True)
class SendReport:
    """Counts of bodies and events since the device was opened.

    `acknowledged` includes `duplicates` (stored before, the first answer was lost). `offline_s` is the time between a
    send without a usable answer and the next receipt. `trouble` is the last reason why something still waits, or "".
    """

    acknowledged: int = 0
    events: int = 0
    duplicates: int = 0
    refused: int = 0
    offline_s: float = 0.0
    trouble: str = ""


class Sender:
    """One body in flight at a time: order is kept, and a window of numbers is never outrun."""

    def __init__(
        self,
        queue: OfflineQueue,
        node: Node,
        clock: Clock,
        on_receipt: Callable[[QueuedBody, Receipt], None] | None,
    ) -> None:
        self._queue, self._node, self._clock, self._on_receipt = queue, node, clock, on_receipt
        self._turn, self._woken = anyio.Lock(), anyio.Event()
        self._offline_since: float | None = None
        self.report = SendReport()

    def wake(self) -> None:
        """Something waits."""
        self._woken.set()

    async def send(self, deadline_s: float) -> SendReport:
        """Send until nothing waits or the time is over; the report says how far it came."""
        with anyio.move_on_after(deadline_s):
            await self._drain()
        return self.report

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._woken = anyio.Event()
            await self._drain()
            await self._woken.wait()

    async def _drain(self) -> None:
        async with self._turn:
            while await self._send_next_patiently():
                pass

    async def _send_next_patiently(self) -> bool:
        # No limit of its own: `send` sets the outer deadline, `run` has none. Each body begins with short waits again.
        async for attempt in stamina.retry_context(
            on=self._wait_s,
            attempts=None,
            timeout=None,
            wait_initial=WAIT_FIRST_S,
            wait_max=WAIT_MAX_S,
            wait_jitter=WAIT_JITTER_S,
        ):
            with attempt:
                return await self._send_next()
        raise AssertionError("retries have no end of their own")

    async def _send_next(self) -> bool:
        body = await anyio.to_thread.run_sync(self._queue.take)
        if body is None:
            return False
        try:
            receipt = await self._node.post_event(body.header, body.content_type, body.body)
        except NodeRefusal as refusal:
            if not refusal.permanent:
                raise
            await self._set_apart(body, refusal)
            return True
        # Shielded: between the receipt and its row nothing of ours is cancelled, so that few are sent twice.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._settle, body, receipt)
        return True

    def _settle(self, body: QueuedBody, receipt: Receipt) -> None:
        if self._on_receipt is not None:
            self._on_receipt(body, receipt)
        self._queue.acknowledge(body)
        self._back_online()
        report = self.report
        self.report = replace(
            report,
            acknowledged=report.acknowledged + 1,
            events=report.events + receipt.count,
            duplicates=report.duplicates + int(receipt.duplicate),
            trouble="",
        )

    async def _set_apart(self, body: QueuedBody, refusal: NodeRefusal) -> None:
        refuse = functools.partial(
            self._queue.refuse, body, refusal.status, refusal.slug, refusal.detail, refusal.remedy
        )
        await anyio.to_thread.run_sync(refuse)
        self._back_online()
        self.report = replace(self.report, refused=self.report.refused + 1)
        log.error("body.refused", stream=str(body.stream), seq=body.seq, slug=refusal.slug, detail=refusal.detail)

    def _wait_s(self, error: Exception) -> bool | float:
        """Whether to try again, and after how many seconds if the node said so."""
        if not isinstance(error, (NodeRefusal, *_PASSING)):
            return False
        assert isinstance(error, ClientError)
        if self._offline_since is None:
            self._offline_since = self._clock.monotonic_s()
        self.report = replace(self.report, trouble=str(error))
        wait_s = error.retry_after_s if isinstance(error, NodeRefusal) else None
        return True if wait_s is None else max(wait_s, WAIT_FIRST_S)

    def _back_online(self) -> None:
        if self._offline_since is not None:
            spent = self._clock.monotonic_s() - self._offline_since
            self._offline_since = None
            self.report = replace(self.report, offline_s=self.report.offline_s + spent)
