"""The texts of a row by column: what filters look at and what is shown in cells (pure)."""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from tui.models import Device, Event, LogLine, Piece, Refusal, RefusalReason, Setting, Stream
from tui.words import moment_of

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
    """Columns of the pieces."""
    return {"cid": row.cid, "damaged": "yes" if row.damaged else "no", "segment": str(row.segment)}


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


def event_text(row: Event) -> str:
    """An event's content on one line: its JSON, or bytes as text where they are some; empty where it was held back."""
    if row.event is not None:
        return msgspec.json.encode(row.event).decode()
    if row.data_base64 is None:
        return ""
    try:
        content = base64.b64decode(row.data_base64, validate=True)
    except (binascii.Error, ValueError):
        return "(no base64)"
    return content.decode() if _is_text(content) else f"{len(content)} bytes: {content[:64].hex()}"


def _is_text(content: bytes) -> bool:
    try:
        return content.decode().isprintable()
    except UnicodeDecodeError:
        return False
