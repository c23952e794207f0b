"""One client's connection: requests in, responses out, in order, each step under a deadline.

The hot path has no nursery, no cancel scope and no thread: one wait for bytes, one handler, one send.
"""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, nullcontext, suppress
from typing import Literal

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB
from edge_node.base.log import get_log
from edge_node.base.refusals import Asker
from edge_node.serving.askers import asker_of
from edge_node.serving.counters import CONNECTIONS_BROKEN, CONNECTIONS_EXPIRED, HANDSHAKES_REFUSED, REQUESTS_BROKEN
from edge_node.serving.hosts import HostGate
from edge_node.serving.limits import FORGED_MAX, NEVER, Reaper
from edge_node.serving.live import Link, Live
from edge_node.serving.origins import OriginGate
from edge_node.serving.problems import internal_problem, note_refusal, problem_response
from edge_node.serving.refusals import BodyTimeout, HeadTimeout, HostNotServed, OriginRefused
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Handler
from edge_node.serving.sse_stream import EventStream, SseStream
from edge_node.serving.transport import HandshakeRefused, LiveTransport, PeerGone, Transport
from edge_node.serving.upgrade import WebSocketUpgrade
from edge_node.serving.watch import SocketWatch
from edge_node.serving.websocket_session import WebSocketSession
from edge_node.settings.tree import HttpSettings
from edge_node.wire.http1 import CLOSED, NEED_DATA, BodyData, ServerConnection
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_head import HeadLimits, RequestHead
from edge_node.wire.http1_response import (
    CHUNKED,
    CLOSE,
    CONTINUE,
    KEEP_ALIVE,
    LAST_CHUNK,
    UPGRADE,
    bodiless,
    encode_chunk,
    encode_head,
    encode_switch,
    header_lines,
    length_line,
)

HEAD_READ_BYTES = 64 * KIB  # below malloc's mmap threshold, so that a read costs no page faults
BODY_READ_BYTES = 256 * KIB
JOIN_MAX_BYTES = 64 * KIB  # up to here copying a body behind its head is cheaper than a second send
DRAIN_MAX_BYTES = 64 * KIB  # an unread body up to this is read and dropped to keep the connection
LINGER_MAX_BYTES = 1024 * KIB  # read and dropped at most, so that a client still sending sees its answer
LINGER_S = 2.0

log = get_log("serving")


class Service:
    """What every connection of one server shares; `standing` are the header lines of every response."""

    def __init__(self, handler: Handler, settings: HttpSettings, reaper: Reaper) -> None:
        self.handler = handler
        self.settings = settings
        self.reaper = reaper
        self.hosts = HostGate(settings.hosts)
        self.origins = OriginGate(settings.origins)
        self.watch = SocketWatch()
        self.head_limits = HeadLimits(bytes=settings.header_bytes_max)
        self.draining = False
        self.standing = ""
        self.answers: dict[int, int] = {}  # responses by status; a status is one of some thirty

    def note_answer(self, status: int) -> None:
        """Count a response that is about to be sent."""
        self.answers[status] = self.answers.get(status, 0) + 1


