"""The one line at the bottom: the keys of this screen, or what has just been said."""

from __future__ import annotations

from typing import ClassVar

from tui.lines import Line, Span, Tone, cells_of_line, ends, line, words
from tui.widgets.sheet import Sheet

SAID_S = 6.0


class KeyLine(Sheet):
    """Short labels of the screen's keys; a message takes their place for a few seconds."""

    DEFAULT_CSS = "KeyLine { dock: bottom; height: 1; }"
    GROUND: ClassVar[str] = "strip"
    FADES: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(id="keyline")
        self._said: tuple[str, Tone] | None = None
        self.keys: list[tuple[str, str]] = []

    def say(self, text: str, tone: Tone) -> None:
        """Show a message for a while."""
        self._said = (text, tone)
        self.redraw()
        self.set_timer(SAID_S, self.hush)

    def hush(self) -> None:
        """Back to the keys."""
        self._said = None
        self.redraw()

    def draw(self, cells: int, rows: int) -> list[Line]:
        """One line."""
        if self._said is not None:
            text, tone = self._said
            glyph = self.node_app.glyphs.marks.get(tone, "")
            return [line(" ", words(f"{glyph} {text}".strip(), tone, cells=cells - 2))]
        return [key_line(self.keys, cells)]


def key_line(keys: list[tuple[str, str]], cells: int) -> Line:
    """As many keys as there is room for, in their order; help and quit are always there."""
    always = line(Span("?", Tone.KEY), " help ", Span("q", Tone.KEY), " quit ")
    if cells < cells_of_line(always):
        return line(Span("?", Tone.KEY), Span(" q", Tone.KEY))
    left: Line = ()
    for key, label in keys:
        longer = (*left, Span(" "), Span(key, Tone.KEY), Span(f" {label}"))
        if cells_of_line(longer) + 1 + cells_of_line(always) > cells:
            break
        left = longer
    return ends(left, always, cells)
