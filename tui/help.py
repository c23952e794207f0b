"""The help text: every key of the screen, then every key there is, and how filters are written (pure)."""

from collections.abc import Sequence

from tui.keys import KeyRow
from tui.lines import Line, Span, Tone, line, wrapped
from tui.theme import Glyphs, mark

KEY_CELLS = 16
FILTERS = (
    ("text", "rows that contain it anywhere, without letter case"),
    ("!text", "rows that do not"),
    ("key=value", "rows whose column is exactly that; * stands for anything; key:value too"),
    ("~letters", "rows in which these letters come one after the other"),
    ('"two words"', "a blank inside; several terms must all hold"),
)


def help_lines(rows: Sequence[KeyRow], place: str, cells: int, glyphs: Glyphs) -> list[Line]:
    """The keys of `place` first."""
    places = [place, *dict.fromkeys(row.place for row in rows if row.place != place)]
    lines: list[Line] = []
    for name in places:
        lines += [line(Span(name, Tone.HEAD)), *_keys([row for row in rows if row.place == name], cells), line()]
    lines += [line(Span("Filters", Tone.HEAD))]
    for form, about in FILTERS:
        lines += _pair(form, about, cells)
    lines += [line(), line(Span("Marks", Tone.HEAD))]
    marks = ((Tone.OK, "well"), (Tone.WARN, "look at it"), (Tone.BAD, "act"), (Tone.IDLE, "idle"))
    return [*lines, line(*(part for tone, word in marks for part in (mark(tone, word, glyphs), Span("   "))))]


def _keys(rows: Sequence[KeyRow], cells: int) -> list[Line]:
    return [spans for row in rows for spans in _pair(row.keys, row.about, cells)]


def _pair(left: str, right: str, cells: int) -> list[Line]:
    rows = wrapped(right, max(8, cells - KEY_CELLS - 1))
    return [
        (Span(("" if number else left).ljust(KEY_CELLS + 1), Tone.KEY), *spans) for number, spans in enumerate(rows)
    ]
