"""What is said of a node that runs, and what it says itself."""

from pathlib import Path

import pytest

from edge_node.doctor.running import check_running, judge_running
from edge_node.doctor.site import Holder
from tests.doctor.rig import made, verdicts

HOLDER = Holder(7, "edge-node run")


def judged(state: str = "healthy", journal: str = "writable", damages: int = 0) -> dict:
    live = {"health": {"state": state, "reasons": ["http: x"]}, "journal": {"state": journal, "damages": damages}}
    return verdicts(judge_running(HOLDER, live, ""))


def test_a_stopped_node_is_no_fault() -> None:
    """There is nothing more to ask."""
    assert verdicts(judge_running(None, None, "")) == {"node.process": "ok"}


def test_a_node_that_does_not_answer_is_unknown() -> None:
    """It may hang, or the socket is not for this user."""
    found = judge_running(HOLDER, None, "connection refused")
    assert verdicts(found) == {"node.process": "ok", "node.health": "unknown"}
    assert "connection refused" in found[1].evidence


def test_a_node_that_hangs_is_broken() -> None:
    """It took the question and never answered."""
    assert verdicts(judge_running(HOLDER, None, "timed out", hangs=True))["node.health"] == "bad"


def test_whether_it_runs_may_be_hidden(tmp_path: Path) -> None:
    """Then nothing is claimed."""
    site = made(tmp_path / "n", hidden="LOCK may not be read")
    assert verdicts(check_running(site)) == {"node.process": "unknown"}


def test_a_verb_at_work_has_no_health() -> None:
    """It changes devices of a stopped node and is done in a moment."""
    assert verdicts(judge_running(Holder(7, "edge-node device"), None, "no socket")) == {"node.process": "ok"}


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("healthy", "ok"), ("degraded", "warn"), ("stopping", "warn"), ("unready", "bad"), ("", "bad")],
)
def test_its_health_in_its_own_words(state: str, verdict: str) -> None:
    """What it cannot do counts as broken."""
    assert judged(state)["node.health"] == verdict


@pytest.mark.parametrize(
    ("journal", "damages", "verdict"),
    [("writable", 0, "ok"), ("writable", 3, "warn"), ("low", 0, "warn"), ("read-only", 0, "bad"), ("broken", 0, "bad")],
)
def test_its_journal(journal: str, damages: int, verdict: str) -> None:
    """Known damage is worth a look while writing goes on."""
    assert judged(journal=journal, damages=damages)["node.journal"] == verdict
