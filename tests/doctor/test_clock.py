"""The clock's verdicts."""

from pathlib import Path

import pytest

from edge_node.base.clock import kernel_clock_synchronised
from edge_node.doctor.clock import RELEASED_MS, ClockFacts, check_clock, judge_clock
from tests.doctor.rig import ShiftedClock, made, only, verdicts

NOW = RELEASED_MS + 10**10


def judged(**facts) -> dict:
    return verdicts(judge_clock(ClockFacts(**({"now_ms": NOW, "synchronised": True, "quality": "auto"} | facts))))


@pytest.mark.parametrize(
    ("synchronised", "quality", "verdict"),
    [
        (True, "auto", "ok"),
        (False, "auto", "warn"),
        (False, "manual", "ok"),
        (False, "network", "warn"),
        (False, "precise", "warn"),
        (True, "precise", "ok"),
        (True, "unsynced", "warn"),
    ],
)
def test_who_vouches_for_the_clock(synchronised: bool, quality: str, verdict: str) -> None:
    """An operator's word is enough for `manual`; nobody may claim a network time that the kernel denies."""
    assert judged(synchronised=synchronised, quality=quality)["clock.synchronised"] == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, "ok"),
        ({"newest_ms": NOW + 1_000}, "ok"),
        ({"newest_ms": NOW + 60_000}, "bad"),
        ({"created_ms": NOW + 60_000}, "bad"),
        ({"newest_ms": NOW - 10**9, "created_ms": NOW - 10**9}, "ok"),
        ({"now_ms": 0}, "bad"),
    ],
)
def test_a_clock_behind_what_is_stored_went_back(facts: dict, verdict: str) -> None:
    """A second of slewing is none."""
    assert judged(**facts)["clock.drift"] == verdict


@pytest.mark.parametrize(
    ("facts", "check", "verdict", "said"),
    [
        ({}, "clock.requests", "ok", "within 5 min"),
        ({"window_s": 30}, "clock.requests", "warn", "30 s"),
        ({"window_s": 60}, "clock.requests", "ok", "60 s"),
        (
            {"synchronised": False},
            "clock.synchronised",
            "warn",
            "those of DDC among them, are refused once it is 5 min",
        ),
    ],
)
def test_signed_requests_hang_on_the_clock(facts: dict, check: str, verdict: str, said: str) -> None:
    """Callers sign the time by their own clocks; too narrow a window, or a clock nobody keeps, refuses them all."""
    given = {"now_ms": NOW, "synchronised": True, "quality": "auto"} | facts
    found = only(judge_clock(ClockFacts(**given)), check)
    assert (found.verdict, said in found.evidence) == (verdict, True)


def test_a_real_node_with_a_clock_set_back(tmp_path: Path) -> None:
    """NODE was written later than now."""
    site = made(tmp_path / "n", clock=ShiftedClock(-3_600))
    found = verdicts(check_clock(site))
    assert found["clock.drift"] == "bad"
    assert found["clock.synchronised"] == ("ok" if kernel_clock_synchronised() else "warn")
    assert verdicts(check_clock(made(tmp_path / "m")))["clock.drift"] == "ok"


def test_the_newest_event_is_read_from_the_index(tmp_path: Path) -> None:
    """A record from tomorrow proves that the clock was moved."""
    import contextlib
    import sqlite3

    site = made(tmp_path / "n")
    tomorrow = site.clock.now_ms() + 86_400_000
    with contextlib.closing(sqlite3.connect(site.paths.index_db)) as connection:
        connection.execute("INSERT INTO streams VALUES (1, x'00', 's', 1, 1, 1, ?)", (tomorrow,))
        connection.commit()
    assert verdicts(check_clock(site))["clock.drift"] == "bad"
