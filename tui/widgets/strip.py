"""The one line at the top: which node, over what, how it is, how the link is."""

from __future__ import annotations

from typing import ClassVar

from tui.cards import HEALTH_TONES
from tui.lines import Line, Span, Tone, cells_of_line, ends, line, words
from tui.state import NodeState, Phase
from tui.theme import Glyphs, mark
from tui.widgets.sheet import Sheet
from tui.words import rate_of, span_of

NAME_CELLS = 18
ROOM_FOR_ALL = 80
ROOM_FOR_HEALTH = 56


class StatusStrip(Sheet):
    """Never greyed: this is where the age of a greyed picture stands."""

    DEFAULT_CSS = "StatusStrip { dock: top; height: 1; }"
    GROUND: ClassVar[str] = "strip"
    FADES: ClassVar[bool] = False

    def draw(self, cells: int, rows: int) -> list[Line]:
        """One line."""
        app = self.node_app
        return [strip_line(app.state, app.now_s(), cells, app.glyphs)]


def strip_line(state: NodeState, now_s: float, cells: int, glyphs: Glyphs) -> Line:
    """Node, way and access at the left, health behind it; the link at the right, which is what must not be missed."""
    node = state.node
    right = line(link_mark(state, now_s, glyphs, cells), " ")
    if node is None:
        return ends(line(" ", Span("edge-node", Tone.HEAD), f" {state.via}"), right, cells)
    access = Span("ro", Tone.WARN) if state.read_only else Span("rw")
    left = line(" ", words(node.name, Tone.HEAD, cells=NAME_CELLS), f" {state.via} ", access)
    if cells >= ROOM_FOR_HEALTH and not state.stale:
        left = (*left, Span("  "), mark(HEALTH_TONES.get(node.health.state, Tone.WARN), node.health.state, glyphs))
    if cells >= ROOM_FOR_ALL and not state.stale:
        left = (*left, Span(f"  {rate_of(node.events.events_per_s)}", Tone.DIM))
    if state.alerts and cells_of_line(left) + cells_of_line(right) + 14 < cells and not state.stale:
        count = len(state.alerts)
        left = (*left, Span("  "), mark(state.alerts[0][0].tone, f"{count} alert{'s' * (count > 1)}", glyphs))
    return ends(left, right, cells)


def link_mark(state: NodeState, now_s: float, glyphs: Glyphs, cells: int) -> Span:
    """How the link is, with the age of the picture and the countdown when it is lost."""
    link = state.link
    if link.phase is Phase.LIVE:
        return mark(Tone.OK, "live", glyphs)
    if link.phase is Phase.CONNECTING:
        return mark(Tone.IDLE, "connecting", glyphs)
    text = "lost" if state.node is None else f"lost, {span_of(state.age_s(now_s))} old"
    retry = link.retry_in_s(now_s)
    if retry is not None and cells >= ROOM_FOR_HEALTH:
        text += f", again in {retry}s" if retry else ", trying"
    return mark(Tone.BAD, text, glyphs)
