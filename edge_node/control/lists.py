"""The lists of the operator's door, page by page, and the rows that the live feed repeats."""

import base64
from collections.abc import Sequence
from typing import Any

from edge_node.base.ids import MalformedId, PublicKey, StreamName, VaultId
from edge_node.base.log_ring import LEVELS, LOG_RING, LogEntry
from edge_node.base.offload import CPU, FILE, offload
from edge_node.base.refusals import REFUSAL_RING, counts, title_of
from edge_node.control.errors import BadParameter, NoSuchPiece
from edge_node.control.house import House
from edge_node.control.paging import (
    OFFSET_MAX,
    Parameters,
    cut_page,
    read_bucket,
    read_choice,
    read_flag,
    read_limit,
    read_number,
    read_text,
    read_vault,
)
from edge_node.control.views import (
    KINDS,
    audit_row,
    bucket_row,
    device_row,
    log_row,
    name_row,
    piece_document,
    piece_row,
    refusal_row,
    revocation_row,
    setting_rows,
    stream_row,
)
from edge_node.serving.problems import problem_registry
from edge_node.settings import Loaded
from edge_node.store.bucket_view import view_buckets
from edge_node.store.listing import PieceSummary, find_cid, find_streams, page_pieces, page_streams
from edge_node.store.streams.rows import StreamRow
from edge_node.trust.audit import AuditFilter, read_audit
from edge_node.trust.device import Device, DeviceStatus
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation
from edge_node.wire.cid import MalformedCid, format_cid, parse_cid

Page = dict[str, Any]
SEARCH_HERE_MAX = 5_000  # devices looked through on the loop; more go to a thread, for they take milliseconds
CID_DIGITS, CID_BYTES = 64, 40  # base32 digits and the bytes they hold: both above any CID's
LOG_LEVELS = ("debug", "info", "warning", "error")


