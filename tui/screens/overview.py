"""Screen 1: how the node is, on one page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.lines import Line, Tone, line, wrapped
from tui.overview import Page, overview
from tui.screens.base import NodeScreen
from tui.state import Phase, Topic
from tui.widgets.sheet import Sheet


class Cards(Sheet, can_focus=True):
    """The page; as much of it as there is room for, around the chosen card."""

    def __init__(self) -> None:
        super().__init__(id="cards")
        self.chosen = -1
        self._top = 0
        self.page = Page([], [])

    @property
    def shows_cursor(self) -> bool:
        """The chosen card has a strong frame instead."""
        return False

    def draw(self, cells: int, rows: int) -> list[Line]:
        """The window over the page."""
        app = self.node_app
        if app.state.node is None:
            return no_picture(app.state.link.phase, app.state.link.reason, app.state.link.remedy, cells)
        self.page = overview(app.state, app.now_s(), (cells, rows), app.glyphs, self.chosen)
        height = len(self.page.lines)
        if 0 <= self.chosen < len(self.page.places):
            first, last, _ = self.page.places[self.chosen]
            self._top = max(min(self._top, first), last - rows + 1)
        self._top = max(0, min(self._top, height - rows))
        shown = self.page.lines[self._top : self._top + rows]
        if height > rows and rows > 1:
            below = height - self._top - rows
            more = f"{below} more: tab" if below else "this is the end"
            where = f"{app.size.width}x{app.size.height}: {rows} of {height} rows fit"
            shown[-1] = wrapped(f"{where}, {more}", cells, Tone.DIM)[0]
        return shown

    def move(self, step: int) -> None:
        """Choose the next card, or the one before."""
        count = len(self.page.places)
        if count:
            self.chosen = (self.chosen + step) % count if self.chosen >= 0 or step > 0 else count - 1
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next card."""
        self.move(1)
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The card before."""
        self.move(-1)
        event.stop()

    def on_click(self, event: events.Click) -> None:
        """Choose the card under the mouse; open it when it is chosen already."""
        columns = sum(1 for first, _, _ in self.page.places if first == 0)
        row = event.y + self._top
        for number, (first, last, _) in enumerate(self.page.places):
            beside = [n for n, place in enumerate(self.page.places) if place[0] == first]
            column = beside.index(number)
            width = self.size.width // max(1, columns if len(beside) > 1 else 1)
            if first <= row <= last and column * width <= event.x < (column + 1) * width + 2:
                if self.chosen == number:
                    self.screen.run_action("open_card")  # type: ignore[unused-coroutine]
                self.chosen = number
                break
        self.redraw()


def no_picture(phase: Phase, reason: str, remedy: str, cells: int) -> list[Line]:
    """What stands there before the node said anything."""
    if phase is not Phase.LOST:
        return [line(), line(" Waiting for the node to answer.")]
    told = [*wrapped(reason, cells - 2, Tone.BAD), *wrapped(remedy, cells - 2, Tone.DIM)]
    return [line(), *(line(" ", *spans) for spans in told)]


class OverviewScreen(NodeScreen):
    """Cards, alerts, and where there is room the newest log lines."""

    NAME: ClassVar[str] = "overview"
    TITLE_TEXT: ClassVar[str] = "Overview"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.NODE, Topic.CHAIN, Topic.LOGS, Topic.REFUSALS})
    LABELS: ClassVar[tuple[str, ...]] = (
        "screen.chain", "screen.store", "screen.streams", "screen.devices", "screen.logs", "screen.settings",
        "overview.open",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right,down,j", "card(1)", "next", id="overview.next", tooltip="The next card."),
        Binding("shift+tab,left,up,k", "card(-1)", "before", id="overview.before", tooltip="The card before."),
        Binding("enter", "open_card", "open", id="overview.open", tooltip="To the screen behind the card."),
        Binding("d", "describe", "describe", id="overview.describe", tooltip="All alerts with why and what to do."),
        Binding("l", "logs", "logs", id="overview.logs", tooltip="To the log."),
    ]

    def body(self) -> Iterable[Widget]:
        """One page."""
        return (Cards(),)

    @property
    def cards(self) -> Cards:
        """The page."""
        return self.query_one(Cards)

    def on_mount(self) -> None:
        """The page hears the keys."""
        super().on_mount()
        self.cards.focus()

    def action_card(self, step: int) -> None:
        """Choose another card."""
        self.cards.move(step)

    def action_open_card(self) -> None:
        """To the screen behind the chosen card."""
        cards = self.cards
        if not 0 <= cards.chosen < len(cards.page.places):
            self.node_app.say("Choose a card with tab or the arrows first.")
        elif cards.chosen == len(cards.page.places) - 1:
            self.action_describe()
        else:
            self.node_app.go(cards.page.places[cards.chosen][2])

    def action_describe(self) -> None:
        """Every alert with why it matters and what to do."""
        self.node_app.show_alerts()

    def action_logs(self) -> None:
        """To the log."""
        self.node_app.go("logs")
