"""Memory that is short now, or would be if all came at once."""

import os
from pathlib import Path

from edge_node.base.limits import MIB
from edge_node.doctor.memory import MemoryFacts, check_memory, group_limit, judge_memory
from edge_node.doctor.site import Holder
from tests.doctor.rig import made, verdicts


def judged(**facts) -> dict:
    usual = {"total": 4_096 * MIB, "available": 2_048 * MIB, "bounds": 800 * MIB}
    return verdicts(judge_memory(MemoryFacts(**(usual | facts))))


def test_room_to_start_and_room_to_go_on() -> None:
    """A node that runs needs less than one that starts."""
    assert judged()["memory.available"] == "ok"
    assert judged(available=50 * MIB)["memory.available"] == "bad"
    assert judged(available=50 * MIB, node=60 * MIB)["memory.available"] == "ok"
    assert judged(available=20 * MIB, node=60 * MIB)["memory.available"] == "bad"


def test_settings_that_allow_more_than_there_is() -> None:
    """It goes well until all of it comes at once."""
    assert judged(total=512 * MIB)["memory.bounds"] == "warn"
    assert judged()["memory.bounds"] == "ok"


def test_the_control_group_counts(tmp_path: Path) -> None:
    """Both versions of its files, a number or `max`."""
    assert group_limit(tmp_path) is None
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("1048576\n")
    assert group_limit(tmp_path) == MIB
    (tmp_path / "memory.max").write_text("max\n")
    assert group_limit(tmp_path) is None


def test_a_running_nodes_own(tmp_path: Path) -> None:
    """Asked from its process; one that is gone has none."""
    found = check_memory(made(tmp_path / "n", holder=Holder(os.getpid(), "edge-node run")))
    assert found[0].facts["node_bytes"] > MIB
    found = check_memory(made(tmp_path / "m", holder=Holder(2**22 + 1, "edge-node run")))
    assert found[0].facts["node_bytes"] is None
