"""The catalogue of log events is what the source says."""

from pathlib import Path

import pytest

from docs.generate.log_events import ROOT, all_calls, calls_in, events, render
from edge_node.base.log_events import MEANINGS

CALLS = all_calls()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.place)
def test_a_call_can_be_read(call) -> None:
    """An event is one literal, its fields are named at the call, and none takes a place that every line has."""
    assert call.event is not None, "name the event by one literal and hand everything else on by keyword"
    assert not call.open_ended, "spell the fields out"
    assert not call.fields & {"event", "level", "room", "timestamp", "exception", "fields_cut"}


def test_every_event_has_its_meaning() -> None:
    """Add a row to edge_node/base/log_events.py with a new event, and take it out with the last call."""
    assert list(events(CALLS)) == list(MEANINGS)


def test_the_page_is_fresh() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs/log-events.md").read_text() == render(), "run `make docs`"


def test_the_walk_sees_every_way_to_log(tmp_path: Path) -> None:
    """A module's logger, an object's, one made on the spot, a choice of methods; and no other `log`."""
    module = tmp_path / "module.py"
    module.write_text(
        'log = get_log("a")\n'
        "class Room:\n"
        "    def __init__(self):\n"
        '        self._log = get_log("b")\n'
        "    def work(self, why, **more):\n"
        '        self._log.exception("b.broken", why=why)\n'
        '        get_log("c").info("c.done")\n'
        "        say = log.error if why else log.warning\n"
        '        say("a.cut", exc_info=why, **more)\n'
        "        math.log(why)\n"
        '        log.debug(f"a.{why}")\n'
    )
    found = {(call.room, call.event, call.levels, call.fields, call.traceback) for call in calls_in(module)}
    assert found == {
        ("b", "b.broken", frozenset({"error"}), frozenset({"why"}), True),
        ("c", "c.done", frozenset({"info"}), frozenset(), False),
        ("a", "a.cut", frozenset({"error", "warning"}), frozenset(), True),
        ("a", None, frozenset({"debug"}), frozenset(), False),
    }
    assert [call.open_ended for call in calls_in(module)].count(True) == 1
