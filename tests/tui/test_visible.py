"""Text from the network made safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.visible import cells_of, cut, escape, fit, shown, visible

HOSTILE = [
    "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x00", "\x7f", "a\rb", "a\nb", "a\tb", "\x08\x08\x08rm",
    "\u202eevil", "\u2066x\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029", "\u00a0", "\u3000",
    "e\u0301\u0301\u0301", "\u0489", "\U000e0041", "\ue000", "\ud800", "שלום", "مرحبا", "👩‍👩‍👧", "🇩🇪", "❤️", "\x1b]8;;http://x\x07y",
    "[bold red]x[/]", "\x1bP+q\x1b\\", "\u0378",
]  # fmt: skip


def obeyed(char: str) -> bool:
    """What no terminal may get to see."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"} or (
        unicodedata.bidirectional(char) in {"R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI"}
    )


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_spelled_out(text: str) -> None:
    """Nothing that a terminal would obey, hide or reorder is left."""
    assert not [char for char in visible(text) if obeyed(char)]
    assert visible(text, ascii_only=True).isascii()


@given(st.text())
def test_nothing_obeyed_is_ever_left(text: str) -> None:
    """Whatever comes in, and doing it twice changes nothing more."""
    safe = visible(text)
    assert not [char for char in safe if obeyed(char)]
    assert visible(safe) == safe


def test_what_is_spelled_is_recognisable() -> None:
    """Escapes name the character; letters of ours and of wide scripts stay."""
    assert visible("a\x1b[31mb") == "a\\x1b[31mb"
    assert visible("\u202e") == "\\u202e"
    assert visible("\U0001f600") == "\\U0001f600"
    assert visible("line\nnext\tend") == "line\\nnext\\tend"
    assert visible("Grün, 東京, Δt") == "Grün, 東京, Δt"
    assert visible("e\u0301") == "é"
    assert visible("[b]", ascii_only=True) == "[b]"
    assert shown("é", ascii_only=True) == "\\xe9"
    assert escape(0xFF) == "\\xff"


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_is_never_wider(text: str, cells: int) -> None:
    """Escapes and wide letters count as what they take."""
    assert cells_of(visible(text, cells)) <= cells
    assert cells_of(fit(visible(text), cells)) == cells


def test_a_long_text_costs_what_it_shows() -> None:
    """Of ten million characters only the first are looked at."""
    assert visible("\x1b" * 10_000_000, 12) == "\\x1b\\x1b\\x1…"


def test_cutting_ends_with_an_ellipsis() -> None:
    """A cut text says that it is cut; a text that just fits does not."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 5) == "abcd…"
    assert cut("東京都", 4) == "東…"
    assert cut("abc", 0) == ""
    assert fit("7", 3, right=True) == "  7"
