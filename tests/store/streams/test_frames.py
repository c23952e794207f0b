"""Runs and gaps cut to size: every offset once, in order, one frame at least."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.streams.frames import Gap, GapReason, Part, Run, gather


class Lines:
    """A wire of one JSON line per frame, for tests."""

    def event(self, offset: int, rendered: bytes) -> bytes:
        return msgspec.json.encode([offset, rendered.decode()]) + b"\n"

    def gap(self, gap: Gap) -> bytes:
        return msgspec.json.encode({"gap": [gap.first, gap.stop, gap.reason]}) + b"\n"


LINES = Lines()


def offsets_of(data: bytes) -> list[int]:
    """Every offset that frames tell of, delivered or passed over."""
    found: list[int] = []
    for line in map(msgspec.json.decode, data.splitlines()):
        found += range(line["gap"][0], line["gap"][1]) if isinstance(line, dict) else [line[0]]
    return found


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 5)), min_size=1, max_size=6),
    st.integers(0, 4),
    st.integers(0, 300),
)
def test_every_offset_comes_once(shape: list[tuple[bool, int]], into: int, bytes_max: int) -> None:
    """Asked again from where it ended, whatever the size, all offsets come in order, each in its own frame or a gap."""
    parts: list[Part] = []
    end = 10
    for is_gap, length in shape:
        stop = end + length
        parts.append(
            Gap(end, stop, GapReason.DAMAGE) if is_gap else Run(end, [b"x" * (n % 7) for n in range(end, stop)])
        )
        end = stop
    cursor = start = 10 + min(into, shape[0][1] - 1)
    found: list[int] = []
    while cursor < end:
        rest = [part for part in parts if (part.stop > cursor)]
        frames = gather(rest, cursor, bytes_max, LINES)
        assert frames.cursor > cursor
        assert len(frames.data) <= bytes_max or frames.data.count(b"\n") == 1 or b"gap" in frames.data
        found += offsets_of(frames.data)
        cursor = frames.cursor
    assert found == list(range(start, end))


def test_events_are_counted_and_gaps_are_not() -> None:
    """`events` is the number of event frames."""
    frames = gather([Gap(0, 2, GapReason.RETENTION), Run(2, [b"a", b"b"])], 0, 1_000, LINES)
    assert (frames.events, frames.cursor) == (2, 4)
    assert frames.data == b'{"gap":[0,2,"retention"]}\n[2,"a"]\n[3,"b"]\n'
