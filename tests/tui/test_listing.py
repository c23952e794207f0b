"""Rows under a filter."""

from hypothesis import given
from hypothesis import strategies as st

from tui.filters import parse_filter
from tui.listing import STEP_ROWS, Listing

Row = tuple[int, str]


def listing(rows_max: int | None = None) -> Listing[Row]:
    return Listing(lambda row: row[0], lambda row: {"text": row[1]}, rows_max)


def use(rows: Listing[Row], text: str) -> None:
    for _ in rows.use(parse_filter(text, {"text"})):
        pass


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.tuples(st.integers(0, 20), st.sampled_from(["aa", "ab", "b"]))),
        st.tuples(st.just("use"), st.sampled_from(["", "a", "ab", "!a", "b", "text=aa"])),
        st.tuples(
            st.just("replace"), st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["aa", "b"])), max_size=3)
        ),
    ),
    max_size=30,
)


@given(STEPS, st.sampled_from([None, 4]))
def test_what_is_shown_is_what_passes(steps: list[tuple[str, object]], rows_max: int | None) -> None:
    """After any changes in any order: the same as if the filter were asked for every row anew."""
    rows, model, wanted = listing(rows_max), {}, ""
    for step, value in steps:
        if step == "put":
            rows.put([value])
            model[value[0]] = value
        elif step == "replace":
            rows.replace(value)
            model = {row[0]: row for row in value}
        else:
            wanted = value
            use(rows, wanted)
        if rows_max is not None:
            model = dict(sorted(model.items())[-rows_max:])
        test = parse_filter(wanted, {"text"}).matcher()
        assert list(rows.shown) == [key for key in sorted(model) if test({"text": model[key][1]})]
        assert len(rows) == len(model)


def test_changes_while_a_filter_walks_are_seen() -> None:
    """Rows put between two steps are looked at once more."""
    rows = listing()
    rows.put((n, "a" if n % 2 else "b") for n in range(3 * STEP_ROWS))
    walk = rows.use(parse_filter("a"))
    next(walk)
    rows.put([(1, "b"), (2, "a"), (10**6, "a")])
    for _ in walk:
        pass
    assert 1 not in rows.shown
    assert 2 in rows.shown
    assert 10**6 in rows.shown


def test_a_newer_filter_wins() -> None:
    """The walk that was begun before ends without a word."""
    rows = listing()
    rows.put((n, "a") for n in range(2 * STEP_ROWS))
    old = rows.use(parse_filter("zzz"))
    next(old)
    use(rows, "a")
    assert list(old) == []
    assert len(rows.shown) == 2 * STEP_ROWS


def test_a_window_is_a_window() -> None:
    """Rows from the middle of a hundred thousand, without the others."""
    rows = listing()
    rows.put((n, "x") for n in range(100_000))
    assert rows.window(50_000, 3) == [(50_000, "x"), (50_001, "x"), (50_002, "x")]
    assert rows.newest(1) == [(99_999, "x")]
    assert rows.place(70_000) == 70_000
    assert 5 in rows
    assert rows.row(-1) is None
