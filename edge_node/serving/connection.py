"""One client's connection: requests in, responses out, in order, each step under a deadline.

The hot path has no nursery, no cancel scope and no thread: one wait for bytes, one handler, one send. What comes in is
the intake's, what goes out the outlet's, a response that stays open the stay's; here is the order of it all.
"""

import trio

from edge_node.base.errors import Refusal
from edge_node.base.log import get_log
from edge_node.base.refusals import Asker
from edge_node.serving.askers import asker_of
from edge_node.serving.counters import CONNECTIONS_BROKEN, CONNECTIONS_EXPIRED, HANDSHAKES_REFUSED, REQUESTS_BROKEN
from edge_node.serving.intake import Intake
from edge_node.serving.limits import FORGED_MAX, NEVER
from edge_node.serving.outlet import Outlet
from edge_node.serving.problems import internal_problem, problem_response
from edge_node.serving.refusals import HostNotServed, OriginRefused
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.service import Service
from edge_node.serving.sse_stream import EventStream
from edge_node.serving.stay import Stay
from edge_node.serving.transport import HandshakeRefused, PeerGone, Transport
from edge_node.serving.upgrade import WebSocketUpgrade
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_head import RequestHead
from edge_node.wire.http1_response import encode_switch

log = get_log("serving")


class Connection:
    """One connection's life; `run` never raises an Exception.

    `deadline` is read by the reaper. `idle` says that no request is under way, so that a drain may end it.
    """

    def __init__(self, service: Service, transport: Transport) -> None:
        self._service = service
        self._transport = transport
        self._stay = Stay(self, service, transport)
        self._outlet = Outlet(self, service, transport, self._stay)
        self._intake = Intake(self, service, transport, self._outlet)
        self._ended = False
        self._lost = False  # the handler or the sender is not to be trusted: nothing can follow on this connection
        self._forged = 0
        self._upgrade: WebSocketUpgrade | None = None
        self.scope = trio.CancelScope()
        self.idle = True
        self.deadline = service.reaper.after(service.settings.header_timeout_s)

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return self._transport.secure

    def expire(self) -> None:
        """End the wait that is overdue, or else the connection."""
        if self._stay.expire():
            return
        CONNECTIONS_EXPIRED.inc()
        self.deadline = NEVER
        if not self._intake.stop_waiting():
            self.end()

    def end(self) -> None:
        """End the connection; a request that arrives in the same instant is not begun."""
        self._ended = True
        self.scope.cancel()

    def drain(self) -> None:
        """The server stops: end what is idle or would stay open; a request under way goes on."""
        if self.idle:
            self.end()
        else:
            self._stay.drain()

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
        intake, service = self._intake, self._service
        while True:
            try:
                head = await intake.next_request()
            except Refusal as refusal:
                await self._refuse(refusal)
                return
            if head is None or self._ended:
                return
            self.idle = False
            self.deadline = NEVER
            if not await self._exchange(head) or service.draining:
                break
            intake.turn()
            self.idle = True
            self.deadline = service.reaper.after(service.settings.idle_timeout_s)
            if intake.buffered:
                await trio.lowlevel.checkpoint()  # a pipelining client must not keep the loop to itself
        if self._upgrade is not None:
            del head  # a request's head is larger than a session
            await self._talk(self._upgrade)

    async def _exchange(self, head: RequestHead) -> bool:
        """One request and its response; whether the connection goes on."""
        self._intake.owes_continue = head.expects_continue
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
        intake, outlet = self._intake, self._outlet
        keep = self._may_keep(head, response)
        try:
            prefix = outlet.encode_head(head, response, keep=keep)
        except HttpMisuse as error:
            response, keep = self._blame_handler(head, error), False
            prefix = outlet.encode_head(head, response, keep=False)
        self._service.note_answer(response.status)
        if not await outlet.send_response(head, prefix, response):
            return False
        if intake.complete:
            return keep
        if keep:
            return await intake.drain()
        await intake.linger()
        return False

    def _may_keep(self, head: RequestHead, response: Response) -> bool:
        """Whether another request may follow the response."""
        if not head.keep_alive or self._lost or self._intake.lost or self._service.draining:
            return False
        if isinstance(response, EventStream):
            return False  # the client's end is watched for, and what it sends besides is dropped
        if not self._intake.complete and not self._intake.may_drain():
            return False
        return head.minor != 0 or isinstance(response.body, bytes) or response.length is not None

    async def _ask_handler(self, head: RequestHead) -> Response:
        service, transport = self._service, self._transport
        if not service.hosts.allows(head.host):
            return problem_response(HostNotServed(head.host), asker=self._asker(head))
        if "origin" in head.fields and not service.origins.allows(head):
            return problem_response(OriginRefused(head.fields.get("origin") or ""), asker=self._asker(head))
        request = Request(head, self._intake, transport.peer, secure=transport.secure)
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

    async def _refuse(self, refusal: Refusal) -> None:
        """Answer a head that is no request, and close."""
        response = problem_response(refusal, asker=self._asker(None))
        self._service.note_answer(response.status)
        await self._outlet.send_last(response)
        await self._intake.linger()

    async def _talk(self, upgrade: WebSocketUpgrade) -> None:
        """Switch to WebSocket for the rest of the connection's life."""
        self._service.note_answer(upgrade.status)
        try:
            session = self._stay.session(upgrade)
            await self._outlet.send(encode_switch("websocket", self._service.standing + upgrade.header_lines()))
            to_be_told = await self._stay.talk(session, upgrade, self._intake.take_rest())
        finally:
            if upgrade.done is not None:
                upgrade.done()
        if to_be_told:
            await self._intake.linger()


def sole_refusal(error: Exception) -> Refusal | None:
    """The Refusal inside nested groups of one: what a handler's nursery makes of it."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, Refusal) else None