class Connection:
    """One connection's life; `run` never raises an Exception.

    `deadline` is read by the reaper. `idle` says that no request is under way, so that a drain may end it.
    """

    def __init__(self, service: Service, transport: Transport) -> None:
        self._service = service
        self._transport = transport
        self._http = ServerConnection(service.head_limits)
        self._wait: trio.CancelScope | None = None
        self._owes_continue = False
        self._ended = False
        self._lost = False  # the body's framing or its sender is lost: nothing can follow on this connection
        self._forged = 0
        self._live: Live | None = None
        self._upgrade: WebSocketUpgrade | None = None
        self._known_headers: object = None
        self._known_lines = ""
        self.scope = trio.CancelScope()
        self.idle = True
        self.deadline = service.reaper.after(service.settings.header_timeout_s)

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return self._transport.secure

    def expire(self) -> None:
        """End the wait that is overdue, or else the connection."""
        if self._live is not None:
            self._live.expire()
            return
        CONNECTIONS_EXPIRED.inc()
        self.deadline = NEVER
        if self._wait is not None:
            self._wait.cancel()
        else:
            self.end()

    def end(self) -> None:
        """End the connection; a request that arrives in the same instant is not begun."""
        self._ended = True
        self.scope.cancel()

    def drain(self) -> None:
        """The server stops: end what is idle or would stay open; a request under way goes on."""
        if self.idle:
            self.end()
        elif self._live is not None:
            self._live.drain()

    async def run(self) -> None:
        """Serve until the client leaves, misbehaves or is overdue. The boundary: no error goes beyond it."""
        try:
            with self.scope:
                await self._transport.open()
                await self._serve()
        except PeerGone:
            pass
        except HandshakeRefused as refused:
            HANDSHAKES_REFUSED.inc()
            log.debug("handshake.refused", peer=self._transport.peer, why=str(refused))
        except Exception:
            CONNECTIONS_BROKEN.inc()
            log.exception("connection.broken", peer=self._transport.peer)
        finally:
            await self._transport.close()

    async def _serve(self) -> None:
        http, service = self._http, self._service
        while True:
            try:
                head = await self._next_request()
            except Refusal as refusal:
                await self._refuse(refusal)
                return
            if head is None or self._ended:
                return
            self.idle = False
            self.deadline = NEVER
            if not await self._exchange(head) or service.draining:
                break
            http.start_next_cycle()
            self.idle = True
            self.deadline = service.reaper.after(service.settings.idle_timeout_s)
            if http.buffered:
                await trio.lowlevel.checkpoint()  # a pipelining client must not keep the loop to itself
        if self._upgrade is not None:
            del head  # a request's head is larger than a session
            await self._talk(self._upgrade)

    async def _next_request(self) -> RequestHead | None:
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

    async def _receive_rest_of_head(self) -> bytes:
        timeout_s = self._service.settings.header_timeout_s
        if self.idle:
            # Once per request, not per read: a client that drips bytes gains nothing.
            self.idle = False
            self.deadline = self._service.reaper.after(timeout_s)
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

    async def _exchange(self, head: RequestHead) -> bool:
        """One request and its response; whether the connection goes on."""
        self._owes_continue = head.expects_continue
        response = await self._ask_handler(head)
        if isinstance(response, WebSocketUpgrade):
            self._upgrade = response
            return False
        if response.done is None:
            return await self._answer(head, response)
        try:
            return await self._answer(head, response)
        finally:
            response.done()

    async def _answer(self, head: RequestHead, response: Response) -> bool:
        http = self._http
        keep = head.keep_alive and not self._lost and not self._service.draining
        if isinstance(response, EventStream):
            keep = False  # the client's end is watched for, and what it sends besides is dropped
        if keep and not http.complete:
            keep = self._may_drain()
        if keep and head.minor == 0:
            keep = isinstance(response.body, bytes) or response.length is not None
        try:
            prefix = self._encode_head(head, response, keep=keep)
        except HttpMisuse as error:
            response, keep = self._blame_handler(head, error), False
            prefix = self._encode_head(head, response, keep=False)
        self._service.note_answer(response.status)
        if not await self._send_response(head, prefix, response):
            return False
        if http.complete:
            return keep
        return await self._drain() if keep else await self._linger()

    async def _ask_handler(self, head: RequestHead) -> Response:
        service, transport = self._service, self._transport
        if not service.hosts.allows(head.host):
            return problem_response(HostNotServed(head.host), asker=self._asker(head))
        if "origin" in head.fields and not service.origins.allows(head):
            return problem_response(OriginRefused(head.fields.get("origin") or ""), asker=self._asker(head))
        request = Request(head, self, transport.peer, secure=transport.secure)
        try:
            return await service.handler(request)
        except Refusal as refusal:
            return self._problem(head, refusal)
        except Exception as error:  # noqa: BLE001 - a boundary: whatever a handler raises ends in a log and a 500
            wrapped = sole_refusal(error)
            return self._problem(head, wrapped) if wrapped is not None else self._blame_handler(head, error)
        finally:
            request.close()

    def _problem(self, head: RequestHead, refusal: Refusal) -> Response:
        if refusal.forged:
            self._forged += 1
            self._lost = self._lost or self._forged >= FORGED_MAX
        return problem_response(refusal, asker=self._asker(head))

    def _asker(self, head: RequestHead | None) -> Asker:
        transport = self._transport
        return asker_of(transport.peer, secure=transport.secure, fields=None if head is None else head.fields)

    def _blame_handler(self, head: RequestHead, error: Exception) -> Response:
        REQUESTS_BROKEN.inc()
        log.error("request.broken", method=head.method, path=head.path, exc_info=error)
        self._lost = True
        return internal_problem(self._asker(head))

    def _encode_head(self, head: RequestHead, response: Response, *, keep: bool) -> bytes:
        headers = response.headers
        if headers is not self._known_headers:
            self._known_lines = header_lines(headers)
            self._known_headers = headers if isinstance(headers, tuple) else None
        framing = self._service.standing + self._known_lines + _framing(head, response)
        if not keep:
            framing += CLOSE
        elif head.minor == 0:
            framing += KEEP_ALIVE
        return encode_head(response.status, framing)

    async def _send_response(self, head: RequestHead, prefix: bytes, response: Response) -> bool:
        body = response.body
        if not isinstance(body, bytes):
            await self._send(prefix)
            return await self._send_pieces(head, response, body)
        if head.method == "HEAD" or not body:
            await self._send(prefix)
        elif len(body) <= JOIN_MAX_BYTES:
            await self._send(prefix + body)
        else:
            await self._send(prefix)
            await self._send(body)
        return True

    async def _send_pieces(self, head: RequestHead, response: Response, body: AsyncIterable[bytes]) -> bool:
        """An asynchronous body; False when it broke off, which the client sees by its framing."""
        owned = aclosing(body) if isinstance(body, AsyncGenerator) else nullcontext()
        try:
            async with owned:
                if isinstance(response, EventStream) and head.method != "HEAD":
                    await self._stream(response, body, chunked=head.minor == 1)
                elif head.method != "HEAD" and not bodiless(response.status):
                    await self._send_each(body, response.length, chunked=response.length is None and head.minor == 1)
        except PeerGone:
            raise
        except Refusal as refusal:  # a fact about what was asked for, not a fault of ours
            note_refusal(refusal, self._asker(head))
            log.warning("response.cut", method=head.method, path=head.path, reason=str(refusal))
            return False
        except Exception:
            REQUESTS_BROKEN.inc()
            log.exception("response.cut", method=head.method, path=head.path)
            return False
        return True

    async def _send_each(self, body: AsyncIterable[bytes], length: int | None, *, chunked: bool) -> None:
        sent = 0
        async for data in body:
            sent += len(data)
            if length is not None and sent > length:
                raise HttpMisuse(f"the body is longer than its length of {length} bytes")
            if data:
                await self._send(encode_chunk(data) if chunked else data)
            await trio.lowlevel.checkpoint()  # a fast reader must not keep the loop to itself
        if length is not None and sent < length:
            raise HttpMisuse(f"the body ended at {sent} of {length} bytes")
        if chunked:
            await self._send(LAST_CHUNK)

    async def _stream(self, response: EventStream, events: AsyncIterable[bytes], *, chunked: bool) -> None:
        stream = self._live = SseStream(self._link(), chunked=chunked)
        try:
            if self._service.draining:
                stream.drain()
            await stream.run(events, response.stopping)
        finally:
            self._live = None

    async def _talk(self, upgrade: WebSocketUpgrade) -> None:
        """Switch to WebSocket for the rest of the connection's life."""
        self._service.note_answer(upgrade.status)
        try:
            session = WebSocketSession(
                self._link(),
                subprotocol=upgrade.subprotocol,
                message_max=upgrade.message_max,
                stopping=upgrade.stopping,
            )
            await self._send(encode_switch("websocket", self._service.standing + upgrade.header_lines()))
            self._live = session
            if self._service.draining:
                session.drain()
            to_be_told = await session.run(upgrade.talk, self._http.take_rest())
        finally:
            self._live = None
            if upgrade.done is not None:
                upgrade.done()
        if to_be_told:
            await self._linger()

    def _link(self) -> Link:
        transport, service = self._transport, self._service
        if not isinstance(transport, LiveTransport):
            raise HttpMisuse("a response that stays open wants a socket")
        return Link(self, transport, service.watch, service.reaper, service.settings.write_timeout_s)

    async def _send(self, data: bytes) -> None:
        if not self._transport.offer(data):
            self._note_progress()
            await self._transport.flush(self._note_progress)
            self.deadline = NEVER

    def _note_progress(self) -> None:
        self.deadline = self._service.reaper.after(self._service.settings.write_timeout_s)

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
            self._lost = True
            raise

    async def _receive_more_body(self) -> bytes:
        timeout_s = self._service.settings.body_timeout_s
        if self._owes_continue:
            # Only now, when a handler wants the body: a refusal before this point costs the client no upload.
            self._owes_continue = False
            with suppress(PeerGone):  # the read that follows says so in the body's own terms
                await self._send(CONTINUE)
        self.deadline = self._service.reaper.after(timeout_s)
        data = await self._receive_in_time(BODY_READ_BYTES)
        self.deadline = NEVER
        if data is None:
            raise BodyTimeout(timeout_s)
        return data

    def _may_drain(self) -> bool:
        """Whether an unread body is worth reading to keep the connection."""
        left = self._http.body_left
        return left is not None and left <= DRAIN_MAX_BYTES and not self._owes_continue

    async def _drain(self) -> bool:
        try:
            while await self.next_chunk():
                pass
        except Refusal:
            return False
        return True

    async def _refuse(self, refusal: Refusal) -> None:
        """Answer a head that is no request, and close."""
        response = problem_response(refusal, asker=self._asker(None))
        self._service.note_answer(response.status)
        lines = self._service.standing + header_lines(response.headers)
        body = response.body if isinstance(response.body, bytes) else b""
        await self._send(encode_head(response.status, lines + length_line(len(body)) + CLOSE) + body)
        await self._linger()

    async def _linger(self) -> Literal[False]:
        """Read what the client still sends: closing over unread bytes resets it before it sees the answer."""
        self._transport.finish()
        self.deadline = self._service.reaper.after(LINGER_S)
        left = LINGER_MAX_BYTES
        while left > 0:
            data = await self._transport.receive(HEAD_READ_BYTES)
            if not data:
                break
            left -= len(data)
        return False


def _framing(head: RequestHead, response: Response) -> str:
    """The header that says where the body ends."""
    body = response.body
    upgrade = UPGRADE if response.status == 426 else ""
    if bodiless(response.status):
        if body:
            raise HttpMisuse(f"a response with status {response.status} has no body")
        return ""
    if isinstance(body, bytes):
        return length_line(len(body)) + upgrade
    if response.length is not None:
        return length_line(response.length)
    return CHUNKED if head.minor == 1 else ""


def sole_refusal(error: Exception) -> Refusal | None:
    """The Refusal inside nested groups of one: what a handler's nursery makes of it."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, Refusal) else None
