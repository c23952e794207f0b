"""GET /api/v1/streams: what streams there are, and their events by offset."""

import msgspec

from edge_node.base.ids import StreamName, VaultId
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.live import LiveRoutes
from edge_node.gateway.operation import (
    CID_SCHEMA,
    COUNT_SCHEMA,
    KEY_SCHEMA,
    LARGE_SCHEMA,
    STREAM_SCHEMA,
    VAULT,
    Answer,
    Auth,
    Operation,
    object_schema,
    path_value,
    query_value,
)
from edge_node.gateway.parameters import read_flag, read_number, read_vault
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_UNSTORED
from edge_node.settings import IngestSettings
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Verb, stream_resource

PAGE_DEFAULT = 100
_OFFSET_MAX = 2**63 - 1  # SQLite's largest integer; no stream gets there
_ENCODER = msgspec.json.Encoder()


_TEXT = {"type": "string"}
_QUALITY = {"type": "integer", "minimum": 0, "maximum": 3}
_SUMMARY = object_schema(
    {"stream": STREAM_SCHEMA}
    | dict.fromkeys(("events", "bodies", "bytes", "first_offset", "next_offset", "last_received"), COUNT_SCHEMA)
)
_EVENT = object_schema(
    {
        "offset": COUNT_SCHEMA,
        "item": COUNT_SCHEMA,
        "cid": CID_SCHEMA,
        "t": LARGE_SCHEMA,
        "q": _QUALITY,
        "late": {"type": "boolean"},
        "received": COUNT_SCHEMA,
        "clock": _QUALITY,
        "key": KEY_SCHEMA,
        "seq": LARGE_SCHEMA,
        "content_type": _TEXT,
        "event": {"description": "The event as it was sent, where it is JSON."},
        "data_base64": {"type": "string", "description": "The body, where it is not."},
    },
    optional=("event", "data_base64"),
)
_PROOF = object_schema(
    {
        "cid": CID_SCHEMA,
        "first_offset": COUNT_SCHEMA,
        "count": COUNT_SCHEMA,
        "signature": _TEXT,
        "content_type": _TEXT,
        "body_base64": _TEXT,
    }
)
_PAGE = object_schema(
    {
        "stream": STREAM_SCHEMA,
        "vault": KEY_SCHEMA,
        "events": {"type": "array", "items": _EVENT},
        "next": COUNT_SCHEMA,
        "end": COUNT_SCHEMA,
        "first": COUNT_SCHEMA,
        "gap": object_schema({"from": COUNT_SCHEMA, "to": COUNT_SCHEMA, "reason": {"enum": ["retention", "damage"]}}),
        "proofs": {"type": "array", "items": _PROOF},
    },
    optional=("gap", "proofs"),
)

LIST_STREAMS = Operation(
    method="GET",
    path="/api/v1/streams",
    id="listStreams",
    auth=Auth.BEARER,
    about="Every stream of a vault.",
    parameters=(VAULT,),
    answers={
        200: Answer(
            about="The streams by name.",
            schema=object_schema({"vault": KEY_SCHEMA, "streams": {"type": "array", "items": _SUMMARY}}),
        )
    },
    refusals=("bad-parameter", "store-unreadable"),
)
READ_STREAM = Operation(
    method="GET",
    path="/api/v1/streams/{stream:path}",
    id="readStream",
    auth=Auth.BEARER,
    about="One page of a stream; with Upgrade: websocket or Accept: text/event-stream a subscription.",
    parameters=(
        path_value("stream", "The rest of the path.", STREAM_SCHEMA),
        VAULT,
        query_value(
            "from",
            "The first offset wanted; a subscription also takes start and end.",
            {"type": "integer", "minimum": 0, "maximum": _OFFSET_MAX},
        ),
        query_value("limit", "How many events at most.", {"type": "integer", "minimum": 1, "maximum": 1_000}),
        query_value("proof", "1: with what verifies the bodies.", {"enum": ["0", "1"]}),
    ),
    answers={
        101: Answer(about="A subscription over WebSocket (docs/specs/subscriptions.md).", type=""),
        200: Answer(
            about="Events from an offset on; as text/event-stream a subscription.",
            schema=_PAGE,
            or_else={"text/event-stream": {"type": "string"}},
        ),
    },
    refusals=(
        "bad-parameter",
        "malformed-id",
        "unknown-stream",
        "piece-damaged",
        "store-unreadable",
        "upgrade-required",
        "malformed-upgrade",
        "offset-beyond-end",
        "subscriptions-exceeded",
        "subscriptions-full",
        "subscriber-slow",
        "bad-subscription",
        "stopping",
    ),
)


class StreamRoutes:
    """The reading door of the event log."""

    def __init__(
        self,
        topics: Topics,
        door: RequestDoor,
        vault: VaultId,
        settings: IngestSettings,
        room: AnswerRoom,
        live: LiveRoutes,
    ) -> None:
        self._topics, self._door, self._vault, self._settings, self._room = topics, door, vault, settings, room
        self._live = live

    def apply(self, settings: IngestSettings) -> None:
        """Take over another snapshot."""
        self._settings = settings

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        LIST_STREAMS.mount(router, self.list_streams)
        READ_STREAM.mount(router, self.read)

    async def list_streams(self, request: Request) -> Response:
        """Every stream of a vault."""
        vault = read_vault(request, self._vault)
        access = await self._door.authorise(request, stream_resource(vault), Verb.LIST)
        rows = await self._topics.list_streams(access, vault)
        listed = _ENCODER.encode({"vault": vault.hex(), "streams": rows})
        with self._room.hold(access.holder) as held:
            held.resize(len(listed))
            return Response(200, JSON_UNSTORED, listed, done=held.hand_over())

    async def read(self, request: Request) -> Response:
        """One page of a stream, or a subscription to it."""
        if self._live.wants(request):
            return await self._live.serve(request)
        vault, stream = read_vault(request, self._vault), StreamName(request.params["stream"])
        access = await self._door.authorise(request, stream_resource(vault, stream), Verb.READ)
        start = read_number(request, "from", 0, 0, _OFFSET_MAX)
        limit = read_number(
            request, "limit", min(PAGE_DEFAULT, self._settings.page_events_max), 1, self._settings.page_events_max
        )
        proof = read_flag(request, "proof")
        with self._room.hold(access.holder) as held:
            page = await self._topics.read_page(access, vault, stream, start, limit, proof=proof, reserve=held.resize)
            held.resize(len(page))
            return Response(200, JSON_UNSTORED, page, done=held.hand_over())
