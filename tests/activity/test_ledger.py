"""The running minutes of all readers: when they end, and that their memory is bounded whatever happens."""

from edge_node.activity.ledger import Bounds, ReadLedger
from edge_node.activity.record import DIGESTS_MAX, PARTS_MAX, WINDOW_BYTES
from edge_node.activity.window import OpenPart, Reader, Window
from edge_node.base.counters import REGISTRY
from tests.activity.rig import CID, HOLDER, HandClock


class Rig:
    """A ledger whose wakes are counted."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.clock, self.wakes, self.presses, self.named = HandClock(), 0, 0, 0
        self.ledger = ReadLedger(self.clock, self._name, self._wake, self._press, bounds)

    def _name(self) -> bytes:
        self.named += 1
        return self.named.to_bytes(16, "big")

    def _wake(self) -> None:
        self.wakes += 1

    def _press(self) -> None:
        self.presses += 1

    def read(self, who: int = 1, *, request: bytes = b"signed") -> tuple[Window, OpenPart]:
        part = OpenPart(CID, request, b"i" * 16, 0, 0)
        return self.ledger.enter(Reader(HOLDER, who, bytes(16)), part), part


def lost(what: str) -> float:
    return REGISTRY.get_sample_value("edge_node_activity_lost_total", {"what": what}) or 0.0


def test_reads_of_one_reader_share_a_window_until_its_minute_is_over():
    """At 60 s the next read opens another; what is over waits to be written."""
    rig = Rig()
    first, _ = rig.read()
    rig.clock.ms += 59_999
    assert rig.read()[0] is first
    assert rig.read(2)[0] is not first
    rig.clock.ms += 1
    second, _ = rig.read()
    assert second is not first
    assert first.closed
    assert list(rig.ledger.take_closed(10)) == [first]


def test_a_minute_ends_without_another_read():
    """`close_ended` closes what is over, and `due_s` says when to look."""
    rig = Rig()
    window, _ = rig.read()
    window.take_delta()
    assert rig.ledger.due_s() == 60.0
    rig.clock.ms += 60_000
    assert rig.ledger.due_s() == 0.0
    rig.ledger.close_ended()
    assert window.closed


def test_something_to_note_is_due_at_once_and_nothing_never():
    """A change is due now, an empty ledger never."""
    rig = Rig()
    assert rig.ledger.due_s() == float("inf")
    rig.read()
    assert (rig.ledger.due_s(), rig.wakes) == (0.0, 1)


def test_a_window_ends_with_its_bytes():
    """32 MiB sent end it, whatever the time."""
    rig = Rig()
    window, part = rig.read()
    window.bytes = WINDOW_BYTES
    rig.ledger.touch(window, part)
    assert window.closed
    assert rig.read()[0] is not window


def test_a_window_ends_with_its_rows():
    """The read after the last row opens another."""
    rig = Rig()
    window, _ = rig.read()
    for _ in range(PARTS_MAX + DIGESTS_MAX - 1):
        assert rig.read()[0] is window
    assert rig.read()[0] is not window


def test_what_was_not_written_is_taken_again_in_order():
    """A refused ticket gives its windows back, before those that were closed since."""
    rig = Rig()
    windows = [rig.read(who)[0] for who in range(3)]
    rig.ledger.close_all()
    assert list(rig.ledger.take_closed(2)) == windows[:2]
    rig.ledger.settle(written=False)
    assert list(rig.ledger.take_closed(9)) == windows
    rig.ledger.settle(written=True)
    assert (rig.ledger.windows, rig.ledger.rows) == (0, 0)


def test_windows_are_bounded_whatever_the_number_of_readers():
    """A thousand readers and a disk that takes nothing: the oldest are lost and counted, and nothing else happens."""
    rig, before = Rig(Bounds(windows=10, rows=10_000)), lost("records")
    for who in range(1_000):
        rig.read(who)
        assert rig.ledger.windows <= 10
    assert rig.presses > 0
    assert rig.ledger.lost_windows == lost("records") - before == 990


def test_rows_are_bounded_whatever_the_number_of_reads():
    """Reads of a few readers, each with a request, never hold more rows than may be."""
    rig, before = Rig(Bounds(windows=1_000, rows=100)), lost("reads")
    for number in range(5_000):
        rig.read(number % 7)
        assert rig.ledger.rows <= 100
    assert lost("reads") - before >= 4_900


def test_a_disk_that_works_loses_nothing():
    """From half of the bound on the oldest are closed ahead of their time: written in time, none is lost."""
    rig = Rig(Bounds(windows=10, rows=10_000))
    written = 0
    for who in range(1_000):
        rig.read(who)
        if rig.presses:
            rig.presses = 0
            written += len(rig.ledger.take_closed(64))
            rig.ledger.settle(written=True)
    assert rig.ledger.lost_windows == 0
    assert written + rig.ledger.windows == 1_000


def test_a_window_that_is_being_written_is_not_dropped():
    """What is under way counts towards the bound and stays."""
    rig = Rig(Bounds(windows=4, rows=1_000))
    first, _ = rig.read(0)
    rig.ledger.close(first)
    (taken,) = rig.ledger.take_closed(1)
    for who in range(1, 50):
        rig.read(who)
    assert taken is first
    rig.ledger.settle(written=False)
    assert list(rig.ledger.take_closed(1)) == [first]
