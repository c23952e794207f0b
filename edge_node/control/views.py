"""Rows of the operator's door: what the rooms know, in the field names of docs/specs/control.md (pure)."""

from collections.abc import Mapping
from typing import Any

from edge_node.base.ids import Cid, StreamName, VaultId
from edge_node.base.limits import EXTENT_BYTES
from edge_node.base.log_ring import LogEntry
from edge_node.base.refusals import Refused
from edge_node.settings import Loaded
from edge_node.settings.changes import Change
from edge_node.settings.fields import FIELDS
from edge_node.settings.show import shown_value
from edge_node.store.bucket_view import BucketFigures
from edge_node.store.listing import BodyDetail, CidDetail, PieceSummary
from edge_node.store.names import NameRecord
from edge_node.store.piece_listing import PieceDetail
from edge_node.store.streams.event_object import number
from edge_node.store.streams.rows import StreamRow
from edge_node.store.streams.traffic import RefusedCount, Traffic
from edge_node.trust.account import address_of
from edge_node.trust.audit_read import AuditEntry
from edge_node.trust.device import Device
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation
from edge_node.wire.cid import CidKind, cid_kind, format_cid

Row = dict[str, Any]
AUTHORITY = "settings"  # who says which buckets there are, until a chain does


def stream_row(row: StreamRow, vault: VaultId, traffic: Traffic, subscribers: int | None, retention: Any = None) -> Row:
    """One stream of /v1/streams."""
    place = vault, StreamName(row.stream)
    rates, refused = traffic.stream_rates(*place), traffic.refused(place)
    return {
        "stream": row.stream,
        "events": row.events,
        "bodies": row.bodies,
        "bytes": row.bytes,
        "first_offset": row.first_offset,
        "next_offset": row.next_offset,
        "last_received_ms": row.last_received,
        "bodies_per_s": round(rates.bodies, 2),
        "events_per_s": round(rates.events, 2),
        "bytes_per_s": round(rates.bytes, 2),
        **_refused(refused),
        "subscribers": subscribers,
        "retention": retention,
    }


def device_row(device: Device, traffic: Traffic, bytes_today: int) -> Row:
    """One device of /v1/devices."""
    seen, rates = traffic.seen(device.key), traffic.device_rates(device.key)
    return {
        "key": device.key.hex(),
        "name": device.name,
        "roles": sorted(device.roles),
        "vault": device.vault.hex(),
        "streams": list(device.streams),
        "status": str(device.status),
        "enrolled_ms": device.enrolled_ms,
        "changed_ms": device.changed_ms,
        "note": device.note,
        "late_max_s": device.late_max_s,
        "bytes_per_day_max": device.bytes_per_day_max,
        "revision": device.revision,
        "last_seen_ms": None if seen is None else seen.at_ms,
        "last_stream": None if seen is None else seen.stream,
        "last_seq": None if seen is None else number(seen.seq),
        "bytes_today": bytes_today,
        "events_per_s": round(rates.events, 2),
        **_refused(traffic.refused(device.key)),
    }


def _refused(refused: RefusedCount | None) -> Row:
    if refused is None:
        return {"refused": 0, "last_refusal": None}
    return {
        "refused": refused.count,
        "last_refusal": {"slug": refused.slug, "t_ms": refused.at_ms, "detail": refused.detail},
    }


KINDS = {CidKind.RAW_PIECE: "raw", CidKind.MULTIPART: "multipart", CidKind.DAG_NODE: "dag"}


def piece_row(piece: PieceSummary, *, damaged: bool) -> Row:
    """One piece of /v1/pieces."""
    return {
        "cid": format_cid(piece.cid),
        "kind": KINDS[piece.kind],
        "bytes": piece.size,
        "owners": piece.owners,
        "extents": piece.extents,
        "segment": piece.segment,
        "damaged": damaged,
        "references": [{"vault": one.owner.hex(), "bucket": one.bucket} for one in piece.references],
    }


def bucket_row(bucket: BucketFigures) -> Row:
    """One bucket of /v1/buckets."""
    return {
        "bucket": bucket.id,
        "owner": bucket.owner.hex(),
        "address": address_of(bucket.owner),
        "public": bucket.public,
        "authority": None if bucket.public is None else AUTHORITY,
        "pieces": bucket.pieces,
        "bytes": bucket.bytes,
        "names": bucket.names,
        **bucket.activity._asdict(),
    }


