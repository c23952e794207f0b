"""Process kills: whatever moment a writer dies at, everything it acknowledged is read back and verified."""

import os
import random  # noqa: TID251 - a seeded choice of moments and damages
import subprocess
import sys
import time
from pathlib import Path

from edge_node.journal import Position, SegmentClass
from tests.faults.journal_child import payload_of
from tests.journal.rig import open_rig, rows

ROUNDS = int(os.environ.get("EDGE_NODE_KILL_ROUNDS", "20"))
LONGEST_LIFE_S = 0.25
ROOT = Path(__file__).parents[2]

Acknowledged = dict[Position, tuple[int, int, int]]


def live_and_die(folder: Path, epoch: int, chance: random.Random) -> Acknowledged:
    """Start a writer, kill it at a random moment, and return what it had acknowledged."""
    command = [sys.executable, "-m", "tests.faults.journal_child", str(folder), str(epoch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=None, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        reader = os.fdopen(os.dup(child.stdout.fileno()), "rb")
        lines = drain(reader, child, chance.uniform(0.0, LONGEST_LIFE_S))
        reader.close()
    return dict(acknowledgement(line) for line in lines)


def drain(reader, child: subprocess.Popen, life_s: float) -> list[bytes]:
    """All whole lines until the child is dead; the pipe is emptied all the time, so that it never waits for us."""
    os.set_blocking(reader.fileno(), False)
    content, deadline = b"", time.monotonic() + life_s
    while time.monotonic() < deadline:
        content += reader.read() or b""
        time.sleep(0.002)
    child.kill()
    child.wait()
    os.set_blocking(reader.fileno(), True)
    content += reader.read()
    return content[: content.rfind(b"\n") + 1].splitlines()


def acknowledgement(line: bytes) -> tuple[Position, tuple[int, int, int]]:
    name, segment, offset, epoch, writer, number = line.split()
    return Position(SegmentClass(name.decode()), int(segment), int(offset)), (int(epoch), int(writer), int(number))


def forge_tail(folder: Path, chance: random.Random) -> None:
    """What a torn write leaves: garbage, zeros or a scrambled page behind the last record of an open segment."""
    for name in SegmentClass:
        path = max((folder / "seg" / name.value).glob("*.seg"))
        tail = chance.choice((chance.randbytes(5000), bytes(9000), b"EDR1" * 2000, chance.randbytes(7)))
        content = path.read_bytes().rstrip(b"\0")
        # Zeros at the end may belong to the last record: they stay, and so do more than any padding takes.
        path.write_bytes(content.ljust(len(content) + 50_000, b"\0") + tail)


def test_no_kill_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """Through many lives on one directory; some find a forged torn tail, some no index at all."""
    chance, acknowledged = random.Random(2), {}
    for epoch in range(ROUNDS):
        acknowledged |= live_and_die(tmp_path, epoch, chance)
        if chance.random() < 0.7:
            forge_tail(tmp_path, chance)
        if chance.random() < 0.4:
            for path in tmp_path.glob("index.db*"):
                path.unlink()
    assert len(acknowledged) > ROUNDS
    engine = open_rig(tmp_path)
    wrong = [
        name for position, name in acknowledged.items() if engine.reader.read(position).payload != payload_of(*name)
    ]
    assert wrong == []
    assert engine.recovery.damages == ()
    engine.close(clean=True)
    indexed = {(row[2], row[3], row[4]) for row in rows(tmp_path)}
    assert {(name.value, segment, offset) for name, segment, offset in acknowledged} <= indexed
