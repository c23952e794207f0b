"""The gRPC server: accepts at its doors, keeps count, ends what is overdue, and drains when it stops."""

import ipaddress
import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import trio

from edge_node.base.clock import Clock
from edge_node.base.log import get_log
from edge_node.base.refusals import Asker
from edge_node.serving.call import CallTable
from edge_node.serving.counters import CONNECTIONS_REFUSED
from edge_node.serving.grpc_connection import GrpcConnection, GrpcService
from edge_node.serving.limits import ConnectionCount, Expiring, Reaper
from edge_node.serving.listeners import PlainDoorExposed, accept_forever, format_address, listen_at, parse_address
from edge_node.serving.problems import note_refusal
from edge_node.serving.refusals import Overloaded
from edge_node.serving.transport import PlainTransport
from edge_node.settings.tree import GrpcSettings

DRAIN_S = 10.0  # for the calls there are to finish (ARCHITECTURE section 3)

log = get_log("serving")


@dataclass(frozen=True, slots=True)
class GrpcDoor:
    """A listening socket, non-blocking; `mode` is what its calls are told they came to: full, storage or cache."""

    listener: socket.socket
    mode: str = "full"

    @property
    def address(self) -> str:
        """Where clients connect, as `host:port`."""
        return format_address(self.listener.getsockname())

    @property
    def url(self) -> str:
        """As the DDC SDK wants it."""
        return f"grpc://{self.address}"


def open_grpc_door(address: str, mode: str = "full", *, plain: str = "loopback") -> GrpcDoor:
    """Bind a door; AddressMalformed, AddressUnavailable, PlainDoorExposed."""
    host, _ = parse_address(address)
    if plain != "lan" and not ipaddress.ip_address(host).is_loopback:
        raise PlainDoorExposed(address)
    return GrpcDoor(listen_at(address), mode)


class GrpcServer:
    """One server over any number of doors; `run` once. `urls` says where the doors are."""

    def __init__(self, doors: Sequence[GrpcDoor], table: CallTable, settings: GrpcSettings, *, clock: Clock) -> None:
        self._doors = doors
        self.urls = [door.url for door in doors]
        self.table = table
        self._clock = clock
        self._settings = settings
        self._connections: set[GrpcConnection] = set()
        self._at = Counter[GrpcDoor]()
        self._reaper = Reaper(_Watched(self._connections))
        self._service = GrpcService(table, settings, self._reaper)
        self._count = ConnectionCount(settings.connections_max, settings.connections_per_address_max)
        self._accepting = trio.CancelScope()
        self._closed = trio.Event()
        self._emptied = trio.Event()
        self._ended = trio.Event()

    @property
    def connections(self) -> Collection[GrpcConnection]:
        """The connections there are now; `len` of one is its calls under way."""
        return self._connections

    def connections_at(self, door: GrpcDoor) -> int:
        """How many of them came by one of the doors."""
        return self._at[door]

    @property
    def connections_max(self) -> int:
        """How many there may be."""
        return self._settings.connections_max

    @property
    def calls(self) -> int:
        """Calls under way."""
        return sum(map(len, self._connections))

    def apply(self, settings: GrpcSettings) -> None:
        """Take over the fields of another snapshot that change in a running node; no connection is dropped."""
        self._settings = self._service.settings = settings
        self._count.resize(settings.connections_max, settings.connections_per_address_max)

    async def run(self, task_status: trio.TaskStatus["GrpcServer"] = trio.TASK_STATUS_IGNORED) -> None:
        """Accept and serve until cancelled, or until a drain is over."""
        self._reaper.tick()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reaper.run)
            nursery.start_soon(self._accept, nursery)
            task_status.started(self)
            await self._ended.wait()
            nursery.cancel_scope.cancel()

    async def drain(self) -> None:
        """Stop accepting, say GOAWAY, give calls under way DRAIN_S to finish, cut the rest; ends `run`."""
        self._accepting.cancel()
        await self._closed.wait()
        self._service.draining = True
        for connection in list(self._connections):
            connection.drain()
        with trio.move_on_after(DRAIN_S) as patience:
            if self._connections:
                await self._emptied.wait()
        if patience.cancelled_caught:
            log.warning("drain.cut", connections=len(self._connections))
        self._ended.set()

    async def _accept(self, nursery: trio.Nursery) -> None:
        try:
            with self._accepting:
                async with trio.open_nursery() as doors:
                    for door in self._doors:
                        doors.start_soon(accept_forever, door.listener, self._welcomer(nursery, door))
        finally:
            for door in self._doors:
                door.listener.close()
            self._closed.set()

    def _welcomer(self, nursery: trio.Nursery, door: GrpcDoor) -> Callable[[socket.socket, str], None]:
        def welcome(sock: socket.socket, peer: str) -> None:
            try:
                self._count.enter(peer)
            except Overloaded as refusal:
                CONNECTIONS_REFUSED.inc()
                note_refusal(refusal, Asker(peer, "", "grpc"))
                sock.close()
                return
            connection = GrpcConnection(self._service, PlainTransport(sock, peer), mode=door.mode)
            self._connections.add(connection)
            self._at[door] += 1
            nursery.start_soon(self._attend, connection, peer, door)

        return welcome

    async def _attend(self, connection: GrpcConnection, peer: str, door: GrpcDoor) -> None:
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._at[door] -= 1
            self._count.leave(peer)
            if self._service.draining and not self._connections:
                self._emptied.set()


class _Watched:
    """Everything of a server that has a deadline: its connections and their calls."""

    def __init__(self, connections: Collection[GrpcConnection]) -> None:
        self._connections = connections

    def __iter__(self) -> Iterator[Expiring]:
        for connection in self._connections:
            yield connection
            yield from connection
