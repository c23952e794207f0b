"""Screen 2: what is proved of the chain, how finality goes on, and what each endpoint is worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from tui.chain_page import chain_head
from tui.details import describe_endpoint
from tui.lines import Line
from tui.screens.listed import TALL_ROWS, WIDE_CELLS, ListScreen, Tab
from tui.state import Topic
from tui.tables import ENDPOINT_COLUMNS, ENDPOINT_COLUMNS_WIDE
from tui.widgets.detail import Detail
from tui.widgets.filterbar import FilterBar
from tui.widgets.sheet import Sheet
from tui.widgets.table import Table

ENDPOINTS = Tab(
    name="Endpoints",
    topic=Topic.CHAIN,
    listing=lambda state: state.endpoints,
    columns=ENDPOINT_COLUMNS,
    columns_wide=ENDPOINT_COLUMNS_WIDE,
    wide_from=WIDE_CELLS,
    describe=describe_endpoint,
    title_of=lambda row: row.url,
    id_of=lambda row: row.url,
    keys=("url", "group", "verdict", "reason", "leads"),
    empty="No endpoint is asked.",
)
AROUND_ROWS = 2  # strip and key line


class ChainHead(Sheet):
    """The state and what it is made of; always of one height, whatever there is to say."""

    def __init__(self) -> None:
        super().__init__(id="head")

    def draw(self, cells: int, rows: int) -> list[Line]:
        """State, facts, plot."""
        app = self.node_app
        return chain_head(app.state.chain, app.state.node_now_ms(app.now_s()), (cells, rows), app.glyphs)


class ChainScreen(ListScreen):
    """The state above the endpoints; the description of one stands below them, for their rows are wide."""

    NAME: ClassVar[str] = "chain"
    TITLE_TEXT: ClassVar[str] = "Chain"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.CHAIN, Topic.NODE})  # ages grow with the node's time
    TABS: ClassVar[tuple[Tab, ...]] = (ENDPOINTS,)
    LABELS: ClassVar[tuple[str, ...]] = (
        "chain.checkpoint", "chain.confirm", "list.describe", "list.copy", "list.logs",
    )  # fmt: skip
    DEFAULT_CSS = """
    ChainScreen ChainHead { height: 13; }
    ChainScreen #panes { layout: vertical; }
    ChainScreen.wide #panes { layout: vertical; }
    ChainScreen.wide Table { width: 1fr; }
    ChainScreen.wide Detail { width: 1fr; }
    ChainScreen.whole ChainHead { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "checkpoint", "checkpoint", id="chain.checkpoint", tooltip="Import a signed checkpoint, a file."),
        Binding("c", "confirm", "confirm hash", id="chain.confirm", tooltip="Vouch for a block's hash: type it."),
    ]

    def body(self) -> Iterable[Widget]:
        """The head over the panes."""
        return (ChainHead(), Container(Table(id="table"), Detail(), id="panes"), FilterBar())

    def _arrange(self) -> None:
        """The head keeps its height while the table has a few rows; where there is room for all, all is shown."""
        super()._arrange()
        height = self.app.size.height
        tall = height >= TALL_ROWS
        self.set_class(tall if self._wishes_pane is None else self._wishes_pane, "described")
        rows = 13 + (height - TALL_ROWS) // 2 if tall else min(13, (height - AROUND_ROWS) * 2 // 3)
        self.query_one(ChainHead).styles.height = max(1, min(20, rows))

    def action_checkpoint(self) -> None:
        """Ask for the file."""
        self.node_app.give_checkpoint()

    def action_confirm(self) -> None:
        """Ask for the hash."""
        self.node_app.confirm_block()
