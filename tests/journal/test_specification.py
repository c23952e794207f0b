"""The specification is enough: its own program reads what the journal writes."""

import re
import subprocess
import sys
from pathlib import Path

from edge_node.journal.commit import Setback
from edge_node.journal.open_segment import segment_path
from edge_node.kinds import NODE_KINDS
from tests.journal.rig import NOTE, draft, open_rig

SPECIFICATION = Path(__file__).parents[2] / "docs/specs/journal.md"


def read_as_a_stranger(segment: Path) -> subprocess.CompletedProcess:
    """Run the program printed in the specification."""
    match = re.search(r"```python\n(.*?)```", SPECIFICATION.read_text(), re.DOTALL)
    assert match is not None
    return subprocess.run(
        [sys.executable, "-c", match[1], str(segment)], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_stranger_finds_and_checks_every_record(tmp_path: Path) -> None:
    """With BLAKE3 alone, and goes on behind damage."""
    engine = open_rig(tmp_path)
    assert engine.stage is not None
    outcome = engine.stage.write([[draft(NOTE, b"x" * (number * 40))] for number in range(6)])
    assert not isinstance(outcome, Setback)
    places = [one[0] for one in outcome]
    engine.close(clean=False)
    path = segment_path(tmp_path / "seg" / "ev", 1)

    done = read_as_a_stranger(path)
    lines = [f"{one.position.offset} {one.sequence} {NOTE} 1 {one.payload_bytes} sound" for one in places]
    assert (done.stdout.splitlines(), done.returncode) == (lines, 0)

    raw = bytearray(path.read_bytes())
    raw[places[2].position.offset + 130] ^= 1
    raw[places[4].position.offset + 12] ^= 1
    path.write_bytes(raw)
    done = read_as_a_stranger(path)
    lines[2] = lines[2].replace("sound", "damaged")
    del lines[4]
    assert (done.stdout.splitlines(), done.returncode) == (lines, 1)


def test_every_kind_is_in_the_table() -> None:
    """With its class and version."""
    table = re.findall(r"^\| (\d+) \| (ev|px|rc) \| (\d+) \|", SPECIFICATION.read_text(), re.MULTILINE)
    registered = sorted((kind.number, kind.segment_class.value, kind.version) for kind in NODE_KINDS)
    assert [(int(number), name, int(version)) for number, name, version in table] == registered
