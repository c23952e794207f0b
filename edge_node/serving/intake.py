"""What a client sends on one connection: heads and bodies of requests, each wait for them under a deadline."""

from contextlib import suppress
from typing import Protocol

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB
from edge_node.serving.limits import NEVER
from edge_node.serving.outlet import Outlet
from edge_node.serving.refusals import BodyTimeout, HeadTimeout
from edge_node.serving.service import Service
from edge_node.serving.transport import PeerGone, Transport
from edge_node.wire.http1 import CLOSED, NEED_DATA, BodyData, ServerConnection
from edge_node.wire.http1_head import RequestHead
from edge_node.wire.http1_response import CONTINUE

HEAD_READ_BYTES = 64 * KIB  # below malloc's mmap threshold, so that a read costs no page faults
BODY_READ_BYTES = 256 * KIB
DRAIN_MAX_BYTES = 64 * KIB  # an unread body up to this is read and dropped to keep the connection
LINGER_MAX_BYTES = 1024 * KIB  # read and dropped at most, so that a client still sending sees its answer
LINGER_S = 2.0


class Host(Protocol):
    """The connection around it: its deadline, and whether it is idle, that is without a request under way."""

    deadline: float
    idle: bool


class Intake:
    """The receiving half of a connection; a request reads its body here (see BodySource).

    `owes_continue` while the client waits to be told to send its body. `lost` once the framing of a body is: nothing
    can follow on this connection.
    """

    __slots__ = ("_host", "_http", "_outlet", "_service", "_transport", "_wait", "lost", "owes_continue")

    def __init__(self, host: Host, service: Service, transport: Transport, outlet: Outlet) -> None:
        self._host, self._service, self._transport, self._outlet = host, service, transport, outlet
        self._http = ServerConnection(service.head_limits)
        self._wait: trio.CancelScope | None = None
        self.owes_continue = False
        self.lost = False

    @property
    def complete(self) -> bool:
        """Whether the request's body has been read to its end."""
        return self._http.complete

    @property
    def buffered(self) -> bool:
        """Whether bytes of the next request are here already."""
        return bool(self._http.buffered)

    def take_rest(self) -> bytes:
        """Every byte received and not read: after an upgrade they are the other protocol's."""
        return self._http.take_rest()

    def stop_waiting(self) -> bool:
        """End the wait that is overdue; False if nothing waits here."""
        if self._wait is None:
            return False
        self._wait.cancel()
        return True

    async def next_request(self) -> RequestHead | None:
        """The next head, None when the client has left; a Refusal for what is no request or comes too slowly."""
        http = self._http
        while True:
            event = http.next_event()
            if isinstance(event, RequestHead):
                return event
            if event is CLOSED:
                return None
            if http.buffered:
                http.receive(await self._receive_rest_of_head())
            else:
                http.receive(await self._transport.receive(HEAD_READ_BYTES))

    def turn(self) -> None:
        """The exchange is over: on to the next request."""
        self._http.start_next_cycle()

    async def _receive_rest_of_head(self) -> bytes:
        timeout_s = self._service.settings.header_timeout_s
        if self._host.idle:
            # Once per request, not per read: a client that drips bytes gains nothing.
            self._host.idle = False
            self._host.deadline = self._service.reaper.after(timeout_s)
        data = await self._receive_in_time(HEAD_READ_BYTES)
        if data is None:
            raise HeadTimeout(timeout_s)
        return data

    async def _receive_in_time(self, size: int) -> bytes | None:
        """Bytes, or None when the reaper ended the wait."""
        with trio.CancelScope() as self._wait:
            try:
                return await self._transport.receive(size)
            finally:
                self._wait = None
        return None

    def take_whole_body(self) -> bytes | None:
        """See BodySource."""
        return self._http.take_whole_body()

    async def next_chunk(self) -> bytes:
        """See BodySource."""
        http = self._http
        try:
            while True:
                event = http.next_event()
                if isinstance(event, BodyData):
                    return event.data
                if event is not NEED_DATA:
                    return b""
                http.receive(await self._receive_more_body())
        except Refusal:
            self.lost = True
            raise

    async def _receive_more_body(self) -> bytes:
        timeout_s = self._service.settings.body_timeout_s
        if self.owes_continue:
            # Only now, when a handler wants the body: a refusal before this point costs the client no upload.
            self.owes_continue = False
            with suppress(PeerGone):  # the read that follows says so in the body's own terms
                await self._outlet.send(CONTINUE)
        self._host.deadline = self._service.reaper.after(timeout_s)
        data = await self._receive_in_time(BODY_READ_BYTES)
        self._host.deadline = NEVER
        if data is None:
            raise BodyTimeout(timeout_s)
        return data

    def may_drain(self) -> bool:
        """Whether an unread body is worth reading to keep the connection."""
        left = self._http.body_left
        return left is not None and left <= DRAIN_MAX_BYTES and not self.owes_continue

    async def drain(self) -> bool:
        """Read and drop the rest of a body; whether the connection goes on."""
        try:
            while await self.next_chunk():
                pass
        except Refusal:
            return False
        return True

    async def linger(self) -> None:
        """Read what the client still sends: closing over unread bytes resets it before it sees the answer."""
        self._transport.finish()
        self._host.deadline = self._service.reaper.after(LINGER_S)
        left = LINGER_MAX_BYTES
        while left > 0:
            data = await self._transport.receive(HEAD_READ_BYTES)
            if not data:
                break
            left -= len(data)
