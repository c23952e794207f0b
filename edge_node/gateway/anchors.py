"""GET /api/v1/anchors: what retention removed from a stream, in the node's signed word."""

from edge_node.base.ids import StreamName, VaultId
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.operation import (
    COUNT_SCHEMA,
    KEY_SCHEMA,
    STREAM_SCHEMA,
    VAULT,
    Answer,
    Auth,
    Operation,
    object_schema,
    path_value,
    query_value,
)
from edge_node.gateway.parameters import read_number, read_vault
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_UNSTORED
from edge_node.store.streams.anchors import Anchors
from edge_node.trust.access import Verb, stream_resource

ANCHORS_DEFAULT, ANCHORS_MAX = 100, 1_000
_NUMBER_MAX = 2**63 - 1
_TEXT = {"type": "string"}
DOCUMENT_SCHEMA = object_schema(
    {
        "payloadType": _TEXT,
        "payload": _TEXT,
        "signatures": {"type": "array", "items": object_schema({"keyid": KEY_SCHEMA, "sig": _TEXT})},
    }
)
_DOCUMENT_OR_NULL = {"anyOf": [DOCUMENT_SCHEMA, {"type": "null"}]}
_ANCHOR = object_schema(
    {
        "number": COUNT_SCHEMA,
        "first": COUNT_SCHEMA,
        "anchor": _DOCUMENT_OR_NULL,
        "certificate": _DOCUMENT_OR_NULL,
    }
)

# Not below /api/v1/streams/{stream}: a stream's name may have slashes and end in any word.
READ_ANCHORS = Operation(
    method="GET",
    path="/api/v1/anchors/{stream:path}",
    id="readAnchors",
    auth=Auth.BEARER,
    about="What retention removed from a stream: signed anchors, each with the certificate of its key.",
    parameters=(
        path_value("stream", "The rest of the path.", STREAM_SCHEMA),
        VAULT,
        query_value(
            "from",
            "The first anchor's number; they count from 1.",
            {"type": "integer", "minimum": 1, "maximum": _NUMBER_MAX},
        ),
        query_value("limit", "How many anchors at most.", {"type": "integer", "minimum": 1, "maximum": ANCHORS_MAX}),
    ),
    answers={
        200: Answer(
            about="Anchors in the order of their numbers.",
            schema=object_schema(
                {
                    "stream": STREAM_SCHEMA,
                    "vault": KEY_SCHEMA,
                    "first": COUNT_SCHEMA,
                    "anchors": {"type": "array", "items": _ANCHOR},
                    "next": COUNT_SCHEMA,
                    "end": COUNT_SCHEMA,
                }
            ),
        )
    },
    refusals=("bad-parameter", "malformed-id", "unknown-stream", "store-unreadable"),
)


class AnchorRoutes:
    """The door to what was removed."""

    def __init__(self, anchors: Anchors, door: RequestDoor, vault: VaultId, room: AnswerRoom) -> None:
        self._anchors, self._door, self._vault, self._room = anchors, door, vault, room

    def add_to(self, router: Router) -> None:
        """Register the route."""
        READ_ANCHORS.mount(router, self.read)

    async def read(self, request: Request) -> Response:
        """A stream's anchors from a number on."""
        vault, stream = read_vault(request, self._vault), StreamName(request.params["stream"])
        access = await self._door.authorise(request, stream_resource(vault, stream), Verb.READ)
        start = read_number(request, "from", 1, 1, _NUMBER_MAX)
        limit = read_number(request, "limit", ANCHORS_DEFAULT, 1, ANCHORS_MAX)
        with self._room.hold(access.holder) as held:
            answer = await self._anchors.read(access, vault, stream, start, limit, reserve=held.resize)
            held.resize(len(answer))
            return Response(200, JSON_UNSTORED, answer, done=held.hand_over())
