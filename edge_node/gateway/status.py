"""/healthz, /readyz, /info: the three paths that need no key."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.serving import Request, Response, Router

_ENCODER = msgspec.json.Encoder()
_HEADERS = (("content-type", "application/json"), ("cache-control", "no-store"))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the node takes writes, and the state of every room with its reason."""

    ready: bool
    rooms: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a stranger may know of this node."""

    name: str
    version: str
    node: PublicKey
    vault: VaultId


class StatusRoutes:
    """The open paths."""

    def __init__(self, identity: Identity, clock: Clock, readiness: Callable[[], Readiness]) -> None:
        self._identity, self._clock, self._readiness = identity, clock, readiness

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        router.add("GET", "/healthz", self.healthz)
        router.add("GET", "/readyz", self.readyz)
        router.add("GET", "/info", self.info)

    async def healthz(self, _request: Request) -> Response:
        """The process serves."""
        return Response(200, _HEADERS, b'{"alive":true}')

    async def readyz(self, _request: Request) -> Response:
        """The node takes writes, or says which room does not."""
        readiness = self._readiness()
        return Response(200 if readiness.ready else 503, _HEADERS, _ENCODER.encode(readiness))

    async def info(self, _request: Request) -> Response:
        """Name, version, keys and time."""
        identity = self._identity
        body = {
            "name": identity.name,
            "version": identity.version,
            "node": identity.node.hex(),
            "vault": identity.vault.hex(),
            "time": self._clock.now_ms(),
            "clock": int(self._clock.quality()),
        }
        return Response(200, _HEADERS, _ENCODER.encode(body))
