"""Lines of toned text."""

from hypothesis import given
from hypothesis import strategies as st

from tui.lines import Span, Tone, beside, cells_of_line, ends, fit_line, line, text_of, words, wrapped

SPANS = st.lists(st.builds(Span, st.text(" abc東é"), st.sampled_from(list(Tone)))).map(tuple)


@given(SPANS, st.integers(0, 30))
def test_a_fitted_line_is_exact(spans: tuple[Span, ...], cells: int) -> None:
    """Cut or padded, it takes exactly its cells."""
    assert cells_of_line(fit_line(spans, cells)) == (cells or 0)


def test_a_cut_line_ends_with_an_ellipsis() -> None:
    """Also where the cut falls between two spans."""
    assert text_of(fit_line(line("abc", Span("def", Tone.OK)), 5)) == "abcd…"
    assert text_of(fit_line(line("abc", "def"), 3)) == "ab…"
    assert text_of(fit_line(line("abc"), 3)) == "abc"


def test_ends_stand_at_the_edges() -> None:
    """The right one is never cut while there is room for it."""
    assert text_of(ends(line("left"), line("right"), 12)) == "left   right"
    assert text_of(ends(line("long left"), line("right"), 9)) == "lon…right"
    assert text_of(ends(line("left"), line("right"), 4)) == "rig…"


def test_blocks_stand_side_by_side() -> None:
    """Short blocks are filled up."""
    rows = beside([[line("a")], [line("b"), line("c")]], [2, 2])
    assert [text_of(row) for row in rows] == ["a b ", "  c "]


@given(st.text(" abcdefgh\x1b", max_size=60), st.integers(4, 20))
def test_wrapped_text_fits(text: str, cells: int) -> None:
    """No line is wider, and nothing is obeyed."""
    assert all(cells_of_line(spans) <= cells and "\x1b" not in text_of(spans) for spans in wrapped(text, cells))


def test_wrapping_survives_no_room() -> None:
    """A window of one cell, or of none, still gets its letters."""
    assert [text_of(spans) for spans in wrapped("ab", -3)] == ["a", "b"]


def test_wrapping_keeps_words() -> None:
    """Broken at blanks; only a word that is too long is broken in itself."""
    assert [text_of(spans) for spans in wrapped("one two abcdefghij", 7)] == ["one two", "abcdefg", "hij"]


def test_words_are_safe() -> None:
    """The one way from the network to a span."""
    assert words("a\x07", Tone.BAD, cells=4) == Span("a\\x…", Tone.BAD)
