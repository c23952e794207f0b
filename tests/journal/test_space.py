"""The arithmetic of space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.limits import MIB
from edge_node.journal.space import Ballast, SpaceMeter, SpacePlan, judge_space, plan_space
from edge_node.settings.tree import JournalSettings

GIB = 1024 * MIB
PLAN = SpacePlan(total=64 * MIB, segment=MIB, preallocate=MIB, reserve=100, free_min=800, round=MIB, ask_every=MIB)


def test_a_large_disk_gets_what_the_settings_say() -> None:
    """Nothing is scaled where there is room."""
    settings = JournalSettings()
    plan = plan_space(1000 * GIB, settings)
    assert (plan.segment, plan.preallocate) == (settings.segment_bytes, settings.preallocate_bytes)
    assert (plan.reserve, plan.free_min) == (settings.reserve_bytes, settings.free_min_bytes)


def test_a_card_gets_smaller_segments() -> None:
    """Below 32 GB a segment is at most 32 MiB, so that retention gives space back in small steps."""
    assert plan_space(16 * GIB, JournalSettings()).segment == 32 * MIB


@given(total=st.integers(8 * MIB, 4096 * GIB))
def test_a_plan_always_leaves_room_to_work(total: int) -> None:
    """Three open segments, their steps, the reserve and the forbidden part never use the disk up."""
    plan = plan_space(total, JournalSettings())
    assert plan.reserve <= total // 16
    assert plan.free_min <= total // 8
    assert plan.reserve + plan.free_min + 3 * (plan.segment + plan.preallocate) < total
    assert plan.round <= plan.segment


def test_sixteen_mebibytes_are_enough() -> None:
    """The smallest disk in our tests holds 1 MiB segments."""
    plan = plan_space(16 * MIB, JournalSettings())
    assert (plan.segment, plan.reserve, plan.free_min) == (MIB, MIB, 2 * MIB)


@pytest.mark.parametrize(
    ("free", "low", "held", "wanted_low", "wanted"),
    [
        (800, False, True, False, Ballast.KEEP),
        (799, False, True, True, Ballast.KEEP),
        (99, False, True, True, Ballast.RELEASE),
        (99, True, False, True, Ballast.KEEP),
        (899, True, True, True, Ballast.KEEP),
        (900, True, True, False, Ballast.KEEP),
        (999, True, False, True, Ballast.KEEP),
        (1000, True, False, False, Ballast.RESTORE),
        (850, False, False, False, Ballast.KEEP),
    ],
)
def test_free_space_decides(free: int, low: bool, held: bool, wanted_low: bool, wanted: Ballast) -> None:
    """Low below the minimum; back only with a margin and room for the ballast; the ballast goes when it is needed."""
    verdict = judge_space(free, PLAN, low=low, ballast_held=held)
    assert (verdict.low, verdict.ballast) == (wanted_low, wanted)


def test_the_file_system_is_asked_after_enough_bytes_or_time() -> None:
    """In between, our own writes are counted."""
    meter = SpaceMeter(free=1000, asked_at_s=10.0, ask_every=100)
    meter.note(99)
    assert not meter.due(10.9)
    assert meter.estimate == 901
    assert meter.due(11.0)
    meter.note(1)
    assert meter.due(10.0)
    meter.answer(500, 12.0)
    assert (meter.estimate, meter.due(12.5)) == (500, False)
