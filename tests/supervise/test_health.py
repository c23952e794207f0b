"""The roll-up of rooms into one answer."""

import pytest

from edge_node.supervise.health import Beat, RoomHealth, RoomState, observed, roll_up

RUNNING = RoomHealth(RoomState.RUNNING)


@pytest.mark.parametrize("state", list(RoomState))
def test_ready_means_every_required_room_runs(state: RoomState) -> None:
    """Any other state of a required room makes the node unready, of an optional one never."""
    rooms = {"journal": RUNNING, "media": RoomHealth(state)}
    assert roll_up(rooms, frozenset({"journal", "media"})).ready is (state is RoomState.RUNNING)
    assert roll_up(rooms, frozenset({"journal"})).ready


def test_a_stopping_node_is_not_ready() -> None:
    """From the first signal on, no new work is invited."""
    assert not roll_up({"journal": RUNNING}, frozenset({"journal"}), stopping=True).ready


def test_heartbeats_and_conditions_degrade_a_running_room() -> None:
    """A stale heartbeat or the room's own word degrade it; the reason is kept."""
    assert observed(RoomState.RUNNING, "", "", 5.0, 5.0) == RUNNING
    assert observed(RoomState.RUNNING, "", "", 5.1, 5.0) == RoomHealth(RoomState.DEGRADED, "no heartbeat for 5 s")
    assert observed(RoomState.RUNNING, "", "read-only: EIO", 0, 5.0) == RoomHealth(RoomState.DEGRADED, "read-only: EIO")
    assert observed(RoomState.RUNNING, "", "", 1e9, None) == RUNNING


def test_other_states_speak_for_themselves() -> None:
    """A room that does not run owes no heartbeat."""
    assert observed(RoomState.RESTARTING, "cable", "", 1e9, 1.0) == RoomHealth(RoomState.RESTARTING, "cable")


def test_a_beat_is_fresh_up_to_its_promise() -> None:
    """At the limit it is, one moment later it is not."""
    assert Beat(5.0, 5.0).fresh
    assert not Beat(5.1, 5.0).fresh
