"""What the operator is told to do."""

import msgspec
import pytest

from tests.tui import scene
from tests.tui.scene import NOW_MS
from tui.alerts import alerts_of
from tui.lines import Tone
from tui.models import Node


def alerts(**changes: object) -> dict[str, Tone]:
    document = scene.node()
    for path, value in changes.items():
        *way, last = path.split("__")
        place = document
        for name in way:
            place = place[int(name) if name.isdigit() else name]
        place[last] = value
    return {alert.name: alert.tone for alert in alerts_of(msgspec.convert(document, Node), NOW_MS)}


def test_a_healthy_node_asks_for_nothing() -> None:
    """No alert is ever part of the furniture."""
    assert alerts() == {}


@pytest.mark.parametrize(
    ("path", "value", "name", "tone"),
    [
        ("rooms__1__state", "down", "room.journal", Tone.BAD),
        ("journal__state", "low", "journal.state", Tone.WARN),
        ("journal__state", "read-only", "journal.state", Tone.BAD),
        ("journal__damages", 1, "journal.damages", Tone.BAD),
        ("clock__trusted", False, "clock", Tone.WARN),
        ("disk__free_bytes", 10 * 2**30, "disk", Tone.WARN),
        ("process__open_files", 1_000, "files", Tone.WARN),
        ("loop__lateness_ms", 300.0, "loop", Tone.WARN),
        ("doors__1__expires_ms", NOW_MS + 86_400_000, "door.https", Tone.WARN),
        ("doors__1__expires_ms", NOW_MS - 1, "door.https", Tone.BAD),
        ("audit__lost_rows", 1, "audit", Tone.WARN),
        ("settings__pending", 1, "settings", Tone.WARN),
    ],
)
def test_one_thing_wrong_is_one_alert(path: str, value: object, name: str, tone: Tone) -> None:
    """Each with its gravity."""
    assert alerts(**{path: value}) == {name: tone}


def test_every_alert_says_why_and_what_to_do() -> None:
    """The gravest come first."""
    found = alerts_of(msgspec.convert(scene.node("degraded"), Node), NOW_MS)
    assert all(alert.what and alert.why and alert.todo for alert in found)
    tones = [alert.tone for alert in found]
    assert tones == sorted(tones, key=lambda tone: tone is not Tone.BAD)


def test_an_empty_document_is_no_alarm() -> None:
    """What the node did not say is not held against it."""
    assert alerts_of(Node(), NOW_MS) == []
