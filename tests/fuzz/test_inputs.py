"""Changed inputs, as many as there is time for: only refusals leave a room, and no input costs more than its size.

`make fuzz` runs it for EDGE_NODE_FUZZ_S seconds in all, with a new seed each time; EDGE_NODE_FUZZ_SEED repeats one.
"""

import contextlib
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
# Counting lines makes Python ten times slower: it is done for some of the short inputs and for every long one, where
# time that grows faster than the input shows.
COUNTED_EVERY, COUNTED_FROM_BYTES = 8, 1_024
HANGS_S = 120  # no input takes a second: one that takes this long never ends, and the process says where it is

pytestmark = pytest.mark.fuzz


class TooManySteps(AssertionError):
    """An input took more Python lines than its size allows."""


class Steps:
    """At most `most` Python lines between `with` and its end: a bound on time that is the same on every machine."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, _frame: FrameType, event: str, _argument: object) -> object:
        if event == "line":
            self._left -= 1
            if self._left < 0:
                raise TooManySteps
        return self._trace


def attempt(subject: Subject, number: int) -> None:
    """One input. What may not leave leaves with the input's name; every few inputs its steps are counted."""
    dice = Dice(f"{SEED}/{subject.name}/{number}")
    raw = mutate(dice, subject.seeds, messages=subject.messages)
    least, each = subject.steps
    counted = number % COUNTED_EVERY == 0 or len(raw) >= COUNTED_FROM_BYTES
    try:
        with Steps(least + each * len(raw)) if counted else contextlib.nullcontext():
            subject.act(raw, dice)
    except subject.allowed:
        pass
    except BaseException as error:
        error.add_note(f"EDGE_NODE_FUZZ_SEED={SEED}, {subject.name} {number}, {len(raw)} bytes: {raw[:2_048].hex()}")
        raise


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_only_refusals_leave_and_time_is_bounded_by_size(subject: Subject, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever the bytes: a refusal of the room or an answer, after no more steps than their number allows."""
    end, number = time.monotonic() + SECONDS / len(SUBJECTS), 0
    with capfd.disabled():  # what hangs must be able to say where
        while time.monotonic() < end:
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            for _ in range(64):
                attempt(subject, number)
                number += 1
        faulthandler.cancel_dump_traceback_later()
        print(f" {subject.name}: {number} inputs, seed {SEED}")
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
