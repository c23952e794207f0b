"""The gRPC server: accepts at its doors, keeps count, ends what is overdue, and drains when it stops."""

import ipaddress
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import trio

from edge_node.base.refusals import Asker
from edge_node.serving.call import CallTable
from edge_node.serving.counters import CONNECTIONS_REFUSED
from edge_node.serving.grpc_calls import GrpcService
from edge_node.serving.grpc_connection import GrpcConnection
from edge_node.serving.limits import Expiring, Reaper
from edge_node.serving.listeners import PlainDoorExposed, format_address, listen_at, parse_address
from edge_node.serving.problems import note_refusal
from edge_node.serving.reception import Entrance, Reception
from edge_node.serving.refusals import Overloaded
from edge_node.serving.transport import PlainTransport
from edge_node.settings.tree import GrpcSettings

DRAIN_S = 10.0  # for the calls there are to finish (ARCHITECTURE section 3)


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

    def __init__(self, doors: Sequence[GrpcDoor], table: CallTable, settings: GrpcSettings) -> None:
        self._doors = doors
        self.urls = [door.url for door in doors]
        self.table = table
        self._settings = settings
        self._reception = Reception[GrpcConnection](settings.connections_max, settings.connections_per_address_max)
        self._reaper = Reaper(_Watched(self._reception.guests))
        self._service = GrpcService(table, settings, self._reaper)

    @property
    def connections(self) -> Collection[GrpcConnection]:
        """The connections there are now; `len` of one is its calls under way."""
        return self._reception.guests

    def connections_at(self, door: GrpcDoor) -> int:
        """How many of them came by one of the doors."""
        return self._reception.came_by(door.listener)

    @property
    def connections_max(self) -> int:
        """How many there may be."""
        return self._settings.connections_max

    @property
    def calls(self) -> int:
        """Calls under way."""
        return sum(map(len, self.connections))

    def apply(self, settings: GrpcSettings) -> None:
        """Take over the fields of another snapshot that change in a running node; no connection is dropped."""
        self._settings = self._service.settings = settings
        self._reception.resize(settings.connections_max, settings.connections_per_address_max)

    async def run(self, task_status: trio.TaskStatus["GrpcServer"] = trio.TASK_STATUS_IGNORED) -> None:
        """Accept and serve until cancelled, or until a drain is over."""
        self._reaper.tick()
        entrances = [Entrance(door.listener, self._receiver(door), _turn_away) for door in self._doors]
        await self._reception.run(entrances, self._reaper.run, opened=lambda: task_status.started(self))

    async def drain(self) -> None:
        """Stop accepting, say GOAWAY, give calls under way DRAIN_S to finish, cut the rest; ends `run`."""
        await self._reception.close()
        self._service.draining = True
        await self._reception.see_out(DRAIN_S)

    def _receiver(self, door: GrpcDoor) -> Callable[[socket.socket, str], GrpcConnection]:
        return lambda sock, peer: GrpcConnection(self._service, PlainTransport(sock, peer), mode=door.mode)


def _turn_away(sock: socket.socket, peer: str, refusal: Overloaded) -> None:
    """Close without a word: gRPC has none before its preface."""
    CONNECTIONS_REFUSED.inc()
    note_refusal(refusal, Asker(peer, "", "grpc"))
    sock.close()


class _Watched:
    """Everything of a server that has a deadline: its connections and their calls."""

    def __init__(self, connections: Collection[GrpcConnection]) -> None:
        self._connections = connections

    def __iter__(self) -> Iterator[Expiring]:
        for connection in self._connections:
            yield connection
            yield from connection
