"""The overview as one page of lines: cards in columns, alerts, and where there is room the live feed (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.alerts import Alert
from tui.cards import CARD_CELLS, Card, cards_of
from tui.lines import Line, Span, Tone, beside, ends, line, words
from tui.models import LogLine
from tui.state import NodeState, Phase
from tui.tables import LOG_COLUMNS, LOG_COLUMNS_WIDE, View, row_line, widths_of
from tui.theme import Glyphs, framed, mark
from tui.words import age_of

CARD_WIDTH = CARD_CELLS + 4
CARDS_ON_TWO_COLUMNS = 6  # the rest needs a third column, or the page would be longer than 24 rows
CARDS_ON_THREE_COLUMNS = 9
WIDE_CELLS = 110


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, and for every card that can be chosen its first and last line and the screen behind it."""

    lines: list[Line]
    places: list[tuple[int, int, str]]


def columns_of(cells: int) -> int:
    """How many cards stand side by side."""
    return 3 if cells >= WIDE_CELLS else 2 if cells >= 2 * CARD_WIDTH else 1


def overview(state: NodeState, now_s: float, size: tuple[int, int], glyphs: Glyphs, chosen: int = -1) -> Page:
    """The page for a room of `size` cells and rows; `chosen` is the card with the strong frame."""
    cells, rows = size
    columns = columns_of(cells)
    cards = cards_of(state, now_s, glyphs)
    shown = cards[: CARDS_ON_THREE_COLUMNS if columns == 3 else CARDS_ON_TWO_COLUMNS]
    lines, places = _grid(shown, columns, cells, glyphs, chosen)
    room = max(4, rows - len(lines))
    alerts = _alerts(state, now_s, cells, glyphs)
    height = room if columns < 3 else min(room, max(4, len(alerts) + 2))
    top = len(lines)
    lines += framed(_title(state, now_s), _tall(alerts, height - 2, glyphs), cells, glyphs, strong=chosen == len(shown))
    places.append((top, len(lines) - 1, "logs"))
    if columns == 3 and rows - len(lines) >= 4:
        lines += _feed(state.logs.newest(rows - len(lines) - 2), now_s, state, cells, rows - len(lines), glyphs)
    return Page(lines, places)


def _grid(
    cards: Sequence[Card], columns: int, cells: int, glyphs: Glyphs, chosen: int
) -> tuple[list[Line], list[tuple[int, int, str]]]:
    widths = [cells // columns + (column < cells % columns) for column in range(columns)]
    lines: list[Line] = []
    places: list[tuple[int, int, str]] = []
    for start in range(0, len(cards), columns):
        row = cards[start : start + columns]
        blocks = [
            framed(card.title, _padded(card.lines, 4), width, glyphs, strong=chosen == start + place)
            for place, (card, width) in enumerate(zip(row, widths, strict=False))
        ]
        places += [(len(lines), len(lines) + 5, card.screen) for card in row]
        lines += beside(blocks, widths[: len(blocks)])
    return lines, places


def _padded(lines: Sequence[Line], count: int) -> list[Line]:
    return [*lines[:count], *[line()] * (count - len(lines))]


def alerts_now(state: NodeState, now_s: float) -> list[tuple[Alert, int]]:
    """The node's alerts with the time since when; a lost link comes before all of them."""
    link = state.link
    if link.phase is not Phase.LOST:
        return state.alerts
    since_ms = state.node_now_ms(now_s) - int(1_000 * state.age_s(now_s))
    return [(Alert("link", Tone.BAD, "link lost", "", f"{link.reason} {link.remedy}".strip()), since_ms), *state.alerts]


def _title(state: NodeState, now_s: float) -> str:
    count = len(alerts_now(state, now_s))
    return "Alerts" if not count else f"{count} alert" if count == 1 else f"{count} alerts"


def _tall(lines: list[Line], rows: int, glyphs: Glyphs) -> list[Line]:
    """Exactly `rows` lines; what does not fit is counted in the last."""
    if len(lines) <= rows:
        return _padded(lines, rows)
    kept = lines[: rows - 1] if rows > 1 else []
    more = f"{len(lines) - len(kept)} more lines: enter" if not kept else f"{len(lines) - len(kept)} more: d"
    return [*kept, line(Span(f"{glyphs.ellipsis} {more}", Tone.DIM))]


def _alerts(state: NodeState, now_s: float, cells: int, glyphs: Glyphs) -> list[Line]:
    alerts = alerts_now(state, now_s)
    if not alerts:
        return [line(mark(Tone.OK, "nothing needs you", glyphs))]
    now_ms = state.node_now_ms(now_s)
    return [alert_line(alert, since_ms, now_ms, cells - 4, glyphs) for alert, since_ms in alerts]


def alert_line(alert: Alert, since_ms: int, now_ms: int, cells: int, glyphs: Glyphs) -> Line:
    """One alert on one line: what, why or what to do where there is room, and its age at the edge."""
    what = mark(alert.tone, words(alert.what).text, glyphs)
    said = [words(alert.why), words(alert.todo, Tone.DIM)] if cells >= WIDE_CELLS else [words(alert.todo, Tone.DIM)]
    tail = [part for text in said if text.text for part in (Span(f" {glyphs.dot} ", Tone.DIM), text)]
    return ends(line(what, *tail), line(Span(f"  {age_of(since_ms, now_ms)}", Tone.DIM)), cells)


def _feed(
    newest: Sequence[LogLine], now_s: float, state: NodeState, cells: int, rows: int, glyphs: Glyphs
) -> list[Line]:
    layout = widths_of(LOG_COLUMNS_WIDE if cells >= WIDE_CELLS else LOG_COLUMNS, cells - 4)
    view = View(glyphs, state.node_now_ms(now_s))
    lines = [row_line(row, layout, cells - 4, view) for row in newest]
    return framed("Log", _padded(lines, rows - 2), cells, glyphs)
