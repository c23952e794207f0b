"""Server-sent events: an encoder, and a parser for clients, bytes in and events out (WHATWG HTML section 9.2)."""

import codecs
import enum
import re
from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from edge_node.base.errors import LocalError, RemoteError
from edge_node.base.limits import KIB, MIB

COMMENT_PING: Final = b": ping\n\n"  # keeps proxies from cutting a silent stream, and finds clients that left
EVENT_MAX_BYTES = 2 * MIB  # the largest event body as JSON and its frame
ID_MAX_BYTES = KIB  # it comes back in a header with every reconnect
RETRY_DIGITS_MAX = 9  # eleven days in ms; more is a mistake

_TEXT_LINE_END = re.compile(r"\r\n|\n|\r")


class SseMisuse(LocalError):
    """Our own side gave an id or a name that cannot stand in a stream."""


class EventTooLarge(RemoteError):
    """A server sent an event, or a line, beyond the limit."""

    slug = "event-too-large"
    remedy = "Read the stream page by page."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"a server-sent event is larger than {limit} bytes")


def encode_event(data: bytes, *, id: str | None = None, event: str | None = None) -> bytes:  # noqa: A002 - the field's name
    """One event. `data` is UTF-8 text; its line ends, of whatever kind, arrive as LF."""
    lines = []
    if id is not None:
        lines.append(b"id: " + _value(id))
    if event is not None:
        lines.append(b"event: " + _value(event))
    # By replacing, not by splitting: a megabyte of line ends is a legal event, and all wait while it is encoded.
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
    return b"\n".join((*lines, b"data: " + data)) + b"\n\n"


def _value(text: str) -> bytes:
    if "\n" in text or "\r" in text or "\0" in text:
        raise SseMisuse("an id or an event's name is one line without NUL")
    return text.encode()


class Signal(enum.Enum):
    """Events without data."""

    NEED_DATA = enum.auto()


NEED_DATA: Final = Signal.NEED_DATA  # give more bytes to `receive`


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event as a client reads it: `id` is the last one seen, to resume from; `event` is `message` by default."""

    data: str
    event: str
    id: str


class SseParser:
    """One response body to events: `receive` bytes, ask `next_event` until NEED_DATA.

    `last_id` and `retry_ms` (None until the server says one) are the stream's own state. An event cut off by the end
    of the body is not given out, as the standard has it.
    """

    def __init__(self, event_max: int = EVENT_MAX_BYTES) -> None:
        self._event_max = event_max
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: deque[str] = deque()
        self._parts: list[str] = []  # of a line that has not ended
        self._partial = 0
        self._began = self._skip_lf = False
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self.last_id = ""
        self.retry_ms: int | None = None

    def receive(self, data: bytes) -> None:
        """Take bytes of the body."""
        text = self._text.decode(data)
        if not text:
            return
        if not self._began:
            self._began = True
            text = text.removeprefix("\ufeff")
        if self._skip_lf:
            text = text.removeprefix("\n")
        # A CR ends its line at once, without waiting to see whether a LF follows: a quiet stream would hold it.
        self._skip_lf = text.endswith("\r")
        first, *others = _TEXT_LINE_END.split(text)
        self._parts.append(first)
        self._partial += len(first)
        if others:
            self._lines.append("".join(self._parts))
            self._lines.extend(others[:-1])
            self._parts, self._partial = [others[-1]], len(others[-1])

    def next_event(self) -> ServerEvent | Literal[Signal.NEED_DATA]:
        """The next event; EventTooLarge beyond the limit, which is final."""
        while self._lines:
            line = self._lines.popleft()
            if line:
                self._read_line(line)
                continue
            event = self._dispatch()
            if event is not None:
                return event
        self._check(self._partial)
        return NEED_DATA

    def _check(self, more: int) -> None:
        if self._size + more > self._event_max:
            raise EventTooLarge(self._event_max)

    def _read_line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(value) + 1
            self._check(0)
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value and len(value) <= ID_MAX_BYTES:
                self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= RETRY_DIGITS_MAX:
            self.retry_ms = int(value)

    def _dispatch(self) -> ServerEvent | None:
        data, event = self._data, self._event
        self._data, self._event, self._size = [], "", 0
        self.last_id = self._id
        return ServerEvent("\n".join(data), event or "message", self.last_id) if data else None
