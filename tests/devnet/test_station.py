"""One device process, run as a process against a tiny server."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from edge_node.base.ids import PublicKey
from edge_node.devnet.layout import Place, StationFiles, StationReport, read_value, write_value
from edge_node.devnet.ledger import read_ledger
from edge_node.trust.keystore import read_key_file
from tests.client.rig import TinyNode


def test_a_station_signs_sends_notes_and_ends_with_an_empty_queue(tmp_path: Path) -> None:
    """Its key is made by itself, its ledger names what the node has, and its report adds up."""
    files = StationFiles(tmp_path / "memory")
    with TinyNode() as node:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge_node", "devnet", "station", str(files.root), "--sensor", "memory"]
        )
        try:
            _until(files.public.exists)
            write_value(files.place, Place(node.url, str(node.vault), str(node.key.public)))
            _until(lambda: len(read_ledger(files.ledger)) >= 3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    report, entries = read_value(files.report, StationReport), read_ledger(files.ledger)
    assert (report.waiting, report.refused) == (0, 0)
    assert report.taken == report.acknowledged == sum(entry.count for entry in entries)
    with read_key_file(files.key) as key:
        assert key.public == PublicKey.parse(files.public.read_text())
        assert {stored.header.key for stored in node.stored} == {key.public}
    assert [(entry.cid, entry.seq) for entry in entries] == [(s.cid, s.header.seq) for s in node.stored]


def test_a_station_that_never_learns_its_place_ends_when_asked(tmp_path: Path) -> None:
    """Without a node it has nothing to report."""
    files = StationFiles(tmp_path / "cpu")
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_node", "devnet", "station", str(files.root), "--sensor", "cpu"]
    )
    try:
        _until(files.public.exists)
        time.sleep(0.2)  # the key is shown a moment before signals are heeded
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()
    assert not files.report.exists()


def _until(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)
