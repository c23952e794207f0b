"""What the queue's errors say."""

from pathlib import Path

from edge_node.base.ids import PublicKey
from edge_node.client.queue_errors import QueueDamaged, QueueForeign, QueueFull


def test_a_full_queue_says_how_full() -> None:
    """Held, wanted and limit are data and text."""
    error = QueueFull(90, 20, 100)
    assert (error.held, error.wanted, error.limit) == (90, 20, 100)
    assert str(error) == "the queue holds 90 of 100 bytes, no room for 20 more"


def test_a_damaged_queue_says_where_it_lies() -> None:
    """Nobody has to search for the file that was put aside."""
    error = QueueDamaged(Path("/q/queue.db"), Path("/q/queue.db.damaged-1"), "not a database")
    assert "queue.db.damaged-1" in str(error)
    assert "empty queue" in error.remedy


def test_a_foreign_queue_shows_no_whole_key() -> None:
    """Eight digits of each key are enough to recognise them."""
    text = str(QueueForeign.of_key(Path("/q"), b"\xaa" * 32, PublicKey(b"\xbb" * 32)))
    assert "aaaaaaaa…" in text
    assert "aaaaaaaaaa" not in text
