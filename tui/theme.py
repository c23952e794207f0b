"""Colours and glyphs: four themes with checked contrast, a Unicode and an ASCII set (pure).

A state is always a glyph, a word and a colour, in this order of importance: colours may be missing (NO_COLOR), glyphs
may be poor (a serial console), the word stays. Good is blue and bad is orange or red, which the colour-blind tell
apart; every colour keeps its contrast when it is turned to grey.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tui.lines import Line, Span, Tone, fit_line


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters of one terminal's capability; every one takes one cell. `levels` go from empty to full."""

    marks: Mapping[Tone, str]
    levels: str
    full: str
    empty: str
    ellipsis: str
    corners: str  # top left, top right, bottom left, bottom right
    across: str
    down: str
    cursor: str
    dot: str


UNICODE = Glyphs(
    marks={Tone.OK: "●", Tone.WARN: "▲", Tone.BAD: "✖", Tone.IDLE: "○"},
    levels=" ▁▂▃▄▅▆▇█", full="█", empty="░", ellipsis="…", corners="╭╮╰╯", across="─", down="│", cursor="▸", dot="·",
)  # fmt: skip
ASCII = Glyphs(
    marks={Tone.OK: "+", Tone.WARN: "!", Tone.BAD: "x", Tone.IDLE: "o"},
    levels=" ._-=+*#@", full="#", empty=".", ellipsis="~", corners="++++", across="-", down="|", cursor=">", dot=".",
)  # fmt: skip

# Terminals that are known to have few characters, whatever the locale says (the Linux console's font has 256 or 512).
_POOR_TERMINALS = ("linux", "vt100", "vt102", "vt220", "dumb", "ansi", "cons25")


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """One theme: foreground by tone on `background`; `strip` is behind the status strip and the key line."""

    name: str
    dark: bool
    background: str
    strip: str
    panel: str
    selected: str
    tones: Mapping[Tone, str]
    contrast_min: float


def _tones(plain: str, dim: str, head: str, key: str, ok: str, warn: str, bad: str, frame: str) -> dict[Tone, str]:
    return {
        Tone.PLAIN: plain, Tone.DIM: dim, Tone.HEAD: head, Tone.KEY: key, Tone.OK: ok, Tone.WARN: warn, Tone.BAD: bad,
        Tone.IDLE: dim, Tone.FRAME: frame,
    }  # fmt: skip


DARK = Colours(
    name="dark", dark=True, background="#0f1419", strip="#1c2630", panel="#161d25", selected="#26405c",
    tones=_tones("#d9e0e6", "#9fabb6", "#ffffff", "#f2cd7e", "#8cc4ff", "#ffb454", "#ff9a85", "#6b7a88"),
    contrast_min=4.5,
)  # fmt: skip
LIGHT = Colours(
    name="light", dark=False, background="#fbfbf8", strip="#e4e8ec", panel="#f1f3f4", selected="#cfe2f7",
    tones=_tones("#1b2229", "#4a5560", "#000000", "#6b3f00", "#00468f", "#7a4100", "#9c1410", "#7d8994"),
    contrast_min=4.5,
)  # fmt: skip
CONTRAST = Colours(
    name="contrast", dark=True, background="#000000", strip="#000000", panel="#000000", selected="#00305e",
    tones=_tones("#ffffff", "#d8d8d8", "#ffffff", "#ffe600", "#9cd2ff", "#ffc400", "#ffb3a6", "#ffffff"),
    contrast_min=7.0,
)  # fmt: skip
CONTRAST_LIGHT = Colours(
    name="contrast-light", dark=False, background="#ffffff", strip="#ffffff", panel="#ffffff", selected="#d6e9ff",
    tones=_tones("#000000", "#333333", "#000000", "#4a2b00", "#003a78", "#5a3000", "#7d0600", "#000000"),
    contrast_min=7.0,
)  # fmt: skip

THEMES = {colours.name: colours for colours in (DARK, LIGHT, CONTRAST, CONTRAST_LIGHT)}


def mark(tone: Tone, word: str, glyphs: Glyphs) -> Span:
    """A state as it is always shown: glyph, word, colour."""
    return Span(f"{glyphs.marks[tone]} {word}", tone)


def wants_ascii(environment: Mapping[str, str], encoding: str) -> bool:
    """Whether a terminal is better served with ASCII: a poor one, or one whose encoding is not UTF-8."""
    terminal = environment.get("TERM", "")
    return not encoding.lower().replace("-", "").startswith("utf8") or terminal.split("-")[0] in _POOR_TERMINALS


def bar(value: float, top: float, cells: int, glyphs: Glyphs) -> str:
    """A level from zero to `top`; whatever is there shows at least one cell, and only what is full is full."""
    if top <= 0 or value <= 0:
        return glyphs.empty * cells
    filled = min(cells, max(1, int(cells * value / top)))
    return glyphs.full * filled + glyphs.empty * (cells - filled)


def history(values: tuple[float, ...], top: float, cells: int, glyphs: Glyphs) -> str:
    """The newest values as columns over a baseline of zero, the newest at the right; `top` fills a column."""
    steps = len(glyphs.levels) - 1
    shown = values[-cells:] if cells > 0 else ()

    def column(value: float) -> str:
        if value <= 0 or top <= 0:
            return glyphs.levels[0]
        return glyphs.levels[min(steps, max(1, round(value / top * steps)))]

    return "".join(map(column, shown)).rjust(cells)


def columns(values: tuple[float, ...], top: float, cells: int, rows: int, glyphs: Glyphs) -> list[str]:
    """The same over several rows, the highest first: a column grows through all of them."""
    steps = len(glyphs.levels) - 1
    shown = values[-cells:] if cells > 0 else ()
    heights = [
        0 if value <= 0 or top <= 0 else min(steps * rows, max(1, round(value / top * steps * rows))) for value in shown
    ]
    return [
        "".join(glyphs.levels[max(0, min(steps, height - steps * row))] for height in heights).rjust(cells)
        for row in range(rows - 1, -1, -1)
    ]


def round_top(values: tuple[float, ...]) -> float:
    """The top of a history that reads well: 1, 2 or 5 times a power of ten, not below the largest value."""
    largest, top = max(values, default=0.0), 1.0
    while top < largest:
        for factor in (2, 5, 10):
            if top * factor >= largest or factor == 10:
                top *= factor
                break
    return top


def framed(
    title: str, content: list[Line], width: int, glyphs: Glyphs, *, strong: bool = False, edge: Tone = Tone.FRAME
) -> list[Line]:
    """A card: a frame of `width` with its title in the upper edge around lines cut to the room inside."""
    edge = Tone.KEY if strong else edge
    room = width - 4
    head = Span(f" {title} ", Tone.HEAD) if len(title) + 2 <= room else Span("")
    rest = glyphs.across * (width - 3 - len(head.text))
    lines: list[Line] = [(Span(glyphs.corners[0] + glyphs.across, edge), head, Span(rest + glyphs.corners[1], edge))]
    for spans in content:
        inside = fit_line(spans, room, ellipsis=glyphs.ellipsis)
        lines.append((Span(glyphs.down + " ", edge), *inside, Span(" " + glyphs.down, edge)))
    lines.append((Span(glyphs.corners[2] + glyphs.across * (width - 2) + glyphs.corners[3], edge),))
    return lines
