"""Changed inputs, as many as there is time for: only refusals leave a room, and no input costs more than its size.

`make fuzz` runs it for EDGE_NODE_FUZZ_S seconds in all, with a new seed each time; EDGE_NODE_FUZZ_SEED repeats one.
"""

import faulthandler
import os
import sys
import time
from types import FrameType
from typing import Self

import pytest

from tests.fuzz.mutation import Dice, mutate
from tests.fuzz.subjects import SUBJECTS, Subject

SECONDS = float(os.environ.get("EDGE_NODE_FUZZ_S", "5"))
SEED = os.environ.get("EDGE_NODE_FUZZ_SEED") or os.urandom(8).hex()
COUNTED_EVERY = 16  # counting lines makes Python ten times slower
HANGS_S = 120  # no input takes a second: one that takes this long never ends, and the process says where it is

pytestmark = pytest.mark.fuzz


class Steps:
    """Python lines between `with` and its end: a measure of time that is the same on every machine."""

    def __init__(self) -> None:
        self.lines = 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, _frame: FrameType, event: str, _argument: object) -> object:
        if event == "line":
            self.lines += 1
        return self._trace


def attempt(subject: Subject, number: int) -> tuple[bytes, int | None]:
    """One input; the lines it took if they were counted. What may not leave leaves with the input's name."""
    dice = Dice(f"{SEED}/{subject.name}/{number}")
    raw = mutate(dice, subject.seeds)
    steps = Steps() if number % COUNTED_EVERY == 0 else None
    try:
        if steps is None:
            subject.act(raw, dice)
        else:
            with steps:
                subject.act(raw, dice)
    except subject.allowed:
        pass
    except BaseException as error:
        error.add_note(f"EDGE_NODE_FUZZ_SEED={SEED}, {subject.name} {number}: {raw.hex()}")
        raise
    return raw, None if steps is None else steps.lines


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_only_refusals_leave_and_time_is_bounded_by_size(subject: Subject) -> None:
    """Whatever the bytes: a refusal of the room or an answer, after no more steps than their number allows."""
    end, number, refused_beyond = time.monotonic() + SECONDS / len(SUBJECTS), 0, []
    while time.monotonic() < end:
        faulthandler.dump_traceback_later(HANGS_S, exit=True)
        for _ in range(64):
            raw, lines = attempt(subject, number)
            least, each = subject.steps
            if lines is not None and lines > least + each * len(raw):
                refused_beyond.append((number, len(raw), lines))
            number += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"{subject.name}: {number} inputs, seed {SEED}")
    assert refused_beyond == [], f"(number, bytes, lines) with EDGE_NODE_FUZZ_SEED={SEED}"
    assert number > 0


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_good_inputs_are_good(subject: Subject) -> None:
    """A seed that is refused at once would prove nothing: of each subject one passes as it is, or is read in part."""
    answers = 0
    for raw in subject.seeds:
        try:
            subject.act(raw, Dice("good"))
            answers += 1
        except subject.allowed:
            continue
    assert answers > 0
