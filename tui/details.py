"""What is said of one row when it is described: names and values in wrapped lines (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tui.chain_alerts import verdict_tone
from tui.lines import Line, Span, Tone, line, text_of, words, wrapped
from tui.models import (
    Bucket,
    BucketName,
    Device,
    Event,
    LastRefusal,
    LogLine,
    Piece,
    Refusal,
    RefusalReason,
    Setting,
    Stream,
)
from tui.models_chain import Endpoint
from tui.rows import event_line, event_text
from tui.state import NodeState
from tui.tables import DEVICE_TONES, LEVEL_TONES, View, bucket_access
from tui.theme import mark
from tui.visible import visible
from tui.words import age_of, count_of, counted, moment_of, rate_of, size_of, span_of

NAME_CELLS = 11
EVENTS_BESIDE = 12  # newest events of a stream shown beside its figures
_EXTENTS_SHOWN, _OWNERS_SHOWN, _PARTS_SHOWN, _NAMES_BESIDE = 8, 8, 8, 12
_KINDS = {
    "raw": "raw piece",
    "multipart": "multipart, a list of raw pieces",
    "dag": "DAG node",
    "event-body": "body of events",
}


def fact(name: str, value: str, cells: int, tone: Tone = Tone.PLAIN) -> list[Line]:
    """A name and its value, which goes on under itself."""
    room = max(8, cells - NAME_CELLS - 1)
    lines = wrapped(value or "-", room, tone, rows_max=60)
    name = visible(name, NAME_CELLS)  # a log field's name comes from the network too
    return [
        (Span((name if not row else "").ljust(NAME_CELLS + 1), Tone.DIM), *spans) for row, spans in enumerate(lines)
    ]


def facts(rows: Sequence[tuple[str, str]], cells: int) -> list[Line]:
    """Facts one under the other."""
    return [spans for name, value in rows for spans in fact(name, value, cells)]


def _moment(t_ms: int | None, view: View) -> str:
    return f"{moment_of(t_ms)} ({age_of(t_ms, view.now_ms)} ago)" if t_ms else "never"


def _refusal(last: LastRefusal | None, view: View, cells: int) -> list[Line]:
    if last is None:
        return []
    return fact("refused", f"{last.slug}, {age_of(last.t_ms, view.now_ms)} ago: {last.detail}", cells, Tone.WARN)


def describe_stream(row: Stream, state: NodeState, view: View, cells: int) -> list[Line]:
    """Figures of a stream, its newest events when they are at hand."""
    bodies = "body" if row.bodies == 1 else "bodies"
    lines = facts(
        [
            ("stream", row.stream),
            ("in", f"{rate_of(row.events_per_s)}, {size_of(row.bytes_per_s)}/s"),
            ("kept", f"{counted(row.events, 'event')} in {count_of(row.bodies)} {bodies}, {size_of(row.bytes)}"),
            ("offsets", f"{count_of(row.first_offset)} up to {count_of(row.next_offset)}"),
            ("last", _moment(row.last_received_ms, view)),
            ("readers", "not counted" if row.subscribers is None else count_of(row.subscribers)),
            ("retention", "keeps everything" if row.retention is None else _json(row.retention)),
            ("refused", "not counted" if row.refused is None else count_of(row.refused)),
        ],
        cells,
    )
    lines += _refusal(row.last_refusal, view, cells)
    if state.events_of == row.stream and len(state.events):
        lines += [line(), line(Span("newest events", Tone.HEAD))]
        for event in reversed(state.events.newest(EVENTS_BESIDE)):
            text = event_line(event) or "(not shown on this socket)"
            lines.append(line(Span(f"{event.offset:>9} ", Tone.DIM), words(text, cells=max(8, cells - 10))))
    return lines


def describe_event(row: Event, _state: NodeState, view: View, cells: int) -> list[Line]:
    """An event with its header, its JSON indented."""
    lines = facts(
        [
            ("offset", count_of(row.offset)),
            ("received", _moment(row.received, view)),
            ("said", f"{moment_of(row.t)}{', late' if row.late else ''}, clock quality {row.q}"),
            ("key", row.key),
            ("sequence", str(row.seq)),
            ("type", row.content_type),
            ("body", f"{row.cid}, item {row.item}"),
        ],
        cells,
    )
    lines += [line(), line(Span("content", Tone.HEAD))]
    if row.event is None and row.data_base64 is None:
        return [*lines, line(Span("This socket shows no payloads.", Tone.DIM))]
    if row.event is None:
        return lines + wrapped(event_text(row), cells)
    pretty = msgspec.json.format(msgspec.json.encode(row.event), indent=2).decode()
    return lines + [spans for text in pretty.split("\n")[:200] for spans in _indented(text, cells)]


def _indented(text: str, cells: int) -> list[Line]:
    """A line of JSON under its indentation, at most half the width of it."""
    indent = " " * min(len(text) - len(text.lstrip(" ")), cells // 2)
    return [line(indent, *spans) for spans in wrapped(text.strip(" "), cells - len(indent), rows_max=20)]


def describe_device(row: Device, _state: NodeState, view: View, cells: int) -> list[Line]:
    """A device, what it may, and what it did."""
    lines = [
        line(Span("status".ljust(NAME_CELLS + 1), Tone.DIM),
             mark(DEVICE_TONES.get(row.status, Tone.IDLE), words(row.status).text, view.glyphs)),
        *facts(
            [
                ("name", row.name),
                ("key", row.key),
                ("may", f"{', '.join(row.roles)} on {', '.join(row.streams) or 'every stream'}"),
                ("in", rate_of(row.events_per_s)),
                ("today", _of_limit(row)),
                ("seen", _moment(row.last_seen_ms, view)),
                ("last stream", row.last_stream or "-"),
                ("sequence", "-" if row.last_seq is None else str(row.last_seq)),
                ("late", "as the node allows" if row.late_max_s is None else f"up to {span_of(row.late_max_s)}"),
                ("enrolled", moment_of(row.enrolled_ms)),
                ("changed", moment_of(row.changed_ms)),
                ("note", row.note),
                ("refused", count_of(row.refused)),
            ],
            cells,
        ),
    ]  # fmt: skip
    return lines + _refusal(row.last_refusal, view, cells)


def _of_limit(row: Device) -> str:
    limit = row.bytes_per_day_max
    return size_of(row.bytes_today) + ("" if limit is None else f" of {size_of(limit)} a day")


def describe_piece(row: Piece, state: NodeState, view: View, cells: int) -> list[Line]:
    """A piece, where it lies, whose it is, and what checking it showed."""
    state_of = mark(Tone.BAD, "damaged", view.glyphs) if row.damaged else mark(Tone.OK, "kept", view.glyphs)
    lines = [
        line(Span("state".ljust(NAME_CELLS + 1), Tone.DIM), state_of),
        *facts([("cid", row.cid), ("size", f"{size_of(row.bytes)} ({count_of(row.bytes)} bytes)")], cells),
    ]
    detail = state.detail if state.detail_of == row.cid else {}
    lines += _verdicts(row, state, view, cells)
    kind = str(detail.get("kind", row.kind or "-"))
    lines += facts([("kind", _KINDS.get(kind, kind)), ("record", _place(detail.get("record")))], cells)
    lines += facts(_owners(detail, view) or _holders(row), cells) + _parts(detail, cells)
    extents = _rows(detail, "extents")
    for number, extent in enumerate(extents[:_EXTENTS_SHOWN]):
        lines += fact(f"extent {number}", f"{_place(extent)}, {size_of(extent.get('bytes', 0))}", cells)
    if len(extents) > _EXTENTS_SHOWN:
        lines += fact("", f"and {len(extents) - _EXTENTS_SHOWN} more extents", cells, Tone.DIM)
    if isinstance(body := detail.get("body"), Mapping):
        said = f"{body.get('count', 0)} events of {body.get('stream', '')} from offset {body.get('first_offset', 0)}"
        lines += fact("event body", said, cells)
    return lines


def _verdicts(row: Piece, state: NodeState, view: View, cells: int) -> list[Line]:
    """Who checked it and what came out: near the top, where it is seen while it goes on, and with the whole reason."""
    lines = []
    for who, tone, verdict in state.verdicts.get(row.cid, ()):
        said = wrapped(verdict, max(8, cells - NAME_CELLS - 3), tone, rows_max=8)
        first = mark(tone, text_of(said[0]), view.glyphs)
        lines.append(line(Span(who.ljust(NAME_CELLS + 1), Tone.DIM), first))
        lines += [line(" " * (NAME_CELLS + 3), *rest) for rest in said[1:]]
    return lines


def _owners(detail: Mapping[str, Any], view: View) -> list[tuple[str, str]]:
    """Who holds it, from its own document."""
    rows = []
    for owner in _rows(detail, "owners")[:_OWNERS_SHOWN]:
        through = "" if owner.get("bucket") is None else f"bucket {owner['bucket']} of "
        age = age_of(owner.get("since_ms", 0), view.now_ms)
        rows.append(("held by", f"{through}{str(owner.get('vault', ''))[:16]} since {age}"))
    return rows


def _rows(detail: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The rows of one list in a document; what is none of them is left out."""
    rows = detail.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _holders(row: Piece) -> list[tuple[str, str]]:
    """Who holds it, from its row, until its document is there."""
    return [
        ("held by", f"{'' if one.bucket is None else f'bucket {one.bucket} of '}{one.vault[:16]}")
        for one in row.references
    ]


