"""What the store holds, page by page: pieces, buckets and their names."""

import base64
from typing import Any

from edge_node.control.errors import BadParameter, NoSuchPiece
from edge_node.control.house import House
from edge_node.control.paging import (
    OFFSET_MAX,
    Parameters,
    cut_page,
    read_bucket,
    read_choice,
    read_limit,
    read_number,
    read_text,
    read_vault,
)
from edge_node.control.views import KINDS, bucket_row, name_row, piece_document, piece_row
from edge_node.store.bucket_view import view_buckets
from edge_node.store.listing import PieceSummary, find_cid, page_pieces
from edge_node.wire.cid import MalformedCid, format_cid, parse_cid

Page = dict[str, Any]
CID_DIGITS, CID_BYTES = 64, 40  # base32 digits and the bytes they hold: both above any CID's


class Holdings:
    """Reads from the store; every method answers plain values."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def pieces(self, query: Parameters) -> Page:
        """GET /v1/pieces."""
        limit, after = read_limit(query), query.get("after")
        try:
            beyond = b"" if after is None else bytes(parse_cid(after))
        except MalformedCid as refusal:
            raise BadParameter("after", "wants the `next` of the page before") from refusal
        span, owner = cid_span(read_text(query, "cid")), read_vault(query)
        least, bucket = read_number(query, "bytes_min", 0, 0, OFFSET_MAX), read_bucket(query)
        word = read_choice(query, "kind", tuple(KINDS.values()))
        kind = next((one for one, name in KINDS.items() if name == word), None)
        found = await self._house.journal.query(page_pieces, beyond, span, owner, least, limit + 1, bucket, kind)
        rows, following = cut_page(found, limit, lambda row: format_cid(row.cid))
        return {"pieces": [self._piece_row(row) for row in rows], "next": following}

    def _piece_row(self, piece: PieceSummary) -> Page:
        return piece_row(piece, damaged=self._house.pieces.is_damaged(piece.cid))

    async def piece(self, text: str) -> Page:
        """GET /v1/pieces/{cid}; NoSuchPiece."""
        cid = parse_cid(text)
        found = await self._house.journal.query(find_cid, cid)
        if found.piece is None and found.body is None and not found.holders:
            raise NoSuchPiece(cid)
        return piece_document(cid, found, damaged=self._house.pieces.is_damaged(cid))

    async def buckets(self, query: Parameters) -> Page:
        """GET /v1/buckets."""
        limit, owner, after = read_limit(query), read_vault(query, name="owner"), read_text(query, "after")
        number, _, whose = after.partition("/")
        beyond = (read_number({"after": number}, "after", 0) if after else -1, whose)
        found = [
            one
            for one in await view_buckets(self._house.journal, self._house.buckets)
            if owner in {None, one.owner} and (one.id, one.owner.hex()) > beyond
        ]
        rows, following = cut_page(found[: limit + 1], limit, lambda one: f"{one.id}/{one.owner.hex()}")
        return {"buckets": [bucket_row(one) for one in rows], "next": following}

    async def names(self, query: Parameters) -> Page:
        """GET /v1/names."""
        limit, bucket = read_limit(query), read_bucket(query)
        if bucket is None:
            raise BadParameter("bucket", "says whose names are wanted")
        after, part = read_text(query, "after"), read_text(query, "filter")
        rows, following = cut_page(
            await self._house.names.list(bucket, after, part, limit + 1), limit, lambda one: one.name
        )
        return {"bucket": bucket, "names": [name_row(one) for one in rows], "next": following}


def cid_span(beginning: str) -> tuple[bytes, bytes]:
    """The least and the greatest bytes of CIDs whose text begins so; BadParameter for what begins none."""
    if not beginning:
        return b"", b"\xff" * CID_BYTES
    digits = beginning[1:].upper()
    if beginning[0] != "b" or len(digits) > CID_DIGITS:
        raise BadParameter("cid", "wants the beginning of a CID")
    try:
        least, most = (base64.b32decode(digits.ljust(CID_DIGITS, fill)) for fill in ("A", "7"))
    except ValueError as error:
        raise BadParameter("cid", "wants the beginning of a CID") from error
    return least.rstrip(b"\0"), most
