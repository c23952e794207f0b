"""Range and If-Range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.http_range import (
    ByteRange,
    RangeNotSatisfiable,
    is_known,
    parse_range,
    range_applies,
    unsatisfied_content_range,
)


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=0-99999", 0, 10),
        ("bytes=9-", 9, 10),
        ("bytes=-1", 9, 10),
        ("bytes=-10", 0, 10),
        ("bytes=-999", 0, 10),
        ("BYTES= 2-3 ", 2, 4),
    ],
)
def test_one_range_is_served(header: str, start: int, stop: int) -> None:
    """First-last, open-ended and suffix ranges of ten bytes."""
    assert parse_range(header, 10) == ByteRange(start, stop, 10)


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=3-2", "bytes=0-1,3-4", "bytes=0-1,", "lines=0-1",
     "bytes=+1-2", "bytes=1--2", "bytes=0x1-2", "bytes 0-1", "bytes=1 - 2", "bytes=" + "9" * 19 + "-",
     "bytes=\u0661-\u0662"],
)  # fmt: skip
def test_anything_else_is_answered_with_the_whole(header: str | None) -> None:
    """No header, other units, several ranges and malformed ones are ignored."""
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-11", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)]
)
def test_a_range_of_nothing_is_refused(header: str, size: int) -> None:
    """416 with the size there is."""
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_range(header, size)
    assert caught.value.status == 416
    assert unsatisfied_content_range(caught.value.size) == f"bytes */{size}"


@given(st.integers(1, 10_000), st.integers(0, 12_000), st.integers(0, 12_000))
def test_ranges_are_slices(size: int, first: int, last: int) -> None:
    """A served range is the slice Python would take, and says so in Content-Range."""
    content = bytes(size)
    if first > last:
        assert parse_range(f"bytes={first}-{last}", size) is None
    elif first >= size:
        with pytest.raises(RangeNotSatisfiable):
            parse_range(f"bytes={first}-{last}", size)
    else:
        found = parse_range(f"bytes={first}-{last}", size)
        assert found is not None
        assert found.length == len(content[first : last + 1])
        assert found.content_range() == f"bytes {first}-{min(last, size - 1)}/{size}"


def test_if_range_wants_the_same_strong_tag() -> None:
    """Absent: applies. Same strong tag: applies. Weak, other or a date: the whole."""
    assert range_applies(None, '"a"')
    assert range_applies('"a"', '"a"')
    assert not range_applies('"b"', '"a"')
    assert not range_applies('W/"a"', '"a"')
    assert not range_applies('W/"a"', 'W/"a"')
    assert not range_applies("Sat, 21 Nov 2026 04:00:00 GMT", '"a"')


@pytest.mark.parametrize(
    ("said", "known"),
    [(None, False), ("", False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)],
)
def test_which_representation_is_known(said: str | None, known: bool) -> None:
    """Any of the listed tags, weak or strong, or all."""
    assert is_known(said, '"a"') is known