def name_row(name: NameRecord) -> Row:
    """One name of /v1/names."""
    return {
        "name": name.name,
        "cid": format_cid(name.cid),
        "ttl_s": name.ttl_s,
        "signer": name.signer.hex(),
        "bytes": len(name.raw),
    }


def size_of(found: CidDetail) -> int:
    """The bytes that hash to the CID."""
    sized = (found.piece, *found.files, found.body)
    return next((one.size for one in sized if one is not None), 0)


def piece_document(cid: Cid, found: CidDetail, *, damaged: bool) -> Row:
    """GET /v1/pieces/{cid}: a piece, a multipart, a DAG node, an event body, or a piece and an event body."""
    piece, body = found.piece, found.body
    position = piece.position if piece is not None else body.position if body is not None else None
    first = found.files[0] if found.files else None
    return {
        "cid": format_cid(cid),
        "kind": "event-body" if not found.holders and body is not None else KINDS[cid_kind(cid)],
        "bytes": size_of(found),
        "damaged": damaged,
        "owners": [
            {"vault": one.vault.hex(), "bucket": one.bucket, "bytes": one.size, "since_ms": one.since_ms}
            for one in found.holders
        ],
        "record": position
        and {"class": position.segment_class.value, "segment": position.segment, "offset": position.offset},
        "extents": [] if piece is None else _extents(piece),
        "parts": [] if first is None else [{"cid": format_cid(part), "bytes": size} for part, size in first.parts],
        "parts_count": 0 if first is None else first.parts_count,
        "body": body and _body(body),
    }


def _extents(piece: PieceDetail) -> list[Row]:
    return [
        {"segment": segment, "offset": offset, "bytes": min(EXTENT_BYTES, piece.size - at * EXTENT_BYTES)}
        for at, (segment, offset) in enumerate(piece.extents)
    ]


def _body(body: BodyDetail) -> Row:
    return {
        "vault": body.vault.hex(),
        "stream": body.stream,
        "first_offset": body.first_offset,
        "count": body.count,
        "key": body.key.hex(),
        "seq": number(body.seq),
        "t_ms": number(body.t_ms),
        "received_ms": body.received_ms,
    }


def revocation_row(revocation: TokenRevocation) -> Row:
    """One revocation of /v1/revocations."""
    is_account = revocation.by is not RevokedBy.TOKEN
    return {
        "kind": str(revocation.by),
        "subject": revocation.subject.hex(),
        "address": address_of(revocation.subject) if is_account else None,
        "until_ms": revocation.until_ms,
        "since_ms": revocation.t_ms,
        "note": revocation.note,
    }


def log_row(entry: LogEntry) -> Row:
    """One line of /v1/logs."""
    return {
        "n": entry.sequence,
        "t_ms": entry.t_ms,
        "level": entry.level,
        "room": entry.room,
        "name": entry.event,
        "fields": entry.fields,
    }


def refusal_row(refused: Refused) -> Row:
    """One refusal of /v1/refusals."""
    return {
        "n": refused.sequence,
        "t_ms": refused.t_ms,
        "slug": refused.slug,
        "status": refused.status,
        "title": refused.title,
        "detail": refused.detail,
        "remedy": refused.remedy,
        "key": refused.key,
        "peer": refused.peer,
        "door": refused.door,
    }


def audit_row(entry: AuditEntry) -> Row:
    """One verdict of /v1/audit."""
    row = entry.row
    return {
        "n": entry.seq,
        "t_ms": row.t_ms,
        "holder": row.holder.hex(),
        "verb": row.verb,
        "resource": row.resource,
        "allowed": row.allowed,
        "reason": row.reason,
        "source": row.source,
        "proved": row.proved,
        "lost": row.lost,
    }


def setting_rows(loaded: Loaded, pending: Mapping[str, Change]) -> list[Row]:
    """Every setting of /v1/settings: the value in force, and the one that waits for a restart."""
    return [
        {
            "name": field.name,
            "value": shown_value(field.value_in(loaded.settings), secret=field.secret),
            "default": shown_value(field.default, secret=field.secret),
            "source": loaded.where(field.name),
            "origin": str(loaded.sources[field.name].origin) if field.name in loaded.sources else "default",
            "reload": str(field.reload),
            "about": field.about,
            "secret": field.secret,
            "pending": pending[field.name].now if field.name in pending else None,
        }
        for field in FIELDS
    ]


def change_row(change: Change) -> Row:
    """One setting that a plan or its result names."""
    return {"name": change.name, "was": change.was, "now": change.now, "source": change.source}
