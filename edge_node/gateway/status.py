"""/healthz, /readyz, /info: the three paths that need no key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.gateway.anchors import DOCUMENT_SCHEMA
from edge_node.gateway.operation import COUNT_SCHEMA, KEY_SCHEMA, Answer, Auth, Operation, object_schema
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_UNSTORED
from edge_node.settings.doors import MODES, Mode

_ENCODER = msgspec.json.Encoder()


# The SDK in a page of any origin asks here before it chooses a node; a sandboxed page of a bucket, whose origin is
# null, reaches nothing of the node's own.
_FOR_PAGES = (*JSON_UNSTORED, ("access-control-allow-origin", "*"), ("vary", "Origin"))
_TEXT = {"type": "string"}
_READINESS = object_schema(
    {
        "ready": {"type": "boolean"},
        "rooms": {"type": "object", "additionalProperties": object_schema({"state": _TEXT, "reason": _TEXT})},
    }
)

GET_HEALTH = Operation(
    method="GET",
    path="/healthz",
    id="getHealth",
    about="Whether the process serves.",
    auth=Auth.NOTHING,
    answers={200: Answer(about="It does.", schema=object_schema({"alive": {"const": True}}))},
)
GET_READINESS = Operation(
    method="GET",
    path="/readyz",
    id="getReadiness",
    about="Whether the node takes writes, and the state of every room.",
    auth=Auth.NOTHING,
    answers={
        200: Answer(about="It does.", schema=_READINESS),
        503: Answer(about="It does not: a room says why.", schema=_READINESS),
    },
)
GET_INFO = Operation(
    method="GET",
    path="/info",
    id="getInfo",
    about="Name, version, keys, mode and time of the node.",
    auth=Auth.NOTHING,
    answers={
        200: Answer(
            about="What a stranger may know.",
            schema=object_schema(
                {
                    "name": _TEXT,
                    "version": _TEXT,
                    "node": KEY_SCHEMA,
                    "vault": KEY_SCHEMA,
                    "mode": {"enum": list(MODES)},
                    "time": COUNT_SCHEMA,
                    "clock": {"type": "integer", "minimum": 0, "maximum": 3},
                    "certificates": {"type": "array", "items": DOCUMENT_SCHEMA},
                }
            ),
        )
    },
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the node takes writes, and the state of every room with its reason."""

    ready: bool
    rooms: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a stranger may know of this node; `mode` is what the asked door is to a DDC cluster."""

    name: str
    version: str
    node: PublicKey
    vault: VaultId
    mode: Mode = "full"


class StatusRoutes:
    """The open paths."""

    def __init__(
        self,
        identity: Identity,
        clock: Clock,
        readiness: Callable[[], Readiness],
        certificates: Callable[[], Sequence[bytes]] = tuple,
    ) -> None:
        """`certificates` gives the node key's word for working keys of the node, as signed documents."""
        self._identity, self._clock, self._readiness = identity, clock, readiness
        self._certificates = certificates

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        GET_HEALTH.mount(router, self.healthz)
        GET_READINESS.mount(router, self.readyz)
        GET_INFO.mount(router, self.info)

    async def healthz(self, _request: Request) -> Response:
        """The process serves."""
        return Response(200, JSON_UNSTORED, b'{"alive":true}')

    async def readyz(self, _request: Request) -> Response:
        """The node takes writes, or says which room does not."""
        readiness = self._readiness()
        return Response(200 if readiness.ready else 503, JSON_UNSTORED, _ENCODER.encode(readiness))

    async def info(self, request: Request) -> Response:
        """Name, version, keys with their certificates, and time."""
        identity = self._identity
        body = {
            "name": identity.name,
            "version": identity.version,
            "node": identity.node.hex(),
            "vault": identity.vault.hex(),
            "mode": identity.mode,
            "time": self._clock.now_ms(),
            "clock": int(self._clock.quality()),
            "certificates": [msgspec.Raw(one) for one in self._certificates()],
        }
        headers = JSON_UNSTORED if request.headers.get("origin") == "null" else _FOR_PAGES
        return Response(200, headers, _ENCODER.encode(body))
