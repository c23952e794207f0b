"""A numbered ring that any thread may write."""

import threading
from dataclasses import dataclass

from edge_node.base.ring import Ring


@dataclass(frozen=True)
class Item:
    sequence: int


def numbers(ring: Ring[Item], after: int = 0) -> list[int]:
    return [item.sequence for item in ring.after(after)]


def test_the_newest_are_kept() -> None:
    """Sequences begin at 1; a full ring lets go of the oldest, and `first` says so."""
    ring = Ring[Item](3)
    assert (ring.first, ring.last, numbers(ring)) == (1, 0, [])
    for _ in range(5):
        ring.put(Item)
    assert (ring.first, ring.last, numbers(ring)) == (3, 5, [3, 4, 5])
    assert numbers(ring, 4) == [5]
    assert numbers(ring, 99) == []


def test_a_cursor_waits_for_an_item_under_way() -> None:
    """While one writer is between drawing its number and filling its slot, nothing beyond it is shown."""
    ring = Ring[Item](8)
    ring.put(Item)
    seen_inside: list[list[int]] = []

    def slow(sequence: int) -> Item:
        ring.put(Item)  # another writer overtakes
        seen_inside.append(numbers(ring))
        return Item(sequence)

    ring.put(slow)
    assert seen_inside == [[1]]
    assert numbers(ring) == [1, 2, 3]


def test_threads_lose_nothing() -> None:
    """Eight writers and a reader at once: the reader sees every number once, in order."""
    ring = Ring[Item](100_000)
    writers = [threading.Thread(target=lambda: [ring.put(Item) for _ in range(2_000)]) for _ in range(8)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while any(writer.is_alive() for writer in writers):
        seen += numbers(ring, seen[-1] if seen else 0)
    for writer in writers:
        writer.join()
    seen += numbers(ring, seen[-1] if seen else 0)
    assert seen == list(range(1, 16_001))


def test_a_callback_hears_of_each_until_it_has_enough() -> None:
    """`watch` calls in the writer's thread; its answer ends it."""
    ring, heard = Ring[Item](8), []
    enough = ring.watch(lambda: heard.append(ring.last))
    ring.put(Item)
    ring.put(Item)
    enough()
    ring.put(Item)
    assert heard == [1, 2]
