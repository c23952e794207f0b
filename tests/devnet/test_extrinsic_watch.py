"""What is told of an extrinsic, in which order."""

from edge_node.base.ids import Hash256
from edge_node.devnet.extrinsic_watch import UNFINAL_BLOCKS_MAX, Status, StatusKind, Watches

ONE, OTHER, BLOCK = (Hash256(bytes((n,)) * 32) for n in range(3))


def test_a_watch_ends_with_the_last_word():
    """In a block first, final later; nothing is kept behind it."""
    watches, told = Watches(), []
    watches.add(ONE, told.append)
    watches.included(7, BLOCK, [ONE, OTHER])
    watches.finalized(6)
    assert told == [Status(StatusKind.IN_BLOCK, BLOCK)]
    watches.finalized(7)
    watches.finalized(8)
    assert told[1:] == [Status(StatusKind.FINALIZED, BLOCK)]
    assert len(watches) == 0


def test_finality_is_not_waited_for_for_ever():
    """After as many blocks as real nodes wait."""
    watches, told = Watches(), []
    watches.add(ONE, told.append)
    watches.included(1, BLOCK, [ONE])
    for number in range(2, UNFINAL_BLOCKS_MAX + 2):
        watches.included(number, BLOCK, [])
    assert told[-1] == Status(StatusKind.FINALITY_TIMEOUT, BLOCK)
    assert len(watches) == 0


def test_who_stopped_watching_is_not_told():
    """The other watcher of the same one is."""
    watches, first, second = Watches(), [], []
    watches.add(ONE, first.append)
    watches.add(ONE, second.append)
    watches.remove(ONE, first.append)
    watches.remove(ONE, first.append)
    watches.add(OTHER, first.append)
    watches.remove(OTHER, first.append)
    assert len(watches) == 1, "of one that nobody watches nothing is kept"
    watches.tell(ONE, Status(StatusKind.INVALID))
    assert (first, second) == ([], [Status(StatusKind.INVALID)])
    assert len(watches) == 0
