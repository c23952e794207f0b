"""The same rows in Textual's own DataTable, which the UI's table is measured against: `python -m … rows changes`."""

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static


class TableApp(App[None]):
    """A table, the place of its cursor, and cells that change four times a second."""

    CSS: ClassVar[str] = "#place { height: 1; } DataTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Static("0/0", id="place")
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        rows, self.changes, self.begin = int(sys.argv[1]), int(sys.argv[2]), 0
        table = self.query_one(DataTable)
        for name in ("name", "status", "role", "in", "today", "seen", "refused"):
            table.add_column(name, key=name)
        for number in range(rows):
            cells = (f"sensor-{number:05}", "active", "device", "0.5/s", "102 KiB", "1s", "0")
            table.add_row(*cells, key=str(number))
        table.focus()
        self.set_interval(0.25, self.change)

    def change(self) -> None:
        table = self.query_one(DataTable)
        for number in range(self.begin, self.begin + self.changes):
            table.update_cell(str(number), "in", f"{self.begin % 97}.5/s")
        self.begin = (self.begin + self.changes) % 1_000

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self.query_one("#place", Static).update(f"{event.cursor_row + 1:,}/{event.data_table.row_count:,}")


if __name__ == "__main__":
    TableApp().run()
