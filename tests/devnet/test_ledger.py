"""The ledger of receipts."""

from pathlib import Path

from edge_node.base.ids import StreamName, VaultId
from edge_node.client import QueuedBody, Receipt
from edge_node.devnet.ledger import Entry, Ledger, read_ledger

BODY = QueuedBody(1, VaultId(b"v" * 32), StreamName("s"), 2**31, "h", "t", b"b", 9)


def test_entries_are_read_as_written_over_lives(tmp_path: Path) -> None:
    """A restarted device goes on in the same file."""
    file = tmp_path / "ledger"
    for offset in (0, 5):
        with Ledger(file) as ledger:
            ledger.note(BODY, Receipt("cid", "s", offset, 5), 77)
    assert read_ledger(file) == [Entry(2**31, "cid", "s", offset, 5, False, 77) for offset in (0, 5)]


def test_a_torn_last_line_does_not_count(tmp_path: Path) -> None:
    """Nothing was acted on before the line was whole and synced."""
    file = tmp_path / "ledger"
    with Ledger(file) as ledger:
        ledger.note(BODY, Receipt("cid", "s", 0, 5), 77)
    with file.open("ab") as more:
        more.write(b'{"seq": 3')
    assert len(read_ledger(file)) == 1


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    """A device that was never answered has acknowledged nothing."""
    assert read_ledger(tmp_path / "none") == []
