"""The measure of durable writes."""

from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.doctor.syncing import SyncFacts, judge_sync, percentile, probe_sync


def judged(times: list[float], error: OSError | None = None) -> str:
    (finding,) = judge_sync(SyncFacts(times, error))
    return finding.verdict


def test_real_writes_are_measured_and_leave_nothing(tmp_path: Path) -> None:
    """The file has no name, so not even a kill leaves one."""
    facts = probe_sync(tmp_path, SystemClock(), count=10)
    assert len(facts.times_ms) == 10
    assert facts.error is None
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    """What the machine said is the evidence."""
    facts = probe_sync(tmp_path / "gone", SystemClock(), count=10)
    assert facts.error is not None
    assert judge_sync(facts)[0].verdict == "bad"


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ([2.0] * 100, "ok"),
        ([15.0] * 100, "ok"),
        ([15.1] * 100, "warn"),
        ([2.0] * 98 + [101.0] * 2, "warn"),
        ([2.0] * 99 + [900.0], "ok"),
        ([1_001.0] * 10, "bad"),
        ([0.005] * 100, "warn"),
    ],
)
def test_the_limits(times: list[float], verdict: str) -> None:
    """Around what an acknowledgement may take, what a device waits, and what no medium can do."""
    assert judged(times) == verdict


def test_who_may_not_write_has_not_measured() -> None:
    """That says nothing about the disk."""
    assert judged([], PermissionError(13, "Permission denied")) == "unknown"


def test_percentiles_are_of_the_nearest_rank() -> None:
    """A figure that was really measured."""
    assert [percentile([3.0, 1.0, 2.0], percent) for percent in (1, 50, 99, 100)] == [1.0, 2.0, 3.0, 3.0]
