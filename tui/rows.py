"""The texts of a row by column: what filters look at and what is shown in cells (pure)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from tui.filters import ALTERNATIVES
from tui.models import (
    Bucket,
    BucketName,
    Device,
    Event,
    LogLine,
    Piece,
    Refusal,
    RefusalReason,
    Setting,
    Stream,
)
from tui.models_chain import Endpoint
from tui.words import moment_of

_TOLD = frozenset({"specversion", "type", "data", "data_base64"})  # of a CloudEvent, before the rest or not at all
_LOOKED_AT = 2_000  # characters of a field or an event that a filter looks at: a log line may hold 10 MB


def stream_values(row: Stream) -> Mapping[str, str]:
    """Columns of the streams."""
    return {
        "stream": row.stream,
        "refusal": row.last_refusal.slug if row.last_refusal else "",
        "live": "yes" if row.events_per_s > 0 else "no",
    }


def device_values(row: Device) -> Mapping[str, str]:
    """Columns of the devices."""
    return {
        "name": row.name,
        "key": row.key,
        "status": row.status,
        "role": ",".join(row.roles),
        "stream": ",".join(row.streams),
        "note": row.note,
        "refusal": row.last_refusal.slug if row.last_refusal else "",
    }


def piece_values(row: Piece) -> Mapping[str, str]:
    """Columns of the pieces; a piece that several hold has each of them as its bucket and owner."""
    return {
        "cid": row.cid,
        "kind": row.kind,
        "bucket": ALTERNATIVES.join("none" if one.bucket is None else str(one.bucket) for one in row.references),
        "owner": ALTERNATIVES.join(one.vault for one in row.references),
        "damaged": "yes" if row.damaged else "no",
        "segment": str(row.segment),
    }


def bucket_values(row: Bucket) -> Mapping[str, str]:
    """Columns of the buckets."""
    return {
        "bucket": str(row.bucket),
        "owner": ALTERNATIVES.join((row.owner, row.address)),
        "access": access_word(row),
        "authority": row.authority or "nobody",
    }


def access_word(row: Bucket) -> str:
    """Who may read it."""
    return "unknown" if row.public is None else "public" if row.public else "private"


def name_values(row: BucketName) -> Mapping[str, str]:
    """Columns of the CNS names."""
    return {"name": row.name[:_LOOKED_AT], "cid": row.cid, "signer": row.signer}


def setting_values(row: Setting) -> Mapping[str, str]:
    """Columns of the settings."""
    return {
        "name": row.name,
        "value": row.value,
        "origin": row.origin,
        "reload": row.reload,
        "pending": "no" if row.pending is None else "yes",
        "about": row.about,
    }


def log_values(row: LogLine) -> Mapping[str, str]:
    """Columns of the log: level, room, name, and every field under its own name."""
    fields = {name: str(value)[:_LOOKED_AT] for name, value in row.fields.items()}
    return {**fields, "level": row.level, "room": row.room, "name": row.name}


def reason_values(row: RefusalReason) -> Mapping[str, str]:
    """Columns of the refusals by reason."""
    return {"slug": row.slug, "title": row.title, "remedy": row.remedy}


def refusal_values(row: Refusal) -> Mapping[str, str]:
    """Columns of the refusals."""
    return {
        "slug": row.slug, "status": str(row.status), "key": row.key, "peer": row.peer, "door": row.door,
        "detail": row.detail[:_LOOKED_AT],
    }  # fmt: skip


def event_values(row: Event) -> Mapping[str, str]:
    """Columns of a stream's events."""
    return {
        "offset": str(row.offset), "key": row.key, "seq": str(row.seq), "late": "yes" if row.late else "no",
        "type": row.content_type, "cid": row.cid, "received": moment_of(row.received),
        "event": event_text(row)[:_LOOKED_AT],
    }  # fmt: skip


def endpoint_values(row: Endpoint) -> Mapping[str, str]:
    """Columns of the chain's endpoints."""
    return {
        "url": row.url, "group": row.group, "verdict": row.verdict, "reason": row.reason[:_LOOKED_AT],
        "leads": "yes" if row.leads else "no",
    }  # fmt: skip


def event_text(row: Event) -> str:
    """An event's content on one line: its JSON, or bytes as text where they are some; empty where it was held back."""
    if row.event is not None:
        return _json(row.event)
    if row.data_base64 is None:
        return ""
    try:
        content = base64.b64decode(row.data_base64, validate=True)
    except (binascii.Error, ValueError):
        return "(no base64)"
    return content.decode() if _is_text(content) else f"{len(content)} bytes: {content[:64].hex()}"


def event_line(row: Event) -> str:
    """`event_text` as a row has room for it: of a CloudEvent its type and data, then the rest of its envelope."""
    event = row.event
    if not isinstance(event, dict) or "specversion" not in event or not isinstance(event.get("type"), str):
        return event_text(row)
    parts = [event["type"]]
    if "data" in event:
        parts.append(_json(event["data"]))
    elif "data_base64" in event:
        parts.append(_size_in_words(event["data_base64"]))
    rest = {name: value for name, value in event.items() if name not in _TOLD}
    return " ".join([*parts, _json(rest)] if rest else parts)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _size_in_words(text: Any) -> str:
    try:
        return f"({len(base64.b64decode(text, validate=True))} bytes)"
    except (binascii.Error, ValueError, TypeError):
        return "(no base64)"


def _is_text(content: bytes) -> bool:
    try:
        return content.decode().isprintable()
    except UnicodeDecodeError:
        return False
