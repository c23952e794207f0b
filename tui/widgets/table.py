"""A table over a listing of any length: only the rows on the screen are ever drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.lines import Line, Span, Tone, ends, line, wrapped
from tui.listing import Key, Listing
from tui.tables import Column, View, head_line, row_line, widths_of
from tui.theme import Glyphs
from tui.widgets.sheet import Sheet
from tui.words import count_of

HEAD_ROWS = 2  # the rule with the title, the names of the columns


class Table(Sheet, can_focus=True):
    """The cursor stays on its row while rows come and go; `tail` keeps it on the newest until it is moved up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", id="table.up", tooltip="One row up."),
        Binding("down,j", "step(1)", "down", id="table.down", tooltip="One row down."),
        Binding("pageup", "page(-1)", "page up", id="table.page_up", tooltip="One page up."),
        Binding("pagedown", "page(1)", "page down", id="table.page_down", tooltip="One page down."),
        Binding("home,g", "first", "first", id="table.first", tooltip="To the first row."),
        Binding("end,G", "last", "last", id="table.last", tooltip="To the last row; a tail follows again."),
        Binding("enter", "choose", "open", id="table.open", tooltip="Open or describe the row."),
    ]

    class Moved(Message):
        """Another row is under the cursor."""

    class Chosen(Message):
        """Enter, or a second click on the row."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self.listing: Listing[Any] = Listing(lambda row: 0, lambda row: {})
        self.columns: Sequence[Column[Any]] = ()
        self.title = ""
        self.note = ""  # beside the title: the filter, what is loading
        self.empty = ""
        self.tail = False
        self.cursor: Key | None = None
        self._place = 0  # where the cursor stands, or stood
        self._top = 0
        self._follows = True

    def show(
        self, listing: Listing[Any], columns: Sequence[Column[Any]], *, title: str, empty: str, tail: bool = False
    ) -> None:
        """Look at another listing."""
        if listing is not self.listing:
            self.listing, self.cursor, self._place, self._top, self._follows = listing, None, 0, 0, True
        self.columns, self.title, self.empty, self.tail = columns, title, empty, tail

    @property
    def row(self) -> Any | None:
        """The row under the cursor; before the first drawing, the one it will be on."""
        shown = self.listing.shown
        if self.cursor is None and shown:
            return self.listing.row(shown[-1 if self.tail else 0])
        return None if self.cursor is None else self.listing.row(self.cursor)

    def _settle(self, rows: int) -> None:
        """Put cursor and window right after rows came, went, or the size changed."""
        shown = self.listing.shown
        if not shown:
            self.cursor, self._place, self._top = None, 0, 0
            return
        if self.tail and self._follows:
            self._place = len(shown) - 1
        elif self.cursor is not None:
            self._place = self.listing.place(self.cursor)
        self._place = min(self._place, len(shown) - 1)
        self.cursor = shown[self._place]
        self._top = max(0, min(self._top, self._place, len(shown) - rows), self._place - rows + 1)

    def draw(self, cells: int, rows: int) -> list[Line]:
        """Rule, names, rows."""
        app = self.node_app
        room = max(1, rows - HEAD_ROWS)
        before = self.cursor
        self._settle(room)
        if self.cursor != before:
            self.post_message(self.Moved())
        layout = widths_of(self.columns, max(1, cells - 2))
        lines = [self._rule(cells, app.glyphs), line(" ", *head_line(layout, cells - 2, app.glyphs))]
        view = View(app.glyphs, app.state.node_now_ms(app.now_s()))
        window = self.listing.window(self._top, room)
        self.selected = HEAD_ROWS + self._place - self._top if window else None
        for number, row in enumerate(window):
            cursor = app.glyphs.cursor if HEAD_ROWS + number == self.selected else " "
            lines.append(line(Span(cursor, Tone.KEY), *row_line(row, layout, cells - 2, view)))
        if not window:
            text = "No row passes the filter; esc takes it away." if len(self.listing) else self.empty
            lines += [line(" ", *spans) for spans in wrapped(text, cells - 2, Tone.DIM)]
        return lines

    def _rule(self, cells: int, glyphs: Glyphs) -> Line:
        return rule(self.title, self.note, self._count(), cells, glyphs, strong=self.has_focus)

    def _count(self) -> str:
        shown, whole = len(self.listing.shown), len(self.listing)
        place = f"{count_of(self._place + 1)}/" if shown else ""
        return f"{place}{count_of(shown)}" + (f" of {count_of(whole)}" if shown != whole else "")

    def _move_to(self, place: int) -> None:
        shown = self.listing.shown
        if not shown:
            return
        self._place = max(0, min(len(shown) - 1, place))
        self.cursor = shown[self._place]
        self._follows = self._place == len(shown) - 1
        self.redraw()
        self.post_message(self.Moved())

    def action_step(self, rows: int) -> None:
        """Some rows down or up."""
        self._move_to(self._place + rows)

    def action_page(self, pages: int) -> None:
        """Some pages down or up."""
        self._move_to(self._place + pages * max(1, self.size.height - HEAD_ROWS - 1))

    def action_first(self) -> None:
        """To the first row."""
        self._move_to(0)

    def action_last(self) -> None:
        """To the last row."""
        self._move_to(len(self.listing.shown) - 1)

    def action_choose(self) -> None:
        """Open the row."""
        if self.row is not None:
            self.post_message(self.Chosen())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        self.action_step(3)
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        self.action_step(-3)
        event.stop()

    def on_click(self, event: events.Click) -> None:
        """To the row under the mouse; on the row itself: open it."""
        place = self._top + event.y - HEAD_ROWS
        if event.y < HEAD_ROWS or place >= len(self.listing.shown):
            return
        if place == self._place:
            self.action_choose()
        else:
            self._move_to(place)


def rule(title: str, note: str, right: str, cells: int, glyphs: Glyphs, *, strong: bool = False) -> Line:
    """The line over a table or a detail: its title, a note, and a figure at the right edge."""
    edge = Tone.KEY if strong else Tone.FRAME
    left = line(
        Span(glyphs.across * 2, edge), Span(f" {title} ", Tone.HEAD), Span(f"{note} " if note else "", Tone.KEY)
    )
    tail = line(Span(f" {right} " if right else "", Tone.DIM), Span(glyphs.across * 2, edge))
    filled = cells - sum(len(span.text) for span in (*left, *tail))
    if filled < 0:
        return ends(left, line(Span(glyphs.across * 2, edge)), cells)
    return (*left, Span(glyphs.across * filled, edge), *tail)