def _parts(detail: Mapping[str, Any], cells: int) -> list[Line]:
    parts, count = _rows(detail, "parts"), detail.get("parts_count")
    lines = []
    for number, part in enumerate(parts[:_PARTS_SHOWN], 1):
        lines += fact(f"part {number}", f"{size_of(part.get('bytes', 0))} {part.get('cid', '')}", cells)
    if isinstance(count, int) and count > _PARTS_SHOWN:
        lines += fact("", f"and {count_of(count - _PARTS_SHOWN)} more parts", cells, Tone.DIM)
    return lines


def describe_bucket(row: Bucket, state: NodeState, view: View, cells: int) -> list[Line]:
    """A bucket, whose it is, what it holds, and the first of its names."""
    lines = [
        line(Span("access".ljust(NAME_CELLS + 1), Tone.DIM), bucket_access(row, view)),
        *([] if row.authority else fact("", "nobody vouches for it: every request is refused", cells, Tone.WARN)),
        *facts(
            [
                ("bucket", str(row.bucket)),
                ("owner", row.owner),
                ("address", row.address),
                ("known from", row.authority or "nobody any more"),
                ("pieces", f"{count_of(row.pieces)}, {size_of(row.bytes)}"),
                ("names", count_of(row.names)),
                ("stored", f"{counted(row.stores, 'time')}, {size_of(row.stored_bytes)}"),
                (
                    "read",
                    f"{counted(row.reads, 'time')}, {size_of(row.sent_bytes)} sent, {size_of(row.acked_bytes)} acked",
                ),
            ],
            cells,
        ),
    ]
    if state.names_of == row.bucket and len(state.names):
        lines += [line(), line(Span("names", Tone.HEAD))]
        lines += [line(words(name.name, cells=cells)) for name in state.names.window(0, _NAMES_BESIDE)]
    return lines


