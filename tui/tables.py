"""The columns of every table: fixed widths, figures to the right, one column that takes what is left (pure)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tui.chain_alerts import verdict_tone
from tui.lines import Line, Span, Tone, fit_line, words
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
from tui.rows import access_word, event_line
from tui.theme import Glyphs, mark
from tui.visible import fit
from tui.words import age_of, clock_of, rate_of, short_count, size_of

Row = TypeVar("Row")
DEVICE_TONES = {"active": Tone.OK, "suspended": Tone.WARN, "revoked": Tone.BAD}
LEVEL_TONES = {"debug": Tone.DIM, "info": Tone.OK, "warning": Tone.WARN, "error": Tone.BAD, "critical": Tone.BAD}
KEY_DIGITS = 8  # of a key in a table
GAP = 2  # blank cells between two columns


@dataclass(frozen=True, slots=True)
class View:
    """What a cell may ask besides its row: the glyphs and the node's time."""

    glyphs: Glyphs
    now_ms: int


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column of `width` cells; width 0 takes what is left. Narrower tables than `from_cells` leave it out."""

    name: str
    width: int
    cell: Callable[[Row, View], Span]
    right: bool = False
    from_cells: int = 0


def widths_of(columns: Sequence[Column[Any]], cells: int) -> list[tuple[Column[Any], int]]:
    """The columns a table of this width has room for, and how wide each is."""
    shown = [column for column in columns if column.from_cells <= cells]
    rest = cells - sum(column.width for column in shown) - GAP * (len(shown) - 1)
    return [(column, column.width or max(1, rest)) for column in shown]


def head_line(layout: Sequence[tuple[Column[Any], int]], cells: int, glyphs: Glyphs) -> Line:
    """The names over the columns."""
    parts = [Span(fit(column.name, width, right=column.right), Tone.DIM) for column, width in layout]
    return fit_line(_spaced(parts), cells, ellipsis=glyphs.ellipsis)


def row_line(row: Any, layout: Sequence[tuple[Column[Any], int]], cells: int, view: View) -> Line:
    """One row, every cell cut to its column."""
    parts = []
    for column, width in layout:
        span = column.cell(row, view)
        text = fit(words(span.text, cells=width + 1).text, width, right=column.right, ellipsis=view.glyphs.ellipsis)
        parts.append(Span(text, span.tone))
    return fit_line(_spaced(parts), cells, ellipsis=view.glyphs.ellipsis)


def _spaced(parts: Sequence[Span]) -> Line:
    spans: list[Span] = []
    for part in parts:
        if spans:
            spans.append(Span(" " * GAP))
        spans.append(part)
    return tuple(spans)


def _plain(text: Callable[[Any], str], tone: Tone = Tone.PLAIN) -> Callable[[Any, View], Span]:
    return lambda row, _: Span(text(row), tone)


def _refused(row: Stream | Device, view: View) -> Span:
    if not row.refused:
        return Span("0" if row.refused == 0 else "-", Tone.DIM)
    return mark(Tone.WARN, short_count(row.refused), view.glyphs)


def _event_rate(row: Stream | Device, view: View) -> Span:
    return Span(rate_of(row.events_per_s), Tone.PLAIN if row.events_per_s else Tone.DIM)


STREAM_COLUMNS: tuple[Column[Stream], ...] = (
    Column("stream", 0, _plain(lambda row: row.stream)),
    Column("in", 8, _event_rate, right=True),
    Column("bytes/s", 9, _plain(lambda row: size_of(row.bytes_per_s)), right=True, from_cells=60),
    Column("events", 7, _plain(lambda row: short_count(row.events)), right=True),
    Column("kept", 9, _plain(lambda row: size_of(row.bytes)), right=True, from_cells=76),
    Column("readers", 7, _plain(lambda row: "-" if row.subscribers is None else str(row.subscribers)), right=True,
           from_cells=88),
    Column("last", 6, lambda row, view: Span(age_of(row.last_received_ms, view.now_ms)), right=True),
    Column("refused", 7, _refused, right=True, from_cells=48),
)  # fmt: skip


def _device_status(row: Device, view: View) -> Span:
    return mark(DEVICE_TONES.get(row.status, Tone.IDLE), row.status or "unknown", view.glyphs)


DEVICE_COLUMNS: tuple[Column[Device], ...] = (
    Column("name", 0, _plain(lambda row: row.name)),
    Column("status", 11, _device_status),
    Column("role", 8, _plain(lambda row: ",".join(row.roles)), from_cells=60),
    Column("in", 7, _event_rate, right=True, from_cells=48),
    Column("today", 9, _plain(lambda row: size_of(row.bytes_today)), right=True, from_cells=66),
    Column("seen", 6, lambda row, view: Span(age_of(row.last_seen_ms or 0, view.now_ms)), right=True),
    Column("refused", 7, _refused, right=True, from_cells=52),
    Column("key", 16, _plain(lambda row: row.key, Tone.DIM), from_cells=96),
)


def _piece_state(row: Piece, view: View) -> Span:
    return mark(Tone.BAD, "damaged", view.glyphs) if row.damaged else mark(Tone.OK, "kept", view.glyphs)


def _piece_bucket(row: Piece, _: View) -> Span:
    """The first bucket that holds it, and how many others hold it besides."""
    first = next((one.bucket for one in row.references if one.bucket is not None), None)
    more = f" +{row.owners - 1}" if row.owners > 1 else ""
    return Span(f"-{more}", Tone.DIM) if first is None else Span(f"{first}{more}")


def _piece_owner(row: Piece, view: View) -> Span:
    return Span(shortened(row.references[0].vault, view.glyphs) if row.references else "-", Tone.DIM)


def shortened(key: str, glyphs: Glyphs) -> str:
    """The beginning of a key: enough to tell a handful apart."""
    return key if len(key) <= KEY_DIGITS else key[:KEY_DIGITS] + glyphs.ellipsis


PIECE_COLUMNS: tuple[Column[Piece], ...] = (
    Column("cid", 0, _plain(lambda row: row.cid)),
    Column("kind", 9, _plain(lambda row: row.kind or "-"), from_cells=48),
    Column("size", 9, _plain(lambda row: size_of(row.bytes)), right=True),
    Column("bucket", 7, _piece_bucket, right=True, from_cells=60),
    Column("owner", 9, _piece_owner, from_cells=72),
    Column("state", 9, _piece_state),
    Column("extents", 7, _plain(lambda row: str(row.extents)), right=True, from_cells=104),
    Column("segment", 7, _plain(lambda row: str(row.segment)), right=True, from_cells=112),
)


def bucket_access(row: Bucket, view: View) -> Span:
    """Who may read a bucket: nobody, where nobody vouches for it."""
    if row.authority is None:
        return mark(Tone.WARN, "unvouched", view.glyphs)
    return mark(Tone.OK if row.public else Tone.IDLE, access_word(row), view.glyphs)


BUCKET_COLUMNS: tuple[Column[Bucket], ...] = (
    Column("bucket", 8, _plain(lambda row: str(row.bucket)), right=True),
    Column("access", 11, bucket_access),
    Column("owner", 0, _plain(lambda row: row.address or row.owner, Tone.DIM)),
    Column("pieces", 7, _plain(lambda row: short_count(row.pieces)), right=True),
    Column("size", 9, _plain(lambda row: size_of(row.bytes)), right=True, from_cells=52),
    Column("names", 6, _plain(lambda row: short_count(row.names)), right=True, from_cells=60),
    Column("stores", 6, _plain(lambda row: short_count(row.stores)), right=True, from_cells=136),
    Column("stored", 9, _plain(lambda row: size_of(row.stored_bytes)), right=True, from_cells=136),
    Column("reads", 6, _plain(lambda row: short_count(row.reads)), right=True, from_cells=98),
    Column("sent", 9, _plain(lambda row: size_of(row.sent_bytes)), right=True, from_cells=98),
    Column("acked", 9, _plain(lambda row: size_of(row.acked_bytes)), right=True, from_cells=110),
    Column("from", 9, _plain(lambda row: row.authority or "nobody", Tone.DIM), from_cells=76),
)
NAME_COLUMNS: tuple[Column[BucketName], ...] = (
    Column("name", 0, _plain(lambda row: row.name)),
    Column("cid", 18, _plain(lambda row: row.cid, Tone.DIM)),
    Column("ttl", 7, _plain(lambda row: "-" if row.ttl_s is None else f"{row.ttl_s} s"), right=True, from_cells=52),
    Column("signer", 9, lambda row, view: Span(shortened(row.signer, view.glyphs), Tone.DIM), from_cells=64),
)


def _setting_value(row: Setting, _: View) -> Span:
    return Span(row.value, Tone.DIM if row.origin == "default" else Tone.PLAIN)


def _setting_reload(row: Setting, view: View) -> Span:
    return Span(row.reload, Tone.DIM) if row.pending is None else mark(Tone.WARN, "waits", view.glyphs)


SETTING_COLUMNS: tuple[Column[Setting], ...] = (
    Column("setting", 31, _plain(lambda row: row.name)),
    Column("value", 0, _setting_value),
    Column("source", 11, _plain(lambda row: row.origin), from_cells=58),
    Column("reload", 8, _setting_reload, from_cells=68),
)


def _level(row: LogLine, view: View) -> Span:
    short = {"warning": "warn", "critical": "crit"}.get(row.level, row.level[:5])
    tone = LEVEL_TONES.get(row.level, Tone.PLAIN)
    return mark(tone, short, view.glyphs) if tone in view.glyphs.marks else Span(f"  {short}", tone)


def fields_text(fields: Mapping[str, Any]) -> str:
    """The fields of a log line, as much of each as a row could show."""
    return " ".join(f"{name}={str(value)[:200]}" for name, value in fields.items() if name != "exception")


LOG_COLUMNS: tuple[Column[LogLine], ...] = (
    Column("time", 8, _plain(lambda row: clock_of(row.t_ms), Tone.DIM)),
    Column("level", 7, _level),
    Column("room", 9, _plain(lambda row: row.room, Tone.DIM), from_cells=70),
    Column("event", 22, _plain(lambda row: row.name), from_cells=56),
    Column("", 0, lambda row, _: Span(row.name + " " + fields_text(row.fields))),
)
LOG_COLUMNS_WIDE: tuple[Column[LogLine], ...] = (
    *LOG_COLUMNS[:-1],
    Column("fields", 0, _plain(lambda row: fields_text(row.fields))),
)

REFUSAL_COLUMNS: tuple[Column[Refusal], ...] = (
    Column("time", 8, _plain(lambda row: clock_of(row.t_ms), Tone.DIM)),
    Column("reason", 22, lambda row, view: mark(Tone.WARN, row.slug, view.glyphs)),
    Column("peer", 15, _plain(lambda row: row.peer), from_cells=60),
    Column("detail", 0, _plain(lambda row: row.detail)),
)

REASON_COLUMNS: tuple[Column[RefusalReason], ...] = (
    Column("reason", 24, lambda row, view: mark(Tone.WARN, row.slug, view.glyphs)),
    Column("count", 7, _plain(lambda row: short_count(row.count)), right=True),
    Column("last", 6, lambda row, view: Span(age_of(row.last_ms, view.now_ms)), right=True),
    Column("what to do", 0, _plain(lambda row: row.remedy)),
)


def _event_time(row: Event, _: View) -> Span:
    return Span(clock_of(row.received), Tone.DIM)


EVENT_COLUMNS: tuple[Column[Event], ...] = (
    Column("offset", 9, _plain(lambda row: str(row.offset)), right=True),
    Column("received", 8, _event_time),
    Column("key", 8, _plain(lambda row: row.key[:8], Tone.DIM), from_cells=60),
    Column("event", 0, lambda row, _: Span(event_line(row) or f"({row.content_type}, not shown here)")),
)


def _verdict(row: Endpoint, view: View) -> Span:
    """What is thought of it; the one that is asked first is usable, so it says that instead."""
    leads = row.leads and row.verdict == "usable"
    return mark(verdict_tone(row), "leads" if leads else row.verdict or "unknown", view.glyphs)


def _claimed(row: Endpoint, _: View) -> Span:
    return Span("-" if row.finalized is None else str(row.finalized), Tone.DIM)


def _behind(row: Endpoint, _: View) -> Span:
    return Span("-", Tone.DIM) if row.behind is None else Span(short_count(row.behind))


def _unproved(row: Endpoint, view: View) -> Span:
    return mark(Tone.WARN, short_count(row.refused), view.glyphs) if row.refused else Span("0", Tone.DIM)


ENDPOINT_COLUMNS: tuple[Column[Endpoint], ...] = (
    Column("verdict", 13, _verdict),
    Column("endpoint", 24, _plain(lambda row: row.url)),
    Column("group", 12, _plain(lambda row: row.group), from_cells=92),
    Column("behind", 6, _behind, right=True),
    Column("refused", 7, _unproved, right=True, from_cells=60),
    Column("reason", 0, _plain(lambda row: row.reason, Tone.DIM)),
)
ENDPOINT_COLUMNS_WIDE: tuple[Column[Endpoint], ...] = (
    Column("verdict", 13, _verdict),
    Column("endpoint", 36, _plain(lambda row: row.url)),
    Column("group", 12, _plain(lambda row: row.group), from_cells=92),
    Column("claims", 10, _claimed, right=True, from_cells=118),
    Column("behind", 6, _behind, right=True, from_cells=100),
    Column("latency", 7, _plain(lambda row: "-" if row.latency_ms is None else f"{row.latency_ms:.0f} ms"), right=True,
           from_cells=100),
    Column("asked", 6, _plain(lambda row: short_count(row.asked)), right=True, from_cells=126),
    Column("refused", 7, _unproved, right=True, from_cells=100),
    Column("reason", 0, _plain(lambda row: row.reason, Tone.DIM)),
)  # fmt: skip