class Lists:
    """Reads from the rooms; every method answers plain values."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._remedies: dict[str, str] = {}

    async def streams(self, query: Parameters) -> Page:
        """GET /v1/streams."""
        house, limit = self._house, read_limit(query)
        vault = read_vault(query) or house.vault
        after, part = read_text(query, "after"), read_text(query, "filter")
        found = await house.journal.query(page_streams, vault, after, part, limit + 1)
        rows, following = cut_page(found, limit, lambda row: row.stream)
        return {"vault": vault.hex(), "streams": self._stream_rows(vault, rows), "next": following}

    async def streams_named(self, names: Sequence[StreamName]) -> list[Page]:
        """Rows of some streams of the node's own vault."""
        found = await self._house.journal.query(find_streams, self._house.vault, names)
        return self._stream_rows(self._house.vault, found)

    def _stream_rows(self, vault: VaultId, rows: Sequence[StreamRow]) -> list[Page]:
        house = self._house
        counted = None if house.subscribers is None else house.subscribers()
        return [
            stream_row(
                row,
                vault,
                house.ingest.traffic,
                None if counted is None else counted.get((vault, StreamName(row.stream)), 0),
                None if house.retention is None else house.retention(vault, StreamName(row.stream)),
            )
            for row in rows
        ]

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

    async def devices(self, query: Parameters) -> Page:
        """GET /v1/devices."""
        roster, limit = self._house.roster, read_limit(query)
        after = query.get("after")
        try:
            beyond = None if after is None else PublicKey.parse(after)
        except MalformedId as refusal:
            raise BadParameter("after", "wants the `next` of the page before") from refusal
        chosen = read_choice(query, "status", tuple(DeviceStatus))
        status = None if chosen is None else DeviceStatus(chosen)
        ask = beyond, status, read_text(query, "filter"), limit + 1
        if len(roster) > SEARCH_HERE_MAX:
            found = await offload(roster.page, *ask, limiter=CPU)
        else:
            found = roster.page(*ask)
        rows, following = cut_page(found, limit, lambda device: device.key.hex())
        return {"devices": [self.device_row(device) for device in rows], "next": following}

    def device(self, wanted: str) -> Page:
        """GET /v1/devices/{key}; NoSuchDevice."""
        return {"device": self.device_row(self._house.roster.find(wanted))}

    def devices_known(self, keys: Sequence[PublicKey]) -> list[Page]:
        """Rows of some devices; keys that nobody enrolled are left out."""
        found = [self._house.roster.table.get(key) for key in keys]
        return [self.device_row(device) for device in found if device is not None]

    def device_row(self, device: Device) -> Page:
        """One device."""
        return device_row(device, self._house.ingest.traffic, self._house.bytes_today(device))

    def revocations(self, query: Parameters) -> Page:
        """GET /v1/revocations."""
        limit, after = read_limit(query), read_text(query, "after")
        kind = read_choice(query, "kind", tuple(RevokedBy))
        chosen = [one for one in self._house.revocations.list() if kind in {None, one.by} and _place_of(one) > after]
        rows, following = cut_page(chosen[: limit + 1], limit, _place_of)
        return {"revocations": [revocation_row(one) for one in rows], "next": following}

    def settings(self) -> Page:
        """GET /v1/settings."""
        desk = self._house.settings
        rows = setting_rows(Loaded(desk.running, desk.sources, desk.file), desk.pending)
        return {"file": desk.file, "applied_ms": desk.applied_ms, "settings": rows}

    def logs(self, query: Parameters) -> Page:
        """GET /v1/logs."""
        limit, level = read_limit(query), read_choice(query, "level", LOG_LEVELS) or "debug"
        room, name, text = (read_text(query, part) for part in ("room", "name", "text"))
        lowest, folded = LEVELS[level], text.lower()
        after = read_number(query, "after", 0)

        def wanted(entry: LogEntry) -> bool:
            return (
                LEVELS.get(entry.level, 0) >= lowest
                and room in {"", entry.room}
                and entry.event.startswith(name)
                and (not text or _mentions(entry, folded))
            )

        seen, found = after, []
        for entry in LOG_RING.after(after):
            seen = entry.sequence
            if wanted(entry):
                found.append(entry)
                if query.get("after") is not None and len(found) == limit:
                    break
        lines = [log_row(entry) for entry in found[-limit:]]
        return {"lines": lines, "next": str(max(seen, 0)), "first": LOG_RING.first, "last": LOG_RING.last}

    def refusals(self, query: Parameters) -> Page:
        """GET /v1/refusals."""
        limit, below = read_limit(query), read_number(query, "after", OFFSET_MAX)
        slug, key = read_text(query, "slug"), read_text(query, "key").removesuffix("…")
        kept = [one for one in REFUSAL_RING.after(0) if one.sequence < below]
        chosen = [one for one in reversed(kept) if slug in {"", one.slug} and one.key.startswith(key)]
        rows, following = cut_page(chosen[: limit + 1], limit, lambda one: str(one.sequence))
        return {
            "total": sum(counts().values()),
            "by_slug": self._by_slug(),
            "refusals": [refusal_row(one) for one in rows],
            "next": following,
        }

    def _by_slug(self) -> list[Page]:
        last = {one.slug: one for one in REFUSAL_RING.after(0)}
        rows = []
        for slug, count in sorted(counts().items(), key=lambda item: (-item[1], item[0])):
            newest = last.get(slug)
            rows.append(
                {
                    "slug": slug,
                    "title": title_of(slug),
                    "count": count,
                    "last_ms": None if newest is None else newest.t_ms,
                    "remedy": self._remedy(slug) if newest is None else newest.remedy,
                }
            )
        return rows

    def _remedy(self, slug: str) -> str:
        if slug not in self._remedies:
            self._remedies = {name: kinds[0].remedy for name, kinds in problem_registry().items()}
            self._remedies.setdefault(slug, "")
        return self._remedies[slug]

    async def audit(self, query: Parameters) -> Page:
        """GET /v1/audit."""
        limit, holder = read_limit(query), query.get("holder")
        try:
            key = None if holder is None else PublicKey.parse(holder)
        except MalformedId as refusal:
            raise BadParameter("holder", refusal.why) from refusal
        wanted = AuditFilter(
            holder=key,
            resource=read_text(query, "resource") or None,
            verb=read_text(query, "verb") or None,
            allowed=read_flag(query, "allowed"),
            reason=read_text(query, "reason") or None,
            before_seq=read_number(query, "after", OFFSET_MAX),
        )
        found = await offload(read_audit, self._house.paths.audit_db, wanted, limit + 1, limiter=FILE)
        rows, following = cut_page(found, limit, lambda entry: str(entry.seq))
        return {"rows": [audit_row(entry) for entry in rows], "next": following}


def _place_of(revocation: TokenRevocation) -> str:
    return f"{revocation.by}/{revocation.subject.hex()}"


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


def _mentions(entry: LogEntry, text: str) -> bool:
    if text in entry.event.lower() or text in entry.room.lower():
        return True
    return any(text in name.lower() or text in value.lower() for name, value in entry.fields.items())
