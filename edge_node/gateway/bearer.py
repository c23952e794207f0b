"""POST /api/v1/bearer: a signed request is exchanged for a token that reads for a few minutes."""

from typing import Annotated

import msgspec
from blake3 import blake3

from edge_node.base.clock import Clock, ForwardClock
from edge_node.base.ids import StreamName, VaultId
from edge_node.base.limits import KIB
from edge_node.gateway.encoding import refuse_encoding
from edge_node.gateway.errors import BadBearerRequest, BodyDigestMismatch
from edge_node.gateway.operation import (
    COUNT_SCHEMA,
    JSON_TYPE,
    STREAM_SCHEMA,
    VAULT,
    Answer,
    Body,
    Operation,
    object_schema,
)
from edge_node.gateway.parameters import read_vault
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_UNSTORED
from edge_node.settings import TrustSettings
from edge_node.trust.access import Resource, stream_resource
from edge_node.trust.bearer import LIFE_MAX_S, Bearer, BearerMint

BODY_MAX_BYTES = KIB


POST_BEARER = Operation(
    method="POST",
    path="/api/v1/bearer",
    id="postBearer",
    about="Exchange a signed request for a bearer that reads for some minutes.",
    parameters=(VAULT,),
    body=Body(
        about="How long, and for which stream and those below it; without a body the longest, and every one.",
        types={
            JSON_TYPE: object_schema(
                {"seconds": {"type": "integer", "minimum": 1, "maximum": LIFE_MAX_S}, "stream": STREAM_SCHEMA},
                optional=("seconds", "stream"),
            )
        },
        required=False,
    ),
    answers={
        201: Answer(
            about="A bearer, and when it ends in ms UTC.",
            schema=object_schema({"bearer": {"type": "string"}, "expires": COUNT_SCHEMA}),
        )
    },
    refusals=("bad-bearer-request", "bad-parameter", "malformed-id", "body-digest-mismatch"),
)


class _Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body: how long, and for which stream and those below it."""

    seconds: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stream: str | None = None


_as_wish = msgspec.json.Decoder(_Wish).decode


class BearerRoutes:
    """The exchange."""

    def __init__(
        self,
        door: RequestDoor,
        mint: BearerMint,
        clock: Clock,
        forward: ForwardClock,
        vault: VaultId,
        settings: TrustSettings,
    ) -> None:
        """`forward` is the door's: the time that bearers end by."""
        self._door, self._bearers, self._vault, self._settings = door, mint, vault, settings
        self._clock, self._forward = clock, forward

    def add_to(self, router: Router) -> None:
        """Register the route."""
        POST_BEARER.mount(router, self.exchange)

    def apply(self, settings: TrustSettings) -> None:
        """Take over another snapshot."""
        self._settings = settings

    async def exchange(self, request: Request) -> Response:
        """Mint a bearer for the key that signed. Only a signature will do: a bearer makes no other."""
        refuse_encoding(request)
        proof = self._door.read(request)
        body = await request.body(BODY_MAX_BYTES)
        if (digest := blake3(body).hexdigest()) != proof.body.hex():
            raise BodyDigestMismatch(proof.body.hex(), digest)
        wish = read_wish(body, self._settings.bearer_max_s)
        scope = Resource("")
        if wish.stream is not None:
            scope = stream_resource(read_vault(request, self._vault), StreamName(wish.stream))
        key = await self._door.identify(request, proof)
        seconds = self._settings.bearer_max_s if wish.seconds is None else wish.seconds
        token = self._bearers.mint(Bearer(key, self._forward.now_ms() + seconds * 1_000, scope))
        expires_ms = self._clock.now_ms() + seconds * 1_000  # by the clock that its holder compares with
        return Response(201, JSON_UNSTORED, msgspec.json.encode({"bearer": token, "expires": expires_ms}))


def read_wish(body: bytes, seconds_max: int) -> _Wish:
    """The body of the exchange, or BadBearerRequest; an empty one wishes for nothing in particular."""
    if not body:
        return _Wish()
    try:
        wish = _as_wish(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBearerRequest(str(error)) from None
    if wish.seconds is not None and wish.seconds > seconds_max:
        raise BadBearerRequest(f"seconds is at most {seconds_max}")
    return wish
