"""A widget that shows lines, and repaints only those that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.lines import BLANK, Line, Tone, fit_line
from tui.styles import styles_on
from tui.visible import visible

if TYPE_CHECKING:
    from tui.app import NodeApp


class Sheet(Widget):
    """`draw` says what stands here; the rest is exactness: width, safety, tone, and no more repaint than needed."""

    DEFAULT_CSS = "Sheet { height: 1fr; width: 1fr; }"
    GROUND: ClassVar[str] = "background"
    FADES: ClassVar[bool] = True  # greyed while the picture is old

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._drawn: list[Line] = []
        self._looks: list[tuple[bool, bool, str]] = []
        self.selected: int | None = None  # the row of the sheet that is under the cursor

    @property
    def node_app(self) -> NodeApp:
        """The app, by its type."""
        return cast("NodeApp", self.app)

    def draw(self, cells: int, rows: int) -> list[Line]:
        """The lines for this much room."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew and have those rows painted that differ."""
        cells, rows = self.size
        if not cells or not rows or not self.is_mounted:
            return
        lines = self.draw(cells, rows)[:rows]
        state = self.node_app.state
        faded = self.FADES and state.stale and state.node is not None
        theme = self.node_app.theme
        looks = [(row == self.selected and self.shows_cursor, faded, theme) for row in range(len(lines))]
        before = list(zip(self._drawn, self._looks, strict=True))
        now = list(zip(lines, looks, strict=True))
        self._drawn, self._looks = lines, looks
        changed = [
            Region(0, row, cells, 1)
            for row in range(max(len(before), len(now)))
            if row >= len(before) or row >= len(now) or before[row] != now[row]
        ]
        if changed:
            self.refresh(*changed)

    @property
    def shows_cursor(self) -> bool:
        """Whether the selected row is marked."""
        return True

    def on_resize(self) -> None:
        """Another size, another drawing."""
        self._drawn, self._looks = [], []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One row of the last drawing, for Textual."""
        cells = self.size.width
        spans = self._drawn[y] if y < len(self._drawn) else BLANK
        selected, faded, _ = self._looks[y] if y < len(self._looks) else (False, False, "")
        colours, glyphs = self.node_app.colours, self.node_app.glyphs
        ground = colours.selected if selected else getattr(colours, self.GROUND)
        styles = styles_on(colours, ground)
        plain_ascii = glyphs.ellipsis.isascii()
        segments = [
            Segment(visible(span.text, ascii_only=plain_ascii), styles[Tone.DIM if faded else span.tone])
            for span in fit_line(spans, cells, ellipsis=glyphs.ellipsis)
        ]
        return Strip(segments, None).adjust_cell_length(cells, styles[Tone.PLAIN])
