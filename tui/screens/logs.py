"""Screen 9: the node's log as it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType

from tui.details import describe_log
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import LOG_COLUMNS, LOG_COLUMNS_WIDE
from tui.widgets.filterbar import FilterBar

LEVELS = ("", "info", "warning", "error")

LOG = Tab(
    name="Log",
    topic=Topic.LOGS,
    listing=lambda state: state.logs,
    columns=LOG_COLUMNS,
    columns_wide=LOG_COLUMNS_WIDE,
    describe=describe_log,
    title_of=lambda row: row.name,
    id_of=lambda row: row.name,
    keys=None,
    empty="The node has logged nothing yet.",
    tail=True,
)


class LogsScreen(ListScreen):
    """A tail that follows until it is paused or the cursor leaves the newest line."""

    NAME: ClassVar[str] = "logs"
    TITLE_TEXT: ClassVar[str] = "Logs"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.LOGS})
    TABS: ClassVar[tuple[Tab, ...]] = (LOG,)
    LABELS: ClassVar[tuple[str, ...]] = ("logs.pause", "logs.level", "list.describe", "logs.save", "logs.node_level")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "pause", id="logs.pause", tooltip="Hold the picture still, or follow again."),
        Binding("L", "level", "level", id="logs.level", tooltip="Only warnings, only errors, or everything."),
        Binding("w", "save", "save", id="logs.save", tooltip="Write the rows shown to a file in this directory."),
        Binding("N", "node_level", "node level", id="logs.node_level", tooltip="Have the node log more, or less."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.paused = False
        self._level = 0

    def changed(self, topics: set[Topic]) -> None:
        """Nothing moves while it is paused."""
        super().changed(topics - {Topic.LOGS} if self.paused else topics)

    def _note(self) -> None:
        super()._note()
        if self.paused:
            self.table.note = f"paused  {self.table.note}"

    def action_pause(self) -> None:
        """Hold still or follow."""
        self.paused = not self.paused
        if not self.paused:
            self.table.action_last()
        self.redraw()

    def action_level(self) -> None:
        """The next level of the filter."""
        self._level = (self._level + 1) % len(LEVELS)
        wanted = {"": "", "info": "!level=debug", "warning": "!level=debug !level=info", "error": "level=error"}
        text = wanted[LEVELS[self._level]]
        self.query_one(FilterBar).value = text
        self.filter_by(text)

    def action_node_level(self) -> None:
        """Have the node write debug lines, or stop."""
        node = self.node_app.state.node
        level = "info" if node is not None and node.log.level == "debug" else "debug"
        self.node_app.order("log.level", {"level": level})

    def action_save(self) -> None:
        """The rows shown, one JSON document a line."""
        listing = self.table.listing
        rows: list[Any] = listing.window(0, len(listing.shown))
        path = Path(f"edge-node-log-{rows[-1].n if rows else 0}.ndjson")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        except OSError as error:
            self.node_app.complain(str(error))
        else:
            self.node_app.say(f"{len(rows)} lines are in {path.absolute()}")
