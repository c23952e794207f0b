"""/api/v1/pieces: content in and out by its CID, with ranges, checked both ways."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from functools import partial

import msgspec

from edge_node.base.ids import VaultId
from edge_node.base.limits import EXTENT_BYTES
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.encoding import refuse_encoding
from edge_node.gateway.errors import BodyDigestMismatch
from edge_node.gateway.operation import (
    ANY_TYPE,
    CID_SCHEMA,
    COUNT_SCHEMA,
    VAULT,
    Answer,
    Auth,
    Body,
    Operation,
    Parameter,
    object_schema,
    path_value,
)
from edge_node.gateway.parameters import read_vault
from edge_node.gateway.ranged import ranged_answer
from edge_node.gateway.requests import RequestDoor
from edge_node.gateway.room import Room
from edge_node.serving import Request, Response, Router
from edge_node.settings import StoreSettings
from edge_node.store.errors import CidMismatch
from edge_node.store.pieces import READ_AHEAD, Pieces
from edge_node.trust.access import Access, Verb, piece_resource
from edge_node.wire.cid import CidKind, format_cid, make_cid, parse_cid

READ_BYTES = READ_AHEAD * EXTENT_BYTES  # what a download holds at most: the extents read in one hop
UPLOAD_BYTES = 5 * EXTENT_BYTES  # what an upload holds at most: the extent that fills and those on their way
_ENCODER = msgspec.json.Encoder()
_JSON = ("content-type", "application/json")


_CID = path_value("cid", "The piece's content identifier (docs/specs/cid.md).", CID_SCHEMA)
_CONTENT = Body(about="The piece's bytes, at most 128 MiB.", types={ANY_TYPE: {}})
_STORED = object_schema({"cid": CID_SCHEMA, "size": COUNT_SCHEMA, "duplicate": {"type": "boolean"}})
_LOCATION = {"Location": "Where the piece is."}
_PUTS = {
    200: Answer(about="This owner had the piece.", schema=_STORED, headers=_LOCATION),
    201: Answer(about="The piece is on the disk.", schema=_STORED, headers=_LOCATION),
}
_PUT_REFUSALS = (
    "bad-parameter", "cid-mismatch", "body-digest-mismatch", "malformed-cid", "piece-too-large", "quota-exceeded",
    "store-unreadable", "piece-vanished",
)  # fmt: skip
_CONDITIONS = tuple(
    Parameter(name=name, where="header", about=about, schema={"type": "string"})
    for name, about in (
        ("Range", "One range of bytes; several are answered with the whole piece."),
        ("If-Range", "The range counts only if this is the ETag."),
        ("If-None-Match", "304 if this is the ETag."),
    )
)

POST_PIECE = Operation(
    method="POST",
    path="/api/v1/pieces",
    id="postPiece",
    about="Store the body as a piece under the CID of its bytes.",
    parameters=(VAULT,),
    body=_CONTENT,
    answers=_PUTS,
    refusals=_PUT_REFUSALS,
)
PUT_PIECE = Operation(
    method="PUT",
    path="/api/v1/pieces/{cid}",
    id="putPiece",
    about="Store the body as a piece whose CID is known.",
    parameters=(_CID, VAULT),
    body=_CONTENT,
    answers=_PUTS,
    refusals=_PUT_REFUSALS,
)
GET_PIECE = Operation(
    method="GET",
    path="/api/v1/pieces/{cid}",
    id="getPiece",
    auth=Auth.BEARER,
    about="The piece or one range of it.",
    parameters=(_CID, VAULT, *_CONDITIONS),
    answers={
        200: Answer(about="The whole piece.", type=ANY_TYPE, headers={"ETag": "The CID, quoted."}),
        206: Answer(about="The range.", type=ANY_TYPE, headers={"Content-Range": "Which bytes of how many."}),
        304: Answer(about="The asker has it.", type=""),
    },
    refusals=(
        "bad-parameter", "malformed-cid", "unknown-piece", "piece-damaged", "piece-gone", "range-not-satisfiable",
        "store-unreadable",
    ),
)  # fmt: skip
DELETE_PIECE = Operation(
    method="DELETE",
    path="/api/v1/pieces/{cid}",
    id="deletePiece",
    auth=Auth.BEARER,
    about="Let go of this owner's reference to the piece.",
    parameters=(_CID, VAULT),
    answers={204: Answer(about="It is gone.", type="")},
    refusals=("bad-parameter", "malformed-cid", "unknown-piece", "event-body", "store-unreadable"),
)


class PieceRoutes:
    """The piece door."""

    def __init__(
        self,
        pieces: Pieces,
        door: RequestDoor,
        vault: VaultId,
        settings: StoreSettings,
        bodies: Room,
        answers: AnswerRoom,
    ) -> None:
        self._pieces, self._door, self._vault, self._settings = pieces, door, vault, settings
        self._bodies, self._answers = bodies, answers

    def apply(self, settings: StoreSettings) -> None:
        """Take over another snapshot."""
        self._settings = settings

    def add_to(self, router: Router) -> None:
        """Register the routes; HEAD is answered by GET."""
        POST_PIECE.mount(router, self.put)
        PUT_PIECE.mount(router, self.put)
        GET_PIECE.mount(router, self.get)
        DELETE_PIECE.mount(router, self.delete)

    async def put(self, request: Request) -> Response:
        """Store the body. The signed digest of the body names its CID before the first byte is read."""
        refuse_encoding(request)
        vault, proof = read_vault(request, self._vault), self._door.read(request)
        signed = make_cid(CidKind.RAW_PIECE, proof.body)
        named = request.params.get("cid")
        if named is not None and (cid := parse_cid(named)) != signed:
            raise CidMismatch(cid, signed)
        access = await self._door.prove(request, proof, piece_resource(vault, format_cid(signed)), Verb.PUT)
        chunks = request.chunks(self._settings.piece_bytes_max)
        size = self._settings.piece_bytes_max if request.content_length is None else request.content_length
        try:
            async with aclosing(self._contents(chunks, request, access)) as contents:
                with self._bodies.hold(min(size, UPLOAD_BYTES)):
                    put = await self._pieces.put(access, vault, contents, expect=signed)
        except CidMismatch as mismatch:
            if named is None:
                raise BodyDigestMismatch(mismatch.want, mismatch.got) from mismatch
            raise
        text = format_cid(put.cid)
        body = _ENCODER.encode({"cid": text, "size": put.size, "duplicate": put.duplicate})
        return Response(200 if put.duplicate else 201, (_JSON, ("location", f"/api/v1/pieces/{text}")), body)

    async def get(self, request: Request) -> Response:
        """The piece or one range of it."""
        vault, cid = read_vault(request, self._vault), parse_cid(request.params["cid"])
        access = await self._door.authorise(request, piece_resource(vault, format_cid(cid)), Verb.GET)
        piece = await self._pieces.open(access, vault, cid)
        etag = f'"{format_cid(cid)}"'
        headers = (
            ("etag", etag),
            ("accept-ranges", "bytes"),
            ("cache-control", "private, immutable, max-age=31536000"),
            ("content-security-policy", "sandbox"),
        )
        content = (("content-type", "application/octet-stream"),)
        answer = ranged_answer(request, etag, piece.size, headers, content, partial(self._pieces.read, piece))
        if answer.length is not None:
            with self._answers.hold(access.holder) as held:
                held.resize(min(answer.length, READ_BYTES))
                answer.done = held.hand_over()
        return answer

    async def _contents(
        self, chunks: AsyncIterable[bytes], request: Request, access: Access
    ) -> AsyncGenerator[bytes, None]:
        """The body as it comes. A right that ended meanwhile ends it at the last."""
        async for chunk in chunks:
            yield chunk
        self._door.confirm(request, access)

    async def delete(self, request: Request) -> Response:
        """Let go of the piece."""
        vault, cid = read_vault(request, self._vault), parse_cid(request.params["cid"])
        access = await self._door.authorise(request, piece_resource(vault, format_cid(cid)), Verb.DELETE)
        await self._pieces.delete(access, vault, cid)
        return Response(204)
