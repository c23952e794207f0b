"""Lines of toned text, the only thing screens draw: safe by construction, exact in width, free of markup (pure).

A line is a tuple of spans; a span is a text and its tone. What a tone looks like is the theme's business. `words`
makes a span of text from the network safe; drawing makes every span safe once more, so that a forgotten call shows an
escape and not a surprise.
"""

import enum
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.visible import ELLIPSIS, cells_of, cut, visible


class Tone(enum.StrEnum):
    """What a span means, not what it looks like."""

    PLAIN = "plain"
    DIM = "dim"
    HEAD = "head"  # a title
    KEY = "key"  # a key to press
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    IDLE = "idle"
    FRAME = "frame"


class Span(NamedTuple):
    """Text of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Span, ...]

BLANK: Line = ()


def line(*parts: str | Span) -> Line:
    """A line of spans; a bare text is plain."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


def words(text: str, tone: Tone = Tone.PLAIN, *, cells: int | None = None) -> Span:
    """Text from the network as a span: safe, and at most `cells` wide."""
    return Span(visible(text, cells), tone)


def cells_of_line(spans: Line) -> int:
    """Cells a line takes."""
    return sum(cells_of(span.text) for span in spans)


def text_of(spans: Line) -> str:
    """A line without its tones."""
    return "".join(span.text for span in spans)


def fit_line(spans: Line, cells: int, *, ellipsis: str = ELLIPSIS) -> Line:
    """A line of exactly `cells` cells: cut with an ellipsis, or padded with blanks."""
    taken: list[Span] = []
    room = cells
    for span in spans:
        width = cells_of(span.text)
        if width > room:
            return _cut_off(taken, span, room, ellipsis)
        taken.append(span)
        room -= width
    if room:
        taken.append(Span(" " * room))
    return tuple(taken)


def _cut_off(taken: list[Span], span: Span, room: int, ellipsis: str) -> Line:
    """The spans that fit and as much of the next as leaves room for the ellipsis, which replaces a cell if it must."""
    if not room:
        if not taken:
            return ()
        last = taken.pop()
        return _cut_off(taken, Span(last.text + "\N{BULLET}", last.tone), cells_of(last.text), ellipsis)
    text = cut(span.text, room, ellipsis=ellipsis)
    return (*taken, Span(text + " " * (room - cells_of(text)), span.tone))


def ends(left: Line, right: Line, cells: int) -> Line:
    """Two lines on one, the second at the right edge; the first gives way."""
    room = cells - cells_of_line(right)
    if room <= 0:
        return fit_line(right, cells)
    return (*fit_line(left, room), *right)


def beside(columns: Sequence[Sequence[Line]], widths: Sequence[int]) -> list[Line]:
    """Blocks of lines side by side, each in its width; short ones are filled up."""
    height = max(map(len, columns), default=0)
    return [
        tuple(
            span
            for block, width in zip(columns, widths, strict=True)
            for span in fit_line(block[row] if row < len(block) else BLANK, width)
        )
        for row in range(height)
    ]


def wrapped(text: str, cells: int, tone: Tone = Tone.PLAIN, *, rows_max: int = 100) -> list[Line]:
    """A text of ours or of the network in lines of at most `cells`, broken at blanks; a longer word is broken in it."""
    lines, cells = [""], max(1, cells)
    for word in visible(text, cells * rows_max).split(" "):
        for part in _pieces(word, cells):
            joined = f"{lines[-1]} {part}" if lines[-1] else part
            if cells_of(joined) <= cells:
                lines[-1] = joined
            else:
                lines.append(part)
    return [line(Span(text, tone)) for text in lines[:rows_max]]


def _pieces(word: str, cells: int) -> Iterable[str]:
    while cells_of(word) > cells:
        head = cut(word, cells, ellipsis="")
        yield head or word[0]
        word = word[len(head) or 1 :]
    yield word
