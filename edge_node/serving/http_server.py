"""The HTTP server: accepts at its doors, keeps count, ends what is overdue, and drains when it stops."""

import socket
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import trio

from edge_node.base.clock import Clock
from edge_node.serving.askers import asker_of
from edge_node.serving.connection import Connection
from edge_node.serving.counters import CONNECTIONS_REFUSED
from edge_node.serving.intake import HEAD_READ_BYTES
from edge_node.serving.limits import Reaper
from edge_node.serving.listeners import Door
from edge_node.serving.problems import problem_response
from edge_node.serving.reception import Entrance, Reception
from edge_node.serving.refusals import Overloaded
from edge_node.serving.router import Handler
from edge_node.serving.service import Service
from edge_node.serving.tls import TlsIdentity, TlsTransport
from edge_node.serving.transport import PlainTransport
from edge_node.settings.tree import HttpSettings
from edge_node.wire.http1_response import CLOSE, encode_head, header_lines, http_date, length_line


class HttpServer:
    """One server over any number of doors; `run` once. `urls` says where the doors are, without a path."""

    def __init__(self, doors: Sequence[Door], handler: Handler, settings: HttpSettings, *, clock: Clock) -> None:
        self._doors = doors
        self.urls = [door.url for door in doors]
        self._settings = settings
        self._clock = clock
        self._reception = Reception[Connection](settings.connections_max, settings.connections_per_address_max)
        self._reaper = Reaper(self._reception.guests, on_tick=self._refresh)
        self._service = Service(handler, settings, self._reaper)

    @property
    def connections(self) -> Collection[Connection]:
        """The connections there are now."""
        return self._reception.guests

    @property
    def connections_max(self) -> int:
        """How many there may be."""
        return self._settings.connections_max

    @property
    def answers(self) -> Mapping[int, int]:
        """Responses since the start, by status."""
        return self._service.answers

    def apply(self, settings: HttpSettings) -> None:
        """Take over the fields of another snapshot that change in a running node: hosts, origins, limits, timeouts.

        No connection is dropped. A limit on headers holds for connections that come from now on.
        """
        self._settings = settings
        self._service.apply(settings)
        self._reception.resize(settings.connections_max, settings.connections_per_address_max)

    async def run(self, task_status: trio.TaskStatus["HttpServer"] = trio.TASK_STATUS_IGNORED) -> None:
        """Accept and serve until cancelled, or until a drain is over."""
        self._reaper.tick()
        entrances = [
            Entrance(door.listener, partial(self._receive, door.identity), partial(self._turn_away, door.identity))
            for door in self._doors
        ]
        services = (self._reaper.run, self._service.watch.run)
        await self._reception.run(entrances, *services, opened=lambda: task_status.started(self))

    async def drain(self) -> None:
        """Stop accepting, end idle connections, give running requests `drain_s` to finish, cut the rest; ends `run`."""
        await self._reception.close()
        self._service.draining = True
        await self._reception.see_out(self._settings.drain_s)

    def _receive(self, identity: TlsIdentity | None, sock: socket.socket, peer: str) -> Connection:
        transport = PlainTransport(sock, peer) if identity is None else TlsTransport(sock, peer, identity)
        return Connection(self._service, transport)

    def _turn_away(self, identity: TlsIdentity | None, sock: socket.socket, peer: str, refusal: Overloaded) -> None:
        """Say 503 if that costs no wait, and close."""
        CONNECTIONS_REFUSED.inc()
        response = problem_response(refusal, asker=asker_of(peer, secure=identity is not None))
        self._service.note_answer(response.status)
        body = response.body if isinstance(response.body, bytes) else b""
        lines = self._service.standing + header_lines(response.headers) + length_line(len(body)) + CLOSE
        try:
            if identity is None:
                sock.send(encode_head(response.status, lines) + body)
                sock.shutdown(socket.SHUT_WR)
                sock.recv(HEAD_READ_BYTES)  # a request already here, unread, would turn the close into a reset
        except OSError:
            pass  # it has no room or is gone: closing is all that is left
        finally:
            sock.close()

    def _refresh(self) -> None:
        """The header lines of every response, made anew with each tick for the sake of the date."""
        date = http_date(self._clock.now_ms() // 1000)
        self._service.standing = f"server: edge-node\r\ndate: {date}\r\nx-content-type-options: nosniff\r\n"
