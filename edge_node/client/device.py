"""A device: signs a reading the moment it is taken, keeps it on disk, and sends it until the node has it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio

from edge_node.base.clock import Clock, SystemClock
from edge_node.base.ids import PublicKey, StreamName, VaultId, shorten
from edge_node.client.models import Receipt
from edge_node.client.node import Node
from edge_node.client.offline_queue import QUEUE_BYTES_MAX, OfflineQueue, QueueCounts, Signed, WhenFull
from edge_node.client.queue_rows import QueuedBody, RefusedBody
from edge_node.client.readings import BATCH, SINGLE, encode_reading, encode_readings
from edge_node.client.sender import Sender, SendReport
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.trust.signing_key import SigningKey

SEND_DEADLINE_S = 45.0  # one `send`: long enough for a node's restart, short enough for a script to end


@dataclass(frozen=True, slots=True)
class _Form:
    """What all readings of one call have in common."""

    stream: StreamName
    source: str
    event_type: str


class Device:
    """One key, one queue directory, one process; an async context manager under trio and asyncio alike.

    `vault` is whose stream it writes (GET /info shows the operator's own). `source` and `event_type` are CloudEvents
    attributes. `on_receipt` is called in a worker thread after a body is acknowledged and before it leaves the queue:
    what it writes down may come twice after a crash, and never not at all. Opening raises the queue's errors.
    """

    def __init__(
        self,
        node_url: str,
        key: SigningKey,
        vault: VaultId,
        queue_dir: Path,
        *,
        stream: str,
        source: str = "",
        event_type: str = "reading",
        queue_bytes_max: int = QUEUE_BYTES_MAX,
        when_full: WhenFull = WhenFull.REFUSE_NEW,
        on_receipt: Callable[[QueuedBody, Receipt], None] | None = None,
        node: PublicKey | None = None,
        verify: Path | str | None = None,
        clock: Clock | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._key, self._vault, self._clock = key, vault, clock or SystemClock()
        self._form = _Form(StreamName(stream), source or f"urn:edge-node:device:{key.public}", event_type)
        self._queue = OfflineQueue(
            queue_dir, key.public, bytes_max=queue_bytes_max, when_full=when_full, now_ms=self._clock.now_ms
        )
        self._node = Node(node_url, key, node=node, verify=verify, clock=self._clock, random=random)
        self._sender = Sender(self._queue, self._node, self._clock, on_receipt)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Device({shorten(self._key.public)}, {self._form.stream})"

    async def close(self) -> None:
        """Close sockets and queue; what waits stays on disk, the key stays the caller's."""
        with anyio.CancelScope(shield=True):
            await self._node.close()
            await anyio.to_thread.run_sync(self._queue.close)

    async def record(self, reading: Any, *, stream: str | None = None) -> QueuedBody:
        """Sign one JSON reading as a CloudEvent now; it is on disk on return. QueueFull, UnspeakableReading."""
        form = self._form_of(stream)

        def encode(seq: int, t_ms: int) -> bytes:
            return encode_reading(reading, seq=seq, source=form.source, event_type=form.event_type, t_ms=t_ms)

        return await self._record(form.stream, SINGLE, encode)

    async def record_batch(self, readings: Sequence[Any], *, stream: str | None = None) -> QueuedBody:
        """Sign several JSON readings as one CloudEvents batch: one signature, one place in the queue, one answer."""
        form = self._form_of(stream)

        def encode(seq: int, t_ms: int) -> bytes:
            return encode_readings(readings, seq=seq, source=form.source, event_type=form.event_type, t_ms=t_ms)

        return await self._record(form.stream, BATCH, encode)

    async def record_body(self, content_type: str, body: bytes, *, stream: str | None = None) -> QueuedBody:
        """Sign any bytes under a content type of your own; what the type promises is checked by the node."""
        return await self._record(self._form_of(stream).stream, content_type, lambda _seq, _t_ms: body)

    async def send(self, deadline_s: float = SEND_DEADLINE_S) -> SendReport:
        """Send what waits, oldest first, for at most `deadline_s`; the report says how far it came."""
        return await self._sender.send(deadline_s)

    async def run(self) -> None:
        """Send whatever is recorded, for ever, through every outage; returns only by cancellation."""
        await self._sender.run()

    @property
    def report(self) -> SendReport:
        """What was sent since the device was opened."""
        return self._sender.report

    async def counts(self) -> QueueCounts:
        """How the queue stands."""
        return await anyio.to_thread.run_sync(self._queue.counts)

    async def refused(self, limit: int = 100) -> list[RefusedBody]:
        """Bodies the node refused for good, oldest first, each with the node's reason."""
        return await anyio.to_thread.run_sync(self._queue.refused, limit)

    async def retry_refused(self) -> int:
        """Send the refused ones again under their first signatures, as after an enrolment; how many."""
        count = await anyio.to_thread.run_sync(self._queue.retry_refused)
        self._sender.wake()
        return count

    def _form_of(self, stream: str | None) -> _Form:
        if stream is None:
            return self._form
        return _Form(StreamName(stream), self._form.source, self._form.event_type)

    async def _record(self, stream: StreamName, content_type: str, encode: Callable[[int, int], bytes]) -> QueuedBody:
        t_ms, quality = self._clock.now_ms(), self._clock.quality()

        def sign(seq: int) -> Signed:
            body = encode(seq, t_ms)
            header = sign_event(
                self._key, audience=self._vault, stream=stream, content_type=content_type, seq=seq, t_ms=t_ms,
                quality=quality, body=body,
            )  # fmt: skip
            return format_event_header(header), header.content_type, body

        queued = await anyio.to_thread.run_sync(self._queue.put, self._vault, stream, sign)
        self._sender.wake()
        return queued
