"""POST /events[/{stream}]: a signed body goes in, a receipt comes out (docs/specs/http.md)."""

from edge_node.base.ids import StreamName
from edge_node.gateway.encoding import refuse_encoding
from edge_node.gateway.errors import (
    AttributeHeaders,
    SignatureMissing,
    StreamMismatch,
)
from edge_node.gateway.operation import (
    ANY_TYPE,
    CID_SCHEMA,
    COUNT_SCHEMA,
    JSON_TYPE,
    STREAM_SCHEMA,
    Answer,
    Auth,
    Body,
    Operation,
    Parameter,
    object_schema,
    path_value,
)
from edge_node.gateway.room import Room
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_HEADERS
from edge_node.settings import IngestSettings
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.submission import Receipt
from edge_node.trust.signed_event import parse_event_header
from edge_node.wire.cid import format_cid
from edge_node.wire.event_body import ContentTypeRefused, body_form, clean_content_type

_CLOUD_EVENT = {
    "type": "object",
    "properties": {name: {"type": "string", "minLength": 1} for name in ("id", "source", "type")}
    | {"specversion": {"const": "1.0"}},
    "required": ["specversion", "id", "source", "type"],
}
_LINES = {"type": "string", "description": "One JSON object a line."}
_RECEIPT = Answer(
    about="The body, its header and its place in the index are on the disk.",
    schema=object_schema(
        {
            "cid": CID_SCHEMA,
            "stream": STREAM_SCHEMA,
            "first_offset": COUNT_SCHEMA,
            "count": {"type": "integer", "minimum": 1},
            "duplicate": {"type": "boolean"},
        }
    ),
)
_STREAM = path_value("stream", "The rest of the path: the stream that was signed.", STREAM_SCHEMA)


def _post_to(path: str, name: str, *parameters: Parameter) -> Operation:
    return Operation(
        method="POST",
        path=path,
        id=name,
        about="Store one signed body of events.",
        auth=Auth.EVENT,
        parameters=parameters,
        body=Body(
            about="The bytes that were signed, of at most 1 MiB and 10,000 events; one body goes to one stream.",
            types={
                "application/cloudevents+json": _CLOUD_EVENT,
                "application/cloudevents-batch+json": {"type": "array", "items": _CLOUD_EVENT, "minItems": 1},
                "application/x-ndjson": _LINES,
                "application/ndjson": _LINES,
                JSON_TYPE: {},
                ANY_TYPE: {},
            },
        ),
        answers={202: _RECEIPT},
        refusals=(
            "signature-missing", "malformed-signature-header", "malformed-id", "stream-mismatch", "ce-headers",
            "malformed-event", "unknown-key", "bad-signature", "device-suspended", "device-revoked", "wrong-audience",
            "access-denied", "sequence-conflict", "sequence-jump", "sequence-too-old", "time-ahead", "time-too-late",
            "too-many-events", "content-type", "rate-exceeded", "quota-exceeded", "queue-full", "journal-queue-full",
            "not-writable", "disk-full", "round-refused", "store-unreadable", "stopping",
        ),
    )  # fmt: skip


POST_EVENTS = (
    _post_to("/events", "postEvents"),
    _post_to("/events/{stream:path}", "postEventsToStream", _STREAM),
    _post_to("/api/v1/events", "postEventsByAlias"),
    _post_to("/api/v1/events/{stream:path}", "postEventsToStreamByAlias", _STREAM),
)


class EventRoutes:
    """The ingest door over HTTP."""

    def __init__(self, ingest: Ingest, settings: IngestSettings, room: Room) -> None:
        self._ingest, self._settings, self._room = ingest, settings, room

    def apply(self, settings: IngestSettings) -> None:
        """Take over another snapshot."""
        self._settings = settings

    def add_to(self, router: Router) -> None:
        """Register `/events` and its alias under /api/v1."""
        for operation in POST_EVENTS:
            operation.mount(router, self.post)

    async def post(self, request: Request) -> Response:
        """Check what costs nothing first; the body is read only for a request that may be stored."""
        content_type = read_content_type(request)
        refuse_unsigned_headers(request)
        text = request.headers.get("edge-signature")
        if text is None:
            raise SignatureMissing("Edge-Signature", "docs/specs/signed-event.md")
        header = parse_event_header(text, content_type)
        named = request.params.get("stream")
        if named is not None and StreamName(named) != header.stream:
            raise StreamMismatch(named, header.stream)
        source = f"http {request.peer}"
        self._ingest.screen(header, source)
        limit = self._settings.body_bytes_max
        expected = limit if request.content_length is None else min(request.content_length, limit)
        with self._room.hold(expected):
            body = await request.body(limit)
            return render_receipt(await self._ingest.submit(header, body, source))


def read_content_type(request: Request) -> str:
    """The one Content-Type as it is signed; ContentTypeRefused otherwise."""
    values = request.headers.all("content-type")
    if len(values) != 1:
        raise ContentTypeRefused("it is missing" if not values else "it is given more than once")
    content_type = clean_content_type(values[0])
    body_form(content_type)
    return content_type


def refuse_unsigned_headers(request: Request) -> None:
    """Nothing outside the signature may change what a stored body means."""
    refuse_encoding(request)
    for name in request.headers:
        if name.startswith("ce-"):
            raise AttributeHeaders(name)


def render_receipt(receipt: Receipt) -> Response:
    """202 with the receipt as JSON."""
    # By hand: a CID's and a stream's alphabets hold nothing that JSON would escape, and this is the hottest reply.
    duplicate = "true" if receipt.duplicate else "false"
    body = (
        f'{{"cid":"{format_cid(receipt.cid)}","stream":"{receipt.stream}","first_offset":{receipt.first_offset}'
        f',"count":{receipt.count},"duplicate":{duplicate}}}'
    )
    return Response(202, JSON_HEADERS, body.encode())
