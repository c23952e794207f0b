"""Themes, glyphs and bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from tui.lines import Tone, cells_of_line, line, text_of
from tui.theme import (
    ASCII,
    THEMES,
    UNICODE,
    Colours,
    Glyphs,
    bar,
    columns,
    framed,
    history,
    mark,
    round_top,
    wants_ascii,
)
from tui.visible import visible


def contrast(one: Color, other: Color) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(color: Color) -> float:
        parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", THEMES.values(), ids=lambda colours: colours.name)
def test_every_tone_can_be_read_on_every_ground(colours: Colours) -> None:
    """WCAG AA (AAA for the contrast themes), in colour and turned to grey as NO_COLOR does it; frames need 2."""
    for tone, foreground in colours.tones.items():
        wanted = 2.0 if tone is Tone.FRAME else colours.contrast_min
        for ground in (colours.background, colours.strip, colours.panel, colours.selected):
            one, other = Color.parse(foreground), Color.parse(ground)
            assert contrast(one, other) >= wanted, (tone, ground)
            assert contrast(one.monochrome, other.monochrome) >= min(wanted, 4.5), (tone, ground, "grey")


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_glyphs_take_one_cell_and_are_safe(glyphs: Glyphs) -> None:
    """Otherwise columns would move."""
    texts = [*glyphs.marks.values(), *glyphs.levels, *glyphs.corners, glyphs.full, glyphs.empty, glyphs.across]
    assert all(len(text) == 1 and visible(text) == text for text in texts)
    assert len(set(glyphs.marks.values())) == 4
    assert glyphs is UNICODE or all(text.isascii() for text in texts)


def test_a_state_is_a_glyph_and_a_word() -> None:
    """In this order; colour comes on top."""
    assert mark(Tone.WARN, "degraded", UNICODE) == ("▲ degraded", Tone.WARN)
    assert mark(Tone.BAD, "down", ASCII).text == "x down"


@given(st.floats(0, 100), st.integers(1, 40))
def test_a_bar_says_no_more_than_is_so(value: float, cells: int) -> None:
    """Empty is empty, something is at least a cell, and only what is full is full."""
    drawn = bar(value, 100, cells, UNICODE)
    filled = drawn.count("█")
    assert len(drawn) == cells
    assert (filled > 0) == (value > 0)
    assert filled < cells or value >= 100 or cells == 1


def test_a_history_stands_on_zero() -> None:
    """Equal steps for equal values, whatever the others are; the newest is at the right."""
    assert history((0, 4, 8), 8, 4, UNICODE) == "  ▄█"
    assert history((2.0, 2.1), 8, 2, UNICODE) == "▂▂"
    assert history((1,), 0, 2, UNICODE) == "  "


@given(st.lists(st.floats(0, 1e9), max_size=5).map(tuple))
def test_a_top_is_round_and_not_too_low(values: tuple[float, ...]) -> None:
    """1, 2 or 5 times a power of ten."""
    top = round_top(values)
    assert top >= max(values, default=0)
    assert f"{top:.0e}"[0] in "125"


@pytest.mark.parametrize(
    ("environment", "encoding", "poor"),
    [
        ({"TERM": "xterm-256color"}, "UTF-8", False), ({"TERM": "linux"}, "utf-8", True),
        ({"TERM": "vt220"}, "UTF-8", True),
        ({"TERM": "xterm"}, "ISO-8859-1", True), ({"TERM": "screen-256color"}, "utf8", False),
        ({}, "ANSI_X3.4-1968", True),
    ],
)  # fmt: skip
def test_poor_terminals_get_ascii(environment: dict[str, str], encoding: str, poor: bool) -> None:
    """By the terminal's name or the locale's encoding."""
    assert wants_ascii(environment, encoding) is poor


def test_a_column_grows_through_all_its_rows() -> None:
    """The highest row first; whatever is there shows, what is above the top fills, the newest are at the right."""
    assert columns((0.0, 1.0, 8.0, 12.0, 16.0, 99.0), 16.0, 8, 2, UNICODE) == ["     ▄██", "   ▁████"]
    assert columns((0.001,), 16.0, 1, 2, UNICODE) == [" ", "▁"]
    assert columns((5.0, 5.0), 0.0, 3, 1, UNICODE) == ["   "]
    for glyphs in (UNICODE, ASCII):
        assert columns((3.0, 9.0), 10.0, 4, 1, glyphs) == [history((3.0, 9.0), 10.0, 4, glyphs)]


def test_a_frame_is_exact() -> None:
    """Title in the edge, content cut inside; a title that does not fit is left out, not cut."""
    lines = framed("Store", [line("a" * 40)], 20, UNICODE)
    assert [cells_of_line(spans) for spans in lines] == [20, 20, 20]
    assert text_of(lines[0]) == "╭─ Store ──────────╮"
    assert text_of(lines[1]) == "│ aaaaaaaaaaaaaaa… │"
    assert "Very" not in text_of(framed("Very long title", [], 12, UNICODE)[0])