def describe_name(row: BucketName, _state: NodeState, _view: View, cells: int) -> list[Line]:
    """A CNS name, what it stands for, and who signed that."""
    return facts(
        [
            ("name", row.name),
            ("cid", row.cid),
            ("ttl", "300 s, as none is said" if row.ttl_s is None else f"{count_of(row.ttl_s)} s"),
            ("signer", row.signer),
            ("record", f"{count_of(row.bytes)} bytes, kept as they came"),
        ],
        cells,
    )


def _place(place: Any) -> str:
    if not isinstance(place, Mapping):
        return "-"
    return f"segment {place.get('segment', '?')} at {count_of(place.get('offset', 0))}"


def describe_setting(row: Setting, _state: NodeState, _view: View, cells: int) -> list[Line]:
    """A setting, why it has its value, and what it means."""
    lines = facts(
        [
            ("setting", row.name),
            ("value", row.value),
            ("default", row.default),
            ("source", row.source),
            ("reload", "in force at once" if row.reload == "live" else "at the next start"),
        ],
        cells,
    )
    if row.pending is not None:
        lines += fact("waiting", f"{row.pending} at the next start", cells, Tone.WARN)
    return [*lines, line(), *wrapped(row.about, cells)]


def describe_log(row: LogLine, _state: NodeState, view: View, cells: int) -> list[Line]:
    """A log line, every field in full as far as the node gave it."""
    tone = LEVEL_TONES.get(row.level, Tone.PLAIN)
    level = mark(tone, words(row.level).text, view.glyphs) if tone in view.glyphs.marks else words(row.level, Tone.DIM)
    lines = [
        line(Span("level".ljust(NAME_CELLS + 1), Tone.DIM), level),
        *facts(
            [("event", row.name), ("room", row.room), ("time", _moment(row.t_ms, view)), ("number", str(row.n))], cells
        ),
        line(),
    ]
    return lines + facts([(name, str(value)) for name, value in row.fields.items()], cells)


