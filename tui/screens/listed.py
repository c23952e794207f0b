"""A screen of tables: tabs, a filter, and a pane that describes the row under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from tui.filters import parse_filter
from tui.lines import Line
from tui.listing import Listing
from tui.screens.base import NodeScreen
from tui.state import NodeState, Topic
from tui.tables import Column, View
from tui.widgets.detail import Detail
from tui.widgets.filterbar import FilterBar
from tui.widgets.table import Table
from tui.words import count_of

WIDE_CELLS = 110
TALL_ROWS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One table of a screen. `keys` are the columns a filter may name (None: any); `id_of` is what is copied."""

    name: str
    topic: Topic
    listing: Callable[[NodeState], Listing[Any]]
    columns: Sequence[Column[Any]]
    describe: Callable[[Any, NodeState, View, int], list[Line]]
    title_of: Callable[[Any], str]
    id_of: Callable[[Any], str]
    keys: Collection[str] | None
    empty: str
    tail: bool = False
    columns_wide: Sequence[Column[Any]] | None = None
    wide_from: int = 72  # cells of the terminal


class ListScreen(NodeScreen):
    """Tabs of tables with one filter bar and one detail pane."""

    TABS: ClassVar[tuple[Tab, ...]]
    DEFAULT_CSS = """
    ListScreen #panes { height: 1fr; layout: vertical; }
    ListScreen.wide #panes { layout: horizontal; }
    ListScreen Table { height: 1fr; }
    ListScreen Detail { display: none; height: 1fr; }
    ListScreen.wide Table { width: 3fr; }
    ListScreen.wide Detail { width: 2fr; }
    ListScreen.described Detail { display: block; }
    ListScreen.whole Table { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="app.filter", tooltip="Filter the rows: text !text key=value ~fuzzy."),
        Binding("escape", "back", "back", id="list.back", tooltip="Close what is open: the pane, then the filter."),
        Binding("d", "describe", "describe", id="list.describe", tooltip="Describe the row, or stop it."),
        Binding("plus", "maximise", "maximise", id="list.maximise", tooltip="Give the description the whole screen."),
        Binding("left_square_bracket", "tab(-1)", "tab", id="list.tab_before", tooltip="The tab before."),
        Binding("right_square_bracket", "tab(1)", "tab", id="list.tab_after", tooltip="The next tab."),
        Binding("left_curly_bracket", "scroll_detail(-3)", "up", id="list.detail_up", tooltip="Description up."),
        Binding("right_curly_bracket", "scroll_detail(3)", "down", id="list.detail_down", tooltip="Description down."),
        Binding("l", "logs", "logs", id="list.logs", tooltip="The log lines that name this row."),
        Binding("y", "copy", "copy id", id="list.copy", tooltip="Copy the row's id to the clipboard of the terminal."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._tab = 0
        self._wishes_pane: bool | None = None  # None: as there is room
        self._filtering: asyncio.Task[None] | None = None

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        return self.TABS[self._tab]

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one("#table", Table)

    def body(self) -> Iterable[Widget]:
        """The two panes and the filter bar, hidden."""
        with_panes = Container(Table(id="table"), Detail(), id="panes")
        return (with_panes, FilterBar())

    def on_mount(self) -> None:
        """The first tab."""
        super().on_mount()
        self.query_one(Detail).source = None
        self._show_tab()
        self.table.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room for it."""
        self._arrange()

    def _arrange(self) -> None:
        wide, tall = self.app.size.width >= WIDE_CELLS, self.app.size.height >= TALL_ROWS
        pane = (wide or tall) if self._wishes_pane is None else self._wishes_pane
        self.set_class(wide, "wide")
        self.set_class(pane, "described")
        if not pane:
            self.remove_class("whole")

    def _show_tab(self) -> None:
        tab, state = self.tab, self.node_app.state
        table = self.table
        names = [f"{other.name}" for other in self.TABS]
        wide = tab.columns_wide if tab.columns_wide and self.app.size.width >= tab.wide_from else tab.columns
        title = tab.name if len(names) == 1 else f"{tab.name}  {self._tab + 1}/{len(names)}"
        table.show(tab.listing(state), wide, title=title, empty=tab.empty, tail=tab.tail)
        self._note()

    def _note(self) -> None:
        wanted = self.table.listing.filter
        state = self.node_app.state
        loading = None if state.stale else state.loading.get(self.tab.topic)
        parts = [f"/{wanted}" if wanted else "", "" if loading is None else f"reading, {count_of(loading)} so far"]
        self.table.note = "  ".join(part for part in parts if part)[:40]

    def redraw(self) -> None:
        """The table may have changed hands, the description its row."""
        if not self.is_mounted:
            return
        self._show_tab()
        row = self.table.row
        self.query_one(Detail).source = None if row is None else self._described
        super().redraw()

    def _described(self, cells: int) -> tuple[str, list[Line]]:
        app, row = self.node_app, self.table.row
        if row is None:
            return "Nothing chosen", []
        view = View(app.glyphs, app.state.node_now_ms(app.now_s()))
        from tui.visible import visible

        return visible(self.tab.title_of(row), max(8, cells - 16)), self.tab.describe(row, app.state, view, cells)

    @on(Table.Moved)
    def _moved(self) -> None:
        detail = self.query_one(Detail)
        detail.to_top()
        row = self.table.row
        detail.source = None if row is None else self._described
        if row is not None:
            self.looked_at(row)
        detail.redraw()

    def looked_at(self, row: Any) -> None:
        """Another row is under the cursor: ask the node for more about it where there is more."""

    @on(Table.Chosen)
    def _chosen(self) -> None:
        self.chosen(self.table.row)

    def chosen(self, _row: Any) -> None:
        """Enter on a row."""
        self.action_describe()

    def action_describe(self) -> None:
        """Open the pane, or close it."""
        self._wishes_pane = not self.has_class("described")
        self._arrange()
        self.call_after_refresh(self.redraw)

    def action_maximise(self) -> None:
        """The description alone, or both again."""
        self._wishes_pane = True
        self._arrange()
        self.toggle_class("whole")
        self.call_after_refresh(self.redraw)

    def action_back(self) -> None:
        """Close the whole-screen description, then the pane, then the filter."""
        if self.has_class("whole"):
            self.remove_class("whole")
        elif self._wishes_pane:
            self._wishes_pane = None
            self._arrange()
        elif self.table.listing.filter:
            self.query_one(FilterBar).value = ""
            self.filter_by("")
        self.call_after_refresh(self.redraw)

    def action_tab(self, step: int) -> None:
        """The tab before or after."""
        if len(self.TABS) == 1:
            self.node_app.say(f"{self.TITLE_TEXT} has one tab.")
            return
        self._tab = (self._tab + step) % len(self.TABS)
        self._show_tab()
        self.query_one(FilterBar).value = str(self.table.listing.filter)
        self.redraw()

    def action_scroll_detail(self, rows: int) -> None:
        """The description up or down."""
        self.query_one(Detail).move(rows)

    def action_filter(self) -> None:
        """Type a filter."""
        bar = self.query_one(FilterBar)
        bar.value = str(self.table.listing.filter)
        bar.open()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self.filter_by(event.value)

    @on(FilterBar.Closed)
    def _filtered(self) -> None:
        self.table.focus()
        self.redraw()

    def filter_by(self, text: str) -> None:
        """Put a filter in force, a thousand rows at a time, with keys heard in between."""
        wanted, listing = parse_filter(text, self.tab.keys), self.table.listing
        if wanted == listing.filter and self._filtering is None:
            return
        if self._filtering is not None:
            self._filtering.cancel()
        self._filtering = asyncio.create_task(self._filter(listing, wanted))

    async def _filter(self, listing: Listing[Any], wanted: Any) -> None:
        for _ in listing.use(wanted):
            await asyncio.sleep(0)
        self._filtering = None
        self.redraw()

    def action_copy(self) -> None:
        """The row's id to the clipboard."""
        row = self.table.row
        if row is not None:
            self.node_app.copy(self.tab.id_of(row))

    def action_logs(self) -> None:
        """Log lines that name this row."""
        row = self.table.row
        if row is not None:
            self.node_app.show_logs(self.log_filter(row))

    def log_filter(self, row: Any) -> str:
        """The filter that finds a row's log lines."""
        return f'"{self.tab.id_of(row)}"'
