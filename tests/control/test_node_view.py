"""The document of /v1/node: every field of the specification, and the roll-up in one word."""

import re
from pathlib import Path

import msgspec
import pytest

from edge_node.control.house import DoorFigures
from edge_node.control.node_view import health_state, pulse, reasons
from edge_node.supervise import Health, RoomHealth, RoomState
from tests.control.house import house_of
from tests.control.rig import at_the_door
from tests.gateway.rig import Site

SPEC = (Path(__file__).parents[2] / "docs/specs/control.md").read_text()


def shape(value: object) -> object:
    """Names without values."""
    match value:
        case dict():
            return {name: shape(one) for name, one in value.items()}
        case list():
            return [shape(value[0])] if value else []
    return None


async def test_the_document_has_the_fields_of_the_specification(site: Site) -> None:
    """All of them and no other, in the specification's own words."""
    text = re.search(r"## GET /v1/node.*?```json\n(.*?)```", SPEC, re.DOTALL)
    assert text is not None
    promised = msgspec.json.decode(text[1])
    async with at_the_door(site) as door:
        document = await door.control.get("/v1/node")
    promised["health"]["reasons"] = document["health"]["reasons"]
    promised["subscribers"] = document["subscribers"]
    assert shape(document) == shape(promised)


async def test_the_doors_are_all_there(site: Site) -> None:
    """TCP and both sockets, each with its connections."""
    async with at_the_door(site, http={"listen_tls": "127.0.0.1:0"}) as door:
        document = await door.view.get("/v1/node")
        rows = {row["name"]: row for row in document["doors"]}
        assert list(rows) == ["http", "https", "grpc", "control", "view"]
        assert (rows["control"]["access"], rows["view"]["access"], rows["http"]["access"]) == ("rw", "ro", None)
        assert rows["view"]["connections"] >= 1
        assert rows["grpc"]["url"].startswith("grpc://127.0.0.1:")
        assert len(rows["https"]["fingerprint"]) == 64
        assert rows["https"]["expires_ms"] > document["now_ms"]
        assert rows["view"]["address"] == str(door.view.path)
        journal = next(row for row in document["rooms"] if row["name"] == "journal")
        assert 0 <= journal["beat_age_s"] < journal["beat_max_s"]


@pytest.mark.parametrize(
    ("state", "ready", "stopping", "word"),
    [
        (RoomState.RUNNING, True, False, "healthy"),
        (RoomState.DEGRADED, True, False, "degraded"),
        (RoomState.DEGRADED, False, False, "unready"),
        (RoomState.RUNNING, False, True, "stopping"),
    ],
)
def test_the_roll_up(state: RoomState, ready: bool, stopping: bool, word: str) -> None:
    """Well, not quite, not at all, on its way out."""
    assert health_state(Health(ready, {"a": RoomHealth(state)}), stopping=stopping) == word


def test_reasons_name_the_room() -> None:
    """One line each for what is not well."""
    rooms = {
        "a": RoomHealth(RoomState.RUNNING),
        "b": RoomHealth(RoomState.DEGRADED, "no heartbeat"),
        "c": RoomHealth(RoomState.DOWN),
    }
    assert reasons(rooms) == ["b: no heartbeat", "c: down"]


async def test_the_pulse_beats_with_what_matters(site: Site) -> None:
    """The same while nothing changes; another when a door or a room does."""
    doors: list[DoorFigures] = []
    async with house_of(site, doors=lambda: doors) as house:
        first = pulse(house)
        assert pulse(house) == first
        doors.append(DoorFigures("http", "tcp", "http://x", "x", 0, 1))
        assert pulse(house) != first
