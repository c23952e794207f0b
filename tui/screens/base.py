"""What every screen has: the strip, the body, the key line, and a redraw when its topics changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from tui.state import Topic
from tui.widgets.keyline import KeyLine
from tui.widgets.sheet import Sheet
from tui.widgets.strip import StatusStrip

if TYPE_CHECKING:
    from tui.app import NodeApp


class NodeScreen(Screen[None]):
    """A screen of the node; `NAME` is what the palette, the key map and cards call it."""

    NAME: ClassVar[str]
    TITLE_TEXT: ClassVar[str]
    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    LABELS: ClassVar[tuple[str, ...]] = ()  # ids of bindings for the key line, the most wanted first
    DEFAULT_CSS = "NodeScreen { background: $background; overflow: hidden; }"

    @property
    def node_app(self) -> NodeApp:
        """The app, by its type."""
        return cast("NodeApp", self.app)

    def body(self) -> Iterable[Widget]:
        """The widgets between strip and key line."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Strip, body, key line."""
        yield StatusStrip()
        yield from self.body()
        yield KeyLine()

    def on_mount(self) -> None:
        """The key line says what the bindings say."""
        self.query_one(KeyLine).keys = self.labels()

    def on_screen_resume(self) -> None:
        """What changed while another screen was shown."""
        self.redraw()

    def labels(self) -> list[tuple[str, str]]:
        """Keys and their short names, as they are bound now."""
        by_id = {binding.id: binding for binding in self.bindings_here()}
        ids = (*self.LABELS, "app.filter", "app.palette")
        return [
            (self.node_app.key_of(by_id[name]), by_id[name].description)
            for name in ids
            if name in by_id and by_id[name].description
        ]

    def bindings_here(self) -> list[Binding]:
        """Every binding that works on this screen."""
        from tui.keys import bindings_of

        return [*bindings_of(type(self)), *bindings_of(type(self.node_app))]

    def redraw(self) -> None:
        """Draw everything anew; sheets paint what differs."""
        for sheet in self.query(Sheet):
            sheet.redraw()

    def changed(self, topics: set[Topic]) -> None:
        """Some topics changed: redraw if they are ours; the strip always."""
        if topics & (self.TOPICS | {Topic.LINK}):
            self.redraw()
        else:
            self.query_one(StatusStrip).redraw()

    def action_unavailable(self) -> None:
        """A verb this screen does not have."""
        self.node_app.say("Nothing to do here.")
