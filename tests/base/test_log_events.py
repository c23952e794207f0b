"""What every log event means."""

import re

import pytest

from edge_node.base.log_events import MEANINGS

# Past participles that do not end in -ed.
IRREGULAR = {
    "begun", "broken", "cut", "given", "gone", "held", "kept", "left", "lost", "met", "overran", "put", "read", "sent",
    "set", "shut", "taken", "told", "withdrawn", "written",
}  # fmt: skip
NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


@pytest.mark.parametrize("event", MEANINGS)
def test_an_event_is_named_for_what_happened(event: str) -> None:
    """`noun.verb_past`: a verb of the past, which may be denied or told more of."""
    assert NAME.fullmatch(event)
    assert any(word.endswith("ed") or word in IRREGULAR for word in event.partition(".")[2].split("_"))


@pytest.mark.parametrize("event", MEANINGS)
def test_a_meaning_is_a_sentence_for_a_table(event: str) -> None:
    """It ends as sentences do and breaks no row."""
    meaning = MEANINGS[event]
    assert meaning.endswith(".")
    assert "|" not in meaning
    assert len(meaning) < 120


def test_the_table_is_in_order() -> None:
    """Two engineers who add a row each do not meet."""
    assert list(MEANINGS) == sorted(MEANINGS)
