"""Tones as a terminal shows them: one style per tone and ground of a theme, and the same theme for Textual."""

from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

from tui.lines import Tone
from tui.theme import Colours

_BOLD = frozenset({Tone.HEAD, Tone.KEY, Tone.BAD})


@lru_cache(maxsize=256)
def style_of(tone: Tone, foreground: str, ground: str, *, bold: bool) -> Style:
    """A style, made once."""
    return Style(color=foreground, bgcolor=ground, bold=bold)


def styles_on(colours: Colours, ground: str) -> dict[Tone, Style]:
    """Every tone on this ground."""
    return {tone: style_of(tone, colours.tones[tone], ground, bold=tone in _BOLD) for tone in Tone}


def textual_theme(colours: Colours) -> Theme:
    """The same colours for what Textual draws itself: inputs, buttons, the veil behind a dialogue."""
    tones = colours.tones
    return Theme(
        name=colours.name,
        dark=colours.dark,
        primary=tones[Tone.OK],
        secondary=tones[Tone.DIM],
        accent=tones[Tone.KEY],
        warning=tones[Tone.WARN],
        error=tones[Tone.BAD],
        success=tones[Tone.OK],
        foreground=tones[Tone.PLAIN],
        background=colours.background,
        surface=colours.panel,
        panel=colours.strip,
    )
