"""The filter grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.filters import ALTERNATIVES, Filter, Term, in_order, parse_filter

ROW = {"name": "Pump-3", "status": "active", "note": "north fence"}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True), ("pump", True), ("PUMP", True), ("!pump", False), ("tank", False), ("!tank", True),
        ("status=active", True), ("status=act", False), ("status=act*", True), ("!status=active", False),
        ("status=suspended", False), ("~pmp3", True), ("~3pmp", False), ("!~pmp3", False), ("pump north", True),
        ("pump south", False), ('"north fence"', True), ('"fence north"', False), ('note="north fence"', True),
        ("other=x", False), ("status=", False), ("!status=", True), ("~", True), ("!", True), ('"', True),
        ("status:active", True), ("status:act*", True), ("!status:active", False), ('note:"north fence"', True),
        ("status:", False), ("name:pump-3 status:active", True), ("other:x", False), ("status:active=x", False),
    ],
)  # fmt: skip
def test_words_mean_what_the_help_says(text: str, passes: bool) -> None:
    """Text, inverse, key=value with `*`, fuzzy, several words, quotes."""
    assert parse_filter(text, ROW).matcher()(ROW) is passes


def test_an_unknown_key_is_text() -> None:
    """`a=b` where there is no column `a` is looked for as it stands."""
    assert parse_filter("a=b", {"name"}).matcher()({"name": "x a=b y"})
    assert parse_filter("took_ms=41", None).matcher()({"took_ms": "41"})


def test_a_colon_is_a_letter_where_any_column_may_be_named() -> None:
    """The log is searched for addresses and times as they stand there."""
    assert parse_filter("127.0.0.1:8091 url:http", None).terms == (Term("127.0.0.1:8091"), Term("url:http"))
    assert parse_filter("bucket:7 a:b", {"bucket"}).terms == (Term("7", "bucket"), Term("a:b"))


def test_one_of_several_values_is_enough() -> None:
    """A piece in buckets 7 and 77 is in bucket 7, one in bucket 77 alone is not; `!` wants it in none of them."""
    both, other = {"bucket": ALTERNATIVES.join(("7", "77"))}, {"bucket": "77"}
    assert [parse_filter("bucket:7", both).matcher()(row) for row in (both, other)] == [True, False]
    assert [parse_filter("!bucket:7", both).matcher()(row) for row in (both, other)] == [False, True]


@given(st.text("ab*", min_size=1, max_size=7), st.text("ab", max_size=9))
def test_stars_stand_for_anything(value: str, text: str) -> None:
    """As of all ways to divide the text at once."""

    def fits(pattern: str, rest: str) -> bool:
        if not pattern.startswith("*"):
            return pattern[:1] == rest[:1] and (not pattern or fits(pattern[1:], rest[1:]))
        return any(fits(pattern[1:], rest[start:]) for start in range(len(rest) + 1))

    assert parse_filter(f"name={value}", {"name"}).matcher()({"name": text}) is fits(value, text)


def test_a_strangers_text_is_looked_at_once() -> None:
    """Where the parts of a value could stand in 10^12 ways, one is tried."""
    wanted = parse_filter("name=a*a*a*a*b*c", {"name"}).matcher()
    assert not wanted({"name": "a" * 3_000})


TERMS = st.builds(
    Term,
    value=st.text("abc*.= ", min_size=1, max_size=4).map(lambda text: text.strip() or "a"),
    key=st.sampled_from(["", "name"]),
    fuzzy=st.just(False),
    inverse=st.booleans(),
)
ROWS = st.fixed_dictionaries({"name": st.text("abc*.= ", max_size=6), "note": st.text("abc ", max_size=6)})


@given(st.lists(TERMS, max_size=3))
def test_a_filter_reads_back_as_it_is_written(terms: list[Term]) -> None:
    """What the title of a table shows is the filter in force."""
    wanted = Filter(tuple(terms))
    again = parse_filter(str(wanted), {"name"})
    assert str(parse_filter(str(again), {"name"})) == str(again)


@given(st.text(max_size=30), ROWS)
def test_every_text_is_some_filter(text: str, row: dict[str, str]) -> None:
    """A filter is read while it is typed: nothing is an error."""
    assert parse_filter(text, {"name"}).matcher()(row) in {True, False}


@given(TERMS, ROWS)
def test_the_inverse_is_the_opposite(term: Term, row: dict[str, str]) -> None:
    """A row passes a term or its inverse, never both."""
    other = Term(term.value, term.key, term.fuzzy, not term.inverse)
    assert Filter((term,)).matcher()(row) is not Filter((other,)).matcher()(row)


@given(st.lists(TERMS, max_size=2), st.lists(TERMS, max_size=2), ROWS)
def test_a_narrower_filter_lets_nothing_new_through(new: list[Term], old: list[Term], row: dict[str, str]) -> None:
    """Only then may the rows hidden before be left out of the search."""
    narrower, wider = Filter(tuple(new)), Filter(tuple(old))
    if narrower.narrows(wider) and narrower.matcher()(row):
        assert wider.matcher()(row)


def test_typing_on_narrows() -> None:
    """The case it is made for."""
    assert parse_filter("pump-3").narrows(parse_filter("pum"))
    assert parse_filter("~pmp").narrows(parse_filter("~pp"))
    assert not parse_filter("!pump-3").narrows(parse_filter("!pum"))


def test_letters_in_order() -> None:
    """Each letter is used once."""
    assert in_order("ab", "xaxbx")
    assert not in_order("aa", "a")
