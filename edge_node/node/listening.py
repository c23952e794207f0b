"""Everything that listens on TCP: an HTTP server for each pair of doors, one gRPC server for all of them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec

from edge_node.base.clock import Clock
from edge_node.control import DoorFigures
from edge_node.serving import Door, HttpServer, Router, TlsIdentity, open_listeners
from edge_node.serving.call import CallTable
from edge_node.serving.connection import Connection
from edge_node.serving.grpc_server import GrpcDoor, GrpcServer, open_grpc_door
from edge_node.settings import HttpSettings, Settings
from edge_node.settings.doors import Mode, parse_pairs


@dataclass(frozen=True, slots=True)
class HttpDoors:
    """The HTTP doors of one pair, with their server and routes; the first pair may also have one with TLS."""

    mode: Mode
    doors: Sequence[Door]
    server: HttpServer
    router: Router


class Listening:
    """The bound doors of a node; nothing is accepted before their servers run."""

    def __init__(
        self, settings: Settings, tls: TlsIdentity | None, router_of: Callable[[Mode], Router], table: CallTable,
        clock: Clock,
    ) -> None:  # fmt: skip
        """Bind them all; AddressUnavailable and what else an address has against it, with none left bound."""
        self.http: list[HttpDoors] = []
        self._grpc_doors: list[GrpcDoor] = []
        try:
            for mode, http in _http_pairs(settings):
                doors, router = open_listeners(http, tls), router_of(mode)
                self.http.append(HttpDoors(mode, doors, HttpServer(doors, router.dispatch, http, clock=clock), router))
            for address, mode in _grpc_addresses(settings):
                self._grpc_doors.append(open_grpc_door(address, mode, plain=settings.grpc.plain))
        except BaseException:
            self.close()
            raise
        self.grpc = GrpcServer(self._grpc_doors, table, settings.grpc)

    @property
    def urls(self) -> list[str]:
        """Where clients connect, the first pair's doors first."""
        first, *further = [pair.server.urls for pair in self.http]
        return [*first, *self.grpc.urls, *(url for urls in further for url in urls)]

    @property
    def connections(self) -> Collection[Connection]:
        """The HTTP connections there are now, of all pairs."""
        return [one for pair in self.http for one in pair.server.connections]

    @property
    def answers(self) -> dict[int, int]:
        """HTTP responses since the start, by status, of all pairs."""
        total: dict[int, int] = {}
        for pair in self.http:
            for status, count in pair.server.answers.items():
                total[status] = total.get(status, 0) + count
        return total

    def close(self) -> None:
        """Let go of every address, where the servers will never run."""
        for pair in self.http:
            for door in pair.doors:
                door.listener.close()
        for one in self._grpc_doors:
            one.listener.close()

    def apply(self, settings: Settings) -> None:
        """Take over another snapshot; addresses wait for the next start."""
        for pair in self.http:
            pair.server.apply(settings.http)
        self.grpc.apply(settings.grpc)

    def figures(self) -> list[DoorFigures]:
        """Every door as it is now."""
        return [*(one for pair in self.http for one in _http_figures(pair)), *map(self._grpc_figures, self._grpc_doors)]

    def _grpc_figures(self, door: GrpcDoor) -> DoorFigures:
        return DoorFigures(
            name="grpc",
            kind="tcp",
            url=door.url,
            address=door.address,
            connections=self.grpc.connections_at(door),
            connections_max=self.grpc.connections_max,
            mode=door.mode,
        )


def _http_pairs(settings: Settings) -> list[tuple[Mode, HttpSettings]]:
    """The mode and settings of each pair's HTTP server; the first is there also without an address."""
    further = [(pair.mode, str(pair.http)) for pair in parse_pairs(settings.ddc.doors) if pair.http is not None]
    alone = msgspec.structs.replace(settings.http, listen_tls="")
    others = [(mode, msgspec.structs.replace(alone, listen=address)) for mode, address in further]
    return [(settings.ddc.mode, settings.http), *others]


def _grpc_addresses(settings: Settings) -> list[tuple[str, Mode]]:
    first = [(settings.grpc.listen, settings.ddc.mode)] if settings.grpc.listen else []
    further = parse_pairs(settings.ddc.doors)
    return [*first, *((str(pair.grpc), pair.mode) for pair in further if pair.grpc is not None)]


def _http_figures(pair: HttpDoors) -> list[DoorFigures]:
    server = pair.server
    return [
        DoorFigures(
            name="https" if door.identity else "http",
            kind="tls" if door.identity else "tcp",
            url=url,
            address=url.partition("://")[2],
            connections=sum(1 for one in server.connections if one.secure == (door.identity is not None)),
            connections_max=server.connections_max,
            mode=pair.mode,
            fingerprint=door.identity.fingerprint if door.identity else None,
            expires_ms=door.identity.expires_ms if door.identity else None,
        )
        for door, url in zip(pair.doors, server.urls, strict=True)
    ]