def describe_refusal(row: Refusal, _state: NodeState, view: View, cells: int) -> list[Line]:
    """A refusal with its reason and its remedy."""
    return facts(
        [
            ("reason", f"{row.slug} ({row.status})"),
            ("title", row.title),
            ("time", _moment(row.t_ms, view)),
            ("from", f"{row.peer} at {row.door}"),
            ("key", f"{row.key} (claimed)" if row.key else "none was given"),
            ("detail", row.detail),
            ("what to do", row.remedy),
        ],
        cells,
    )


def describe_reason(row: RefusalReason, _state: NodeState, view: View, cells: int) -> list[Line]:
    """All refusals for one reason."""
    return facts(
        [
            ("reason", row.slug),
            ("title", row.title),
            ("count", count_of(row.count)),
            ("last", _moment(row.last_ms, view)),
            ("what to do", row.remedy),
        ],
        cells,
    )


def describe_endpoint(row: Endpoint, _state: NodeState, view: View, cells: int) -> list[Line]:
    """An endpoint: what is thought of it and why, what it claims, what its answers were worth."""
    banned = [("banned", f"until {moment_of(row.banned_until_ms)}")] if row.banned_until_ms else []
    claims = [_height(row.finalized), _height(row.best)]
    return [
        line(
            Span("verdict".ljust(NAME_CELLS + 1), Tone.DIM),
            mark(verdict_tone(row), words(row.verdict or "unknown").text, view.glyphs),
            ", asked first" if row.leads else "",
        ),
        *facts(
            [
                ("why", row.reason),
                ("endpoint", row.url),
                ("group", f"{row.group or '-'}: endpoints of one group are one witness"),
                ("claims", f"final {claims[0]}, best {claims[1]}; nothing of it is believed"),
                ("behind", "-" if row.behind is None else counted(row.behind, "block")),
                ("latency", "-" if row.latency_ms is None else f"{row.latency_ms:.1f} ms"),
                ("asked", f"{count_of(row.asked)}, of which {count_of(row.refused)} answers were refused"),
                *banned,
            ],
            cells,
        ),
    ]


def _height(number: int | None) -> str:
    return "-" if number is None else count_of(number)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
