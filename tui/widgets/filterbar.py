"""The line a filter is typed in; it filters while you type."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterBar(Input):
    """Hidden until `/`; enter keeps the filter, escape takes it away."""

    DEFAULT_CSS = """
    FilterBar { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    FilterBar:focus { border: none; background: $panel; }
    FilterBar.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "no filter", id="filter.clear", tooltip="Take the filter away."),
        Binding("enter", "keep", "keep", id="filter.keep", tooltip="Keep the filter and go back to the rows."),
    ]

    class Closed(Message):
        """The filter is kept or taken away."""

    def __init__(self) -> None:
        super().__init__(
            id="filter",
            placeholder="text  !text  key=value  ~fuzzy",
            select_on_focus=False,
            compact=True,
            max_length=200,
        )
        self.cursor_blink = False

    def open(self) -> None:
        """Show it and type in it."""
        self.add_class("open")
        self.focus()

    def action_clear(self) -> None:
        """Take the filter away."""
        self.value = ""
        self.action_keep()

    def action_keep(self) -> None:
        """Go back to the rows."""
        self.remove_class("open")
        self.post_message(self.Closed())
