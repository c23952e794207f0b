"""Event bodies: how many events one holds, whether its JSON is sound, and where each event's bytes lie.

CloudEvents 1.0 JSON format and batch, NDJSON, plain JSON; everything else is opaque. Bodies are checked, never changed.
"""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

import msgspec

from edge_node.base.errors import RemoteError
from edge_node.wire.json_depth import nests_within

CONTENT_TYPE_MAX = 255  # its length is one byte in the signed message

_CONTENT_TYPE = re.compile(r"[\t -~]{1,255}")
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 8.3.1


class BodyForm(enum.IntEnum):
    """How the events of a body are told apart; the numbers are stored, so they never change."""

    OPAQUE = 0
    JSON = 1
    CLOUDEVENT = 2
    CLOUDEVENTS_BATCH = 3
    NDJSON = 4


@dataclass(frozen=True, slots=True)
class BodyShape:
    """A sound body's form and its number of events, at least 1."""

    form: BodyForm
    count: int


class ContentTypeRefused(RemoteError):
    """The Content-Type is no media type, or cannot be signed; `why` says which."""

    slug = "content-type"
    status = 415
    remedy = "Send one Content-Type of 1 to 255 printable ASCII characters, such as application/json."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"unusable Content-Type: {why}")


class MalformedEvent(RemoteError):
    """The body is not what its content type says; in NDJSON `line` is the 1-based line, otherwise None."""

    slug = "malformed-event"
    status = 400
    remedy = "Send valid UTF-8 JSON of the shape its Content-Type names (docs/specs/http.md, Posting events)."

    def __init__(self, why: str, line: int | None = None) -> None:
        self.why, self.line = why, line
        super().__init__(f"malformed event body: {why}" if line is None else f"malformed event on line {line}: {why}")


class TooManyEvents(RemoteError):
    """One body holds more events than this node takes at once."""

    slug = "too-many-events"
    status = 413
    remedy = "Send the events in several bodies."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"one body may hold at most {limit} events")


class _Object(msgspec.Struct):
    """Any JSON object: its members are checked as syntax and built nowhere."""


class _Array(msgspec.Struct, array_like=True):
    """Any JSON array, likewise: half a million zeros in a megabyte make no objects."""


_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _CloudEvent(msgspec.Struct):
    """The attributes CloudEvents 1.0 section 3.1 requires."""

    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text


# Decoding to Raw or to a struct skips what is not asked for, but walks its whole syntax: 25 us for 100 events of 19 KB.
_as_object = msgspec.json.Decoder(_Object).decode
_as_array = msgspec.json.Decoder(_Array).decode
_as_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_as_scalar = msgspec.json.Decoder().decode
_as_event = msgspec.json.Decoder(_CloudEvent).decode
_as_batch = msgspec.json.Decoder(list[_CloudEvent]).decode

_FORMS = {
    "application/json": BodyForm.JSON,
    "application/cloudevents+json": BodyForm.CLOUDEVENT,
    "application/cloudevents-batch+json": BodyForm.CLOUDEVENTS_BATCH,
    "application/x-ndjson": BodyForm.NDJSON,
    "application/ndjson": BodyForm.NDJSON,
}


def clean_content_type(value: str) -> str:
    """A Content-Type header's value without outer spaces and tabs; ContentTypeRefused unless it can be signed."""
    text = value.strip(" \t")
    if not _CONTENT_TYPE.fullmatch(text):
        raise ContentTypeRefused(
            f"wants 1 to {CONTENT_TYPE_MAX} printable ASCII characters, has {len(text)} characters"
        )
    return text


def body_form(content_type: str) -> BodyForm:
    """The form a content type stands for, by its media type alone; ContentTypeRefused if it is none."""
    form = _FORMS.get(content_type)
    if form is not None:
        return form
    media_type = content_type.partition(";")[0].strip(" \t").lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ContentTypeRefused("wants type/subtype, then optional parameters")
    return _FORMS.get(media_type, BodyForm.OPAQUE)


def inspect_body(content_type: str, body: bytes, *, items_max: int, depth_max: int = 32) -> BodyShape:
    """Check `body` against its content type and count its events.

    JSON is checked for syntax, UTF-8, nesting and (CloudEvents) the required attributes; floats and duplicate keys
    pass. Raises MalformedEvent, TooManyEvents or ContentTypeRefused.
    """
    form = body_form(content_type)
    if form is BodyForm.OPAQUE:
        return BodyShape(form, 1)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedEvent(f"byte {error.start} is not UTF-8", _line_of(form, body, error.start)) from None
    count = _count(form, body, items_max)
    if not nests_within(body, depth_max):
        raise MalformedEvent(f"nested deeper than {depth_max}", _deep_line(form, body, depth_max))
    return BodyShape(form, count)


def split_items(content_type: str, body: bytes) -> list[bytes]:
    """The bytes of each event of a body that passed `inspect_body`, unchanged; an NDJSON line without its line end."""
    form = body_form(content_type)
    if form is BodyForm.CLOUDEVENTS_BATCH:
        return [bytes(item) for item in _read(_as_items, body)]
    return _lines(body) if form is BodyForm.NDJSON else [body]


def _count(form: BodyForm, body: bytes, items_max: int) -> int:
    if form is BodyForm.NDJSON:
        return _count_lines(body, items_max)
    if form is BodyForm.CLOUDEVENTS_BATCH:
        return _within(len(_read(_as_batch, body)), items_max)
    if form is BodyForm.CLOUDEVENT:
        _read(_as_event, body)
    else:
        _check_value(body)
    return 1


def _count_lines(body: bytes, items_max: int) -> int:
    _within(body.count(b"\n") or 1, items_max)  # before the lines are cut: a megabyte of line ends costs nothing
    lines = _lines(body)
    for number, line in enumerate(lines, start=1):
        # Line by line, not decode_lines(): that one accepts an object spread over several lines.
        _read(_as_object, line, number)
    return _within(len(lines), items_max)


def _lines(body: bytes) -> list[bytes]:
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def _within(count: int, items_max: int) -> int:
    if count == 0:
        raise MalformedEvent("no event in it")
    if count > items_max:
        raise TooManyEvents(items_max)
    return count


def _check_value(body: bytes) -> None:
    match body.lstrip(b" \t\r\n")[:1]:
        case b"{":
            _read(_as_object, body)
        case b"[":
            _read(_as_array, body)
        case _:
            _read(_as_scalar, body)


_Value = TypeVar("_Value")

# msgspec repeats a value that is none of those allowed; a refusal is shown to people who may not see payloads.
_WHAT_WAS_SENT = re.compile(r"Invalid enum value .*(?= - at `\$[^`]*`$)|Invalid enum value .*", re.DOTALL)


def _read(decode: Callable[[bytes], _Value], text: bytes, line: int | None = None) -> _Value:
    try:
        return decode(text)
    except msgspec.DecodeError as error:
        raise MalformedEvent(_WHAT_WAS_SENT.sub("unexpected value", str(error)), line) from None
    except RecursionError:
        raise MalformedEvent("nested without end", line) from None


def _line_of(form: BodyForm, body: bytes, position: int) -> int | None:
    return body.count(b"\n", 0, position) + 1 if form is BodyForm.NDJSON else None


def _deep_line(form: BodyForm, body: bytes, depth_max: int) -> int | None:
    if form is not BodyForm.NDJSON:
        return None
    return next(number for number, line in enumerate(_lines(body), start=1) if not nests_within(line, depth_max))
