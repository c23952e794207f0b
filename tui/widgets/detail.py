"""The pane that describes one row; it scrolls when it is longer than its room."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events

from tui.lines import Line, Span, line
from tui.widgets.sheet import Sheet
from tui.widgets.table import rule


class Detail(Sheet):
    """Lines under a rule. `source` gives the title and the lines for a width; None: nothing is chosen."""

    GROUND: ClassVar[str] = "panel"

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.source: Callable[[int], tuple[str, list[Line]]] | None = None
        self._top = 0

    @property
    def shows_cursor(self) -> bool:
        """No row is chosen in a text."""
        return False

    def to_top(self) -> None:
        """Another row is described."""
        self._top = 0

    def move(self, rows: int) -> None:
        """Some rows further down or up."""
        self._top = max(0, self._top + rows)
        self.redraw()

    def draw(self, cells: int, rows: int) -> list[Line]:
        """The rule and as much of the text as there is room for."""
        glyphs = self.node_app.glyphs
        if self.source is None:
            return [rule("Nothing chosen", "", "", cells, glyphs)]
        title, text = self.source(cells - 2)
        room = max(1, rows - 1)
        self._top = min(self._top, max(0, len(text) - room))
        below = len(text) - self._top - room
        more = f"{below} more: }}" if below > 0 else ""
        shown = [line(" ", *spans) if spans else line(Span("")) for spans in text[self._top : self._top + room]]
        return [rule(title, "", more, cells, glyphs), *shown]

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        self.move(3)
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        self.move(-3)
        event.stop()
