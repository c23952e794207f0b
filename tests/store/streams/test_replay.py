"""The replay window against a plain set as the model."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.streams.replay import JUMP_MAX, WINDOW_BITS, ReplayWindow, Standing, seq_from_row, seq_to_row

SEQS = st.integers(0, 3 * WINDOW_BITS)


def expected(seen: set[int], seq: int) -> Standing:
    if not seen:
        return Standing.UNSEEN
    highest = max(seen)
    if seq > highest:
        return Standing.JUMP if seq - highest > JUMP_MAX else Standing.UNSEEN
    if highest - seq >= WINDOW_BITS:
        return Standing.BELOW
    return Standing.SEEN if seq in seen else Standing.UNSEEN


@given(st.lists(SEQS, max_size=60), SEQS)
def test_window_agrees_with_a_set(seqs: list[int], asked: int) -> None:
    """Whatever order numbers come in, the window says what a set with a moving floor says."""
    window, seen = ReplayWindow(), set()
    for seq in seqs:
        assert window.judge(seq) == expected(seen, seq)
        if window.judge(seq) is Standing.UNSEEN:
            window.add(seq)
            seen.add(seq)
    assert window.judge(asked) == expected(seen, asked)


@given(st.sets(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_window_survives_its_row(seqs: set[int]) -> None:
    """A window written to a row and read back judges as before."""
    window = ReplayWindow()
    for seq in seqs:
        window.add(seq)
    restored = ReplayWindow.from_row(*window.to_row())
    assert (restored.highest, restored.bits) == (window.highest, window.bits)


def test_jump_limit_is_exact() -> None:
    """2^32 ahead is one boot and passes; one more is refused."""
    window = ReplayWindow(10, 1)
    assert window.judge(10 + JUMP_MAX) is Standing.UNSEEN
    assert window.judge(11 + JUMP_MAX) is Standing.JUMP


def test_window_edge_is_exact() -> None:
    """1,023 below the highest is inside the window, 1,024 below is not."""
    window = ReplayWindow(5_000, 1)
    assert window.judge(5_000 - WINDOW_BITS + 1) is Standing.UNSEEN
    assert window.judge(5_000 - WINDOW_BITS) is Standing.BELOW


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_rows_keep_the_order_of_u64(a: int, b: int) -> None:
    """SQLite's signed integers order sequence numbers as unsigned ones."""
    assert (seq_to_row(a) < seq_to_row(b)) == (a < b)
    assert seq_from_row(seq_to_row(a)) == a
    assert -(2**63) <= seq_to_row(a) < 2**63


@given(st.lists(SEQS, max_size=60), st.lists(SEQS, max_size=60))
def test_merging_is_seeing_both(one: list[int], other: list[int]) -> None:
    """The window of what was removed, merged into that of the rest, is the window of all, in either order."""
    windows = {}
    for name, seqs in (("one", one), ("other", other), ("all", one + other)):
        windows[name] = ReplayWindow()
        for seq in seqs:
            windows[name].add(seq)
    for first, second in (("one", "other"), ("other", "one")):
        merged = ReplayWindow(windows[first].highest, windows[first].bits)
        merged.merge(windows[second])
        assert (merged.highest, merged.bits) == (windows["all"].highest, windows["all"].bits)
