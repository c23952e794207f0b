"""Lives of services under the supervisor, on a clock that jumps."""

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from edge_node.supervise import Beat, RestartBudget, RoomState, Service, ServiceEnded, StopOverdue, Supervisor

Story = list[str]


def room(story: Story, name: str, **more: Any) -> Service:
    """A service that tells when it starts and ends, with a drain and a close that tell too."""

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        story.append(f"{name} starts")
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            story.append(f"{name} ends")

    def telling(word: str) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            story.append(f"{name} {word}")

        return tell

    return Service(**{"name": name, "run": run, "drain": telling("drains"), "close": telling("closes"), **more})


def failing(story: Story, name: str, after_s: float, **more: Any) -> Service:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        story.append(f"{name} starts")
        task_status.started()
        await trio.sleep(after_s)
        raise OSError(f"{name} lost its disk")

    return Service(name=name, run=run, **more)


async def test_start_in_order_and_stop_in_reverse(autojump_clock: MockClock) -> None:
    """Each service starts when the one before is ready; each stops, drained and closed, before the one below it."""
    story: Story = []
    supervisor = Supervisor([room(story, "journal"), room(story, "http")])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        assert story == ["journal starts", "http starts"]
        assert supervisor.health().ready
        story.clear()
        supervisor.stop()
        assert not supervisor.health().ready
    assert story == ["http drains", "http closes", "http ends", "journal drains", "journal closes", "journal ends"]
    assert {state.state for state in supervisor.health().rooms.values()} == {RoomState.STOPPED}


async def test_readiness_is_waited_for(autojump_clock: MockClock) -> None:
    """The second service does not start while the first is still making itself ready."""
    story: Story = []

    async def slow(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(60)
        story.append("recovered")
        task_status.started()
        await trio.sleep_forever()

    supervisor = Supervisor([Service(name="journal", run=slow), room(story, "http")])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run)
        await trio.sleep(30)
        health = supervisor.health()
        assert [health.rooms[name].state for name in ("journal", "http")] == ["starting", "waiting"]
        assert not health.ready
        await trio.sleep(31)
        assert story == ["recovered", "http starts"]
        supervisor.stop()


async def test_a_stop_while_starting(autojump_clock: MockClock) -> None:
    """A service that is not ready yet is cancelled, not closed; later ones never start; earlier ones stop in order."""
    story: Story = []

    async def never_ready(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    supervisor = Supervisor([room(story, "journal"), room(story, "store", run=never_ready), room(story, "http")])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run)
        await trio.sleep(1)
        supervisor.stop()
    assert story == ["journal starts", "journal drains", "journal closes", "journal ends"]


async def test_a_required_service_ends_the_node_in_order(autojump_clock: MockClock) -> None:
    """Its error comes out in a group; the others are still drained and closed in order."""
    story: Story = []
    supervisor = Supervisor([room(story, "journal"), failing(story, "store", 5), room(story, "http")])
    with pytest.RaisesGroup(pytest.RaisesGroup(OSError)):
        await supervisor.run()
    assert story[3:] == ["http drains", "http closes", "http ends", "journal drains", "journal closes", "journal ends"]
    assert supervisor.health().rooms["store"].state is RoomState.DOWN


async def test_a_required_service_that_cannot_start(autojump_clock: MockClock) -> None:
    """An error before readiness ends the start-up with the same group and stops what had started."""
    story: Story = []

    async def locked(*, task_status: trio.TaskStatus[None]) -> None:
        raise PermissionError("somebody else holds LOCK")

    supervisor = Supervisor([room(story, "keys"), Service(name="journal", run=locked), room(story, "http")])
    with pytest.RaisesGroup(pytest.RaisesGroup(pytest.RaisesGroup(PermissionError))):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
    assert story == ["keys starts", "keys drains", "keys closes", "keys ends"]


async def test_a_required_service_that_just_returns(autojump_clock: MockClock) -> None:
    """Ending without being asked is a fault too."""

    async def brief(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()

    with pytest.RaisesGroup(ServiceEnded):
        await Supervisor([Service(name="journal", run=brief)]).run()


async def test_an_optional_service_restarts_and_the_node_stays_ready(autojump_clock: MockClock) -> None:
    """It comes back after a pause; meanwhile its state is told and the node is ready all the same."""
    story: Story = []
    supervisor = Supervisor([room(story, "journal"), failing(story, "media", 10, required=False)])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        await trio.sleep(10.5)
        health = supervisor.health()
        assert health.rooms["media"].state is RoomState.RESTARTING
        assert "lost its disk" in health.rooms["media"].reason
        assert health.ready
        await trio.sleep(1)
        assert supervisor.health().rooms["media"].state is RoomState.RUNNING
        assert story.count("media starts") == 2
        supervisor.stop()


async def test_an_optional_service_that_cannot_start_holds_nobody_up(autojump_clock: MockClock) -> None:
    """The node is ready without it while it is tried again."""
    story: Story = []
    tries: list[float] = []

    async def no_camera(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        raise OSError("no camera")

    terms = RestartBudget(restarts=3, window_s=600, first_s=1)
    supervisor = Supervisor([Service(name="media", run=no_camera, required=False), room(story, "http")], terms)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        assert supervisor.health().ready
        await trio.sleep(100)
        assert [at - tries[0] for at in tries] == [0, 1, 3, 7]
        assert supervisor.health().rooms["media"].state is RoomState.DOWN
        assert "restarted too often" in supervisor.health().rooms["media"].reason
        supervisor.stop()


async def test_a_stop_ends_the_pause_before_a_restart(autojump_clock: MockClock) -> None:
    """A service that waits for its next try is not waited for."""
    story: Story = []
    terms = RestartBudget(first_s=50)
    supervisor = Supervisor([failing(story, "media", 1, required=False)], terms)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        await trio.sleep(2)
        supervisor.stop()
    assert (story, trio.current_time()) == (["media starts"], 2)


async def test_stale_heartbeats_and_conditions_are_told(autojump_clock: MockClock) -> None:
    """A missed heartbeat degrades the room and the node's readiness until the next beat, and so does a condition."""
    story: Story = []
    words = [""]
    services = [room(story, "journal", beat_s=5.0, condition=lambda: words[0])]
    supervisor = Supervisor(services)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        await trio.sleep(5)
        assert supervisor.health().ready
        assert supervisor.beats() == {"journal": Beat(5.0, 5.0)}
        await trio.sleep(1)
        assert not supervisor.beats()["journal"].fresh
        assert supervisor.health().rooms["journal"].state is RoomState.DEGRADED
        assert not supervisor.health().ready
        supervisor.beat("journal")
        assert supervisor.health().ready
        words[0] = "read-only: no space left"
        assert supervisor.health().rooms["journal"].reason == "read-only: no space left"
        supervisor.stop()


async def test_the_drain_has_a_deadline(autojump_clock: MockClock) -> None:
    """Requests that do not end are cut off when the drain's time is over, which is no error."""
    story: Story = []
    supervisor = Supervisor([room(story, "http", drain=trio.sleep_forever, drain_s=10)])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        supervisor.stop()
    assert trio.current_time() == 10
    assert story[-2:] == ["http closes", "http ends"]


async def test_what_is_of_one_stage_stops_together(autojump_clock: MockClock) -> None:
    """Doors drain at the same time, what they stand on after the last of them; a second stop skips every drain."""
    for stops, at_most_s in ((1, 10.5), (2, 0.5)):
        story: Story = []
        slow = {"drain": trio.sleep_forever, "drain_s": 10, "stage": "doors"}
        services = [room(story, "journal"), *(room(story, f"door {number}", **slow) for number in range(5))]
        supervisor = Supervisor(services)
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            began = trio.current_time()
            supervisor.stop()
            await trio.testing.wait_all_tasks_blocked()
            for _ in range(stops - 1):
                supervisor.stop()
        assert trio.current_time() - began < at_most_s
        assert [word for word in story if word.startswith("journal")][-1] == story[-1] == "journal ends"
        assert story.index("journal closes") > max(story.index(f"door {number} ends") for number in range(5))


async def test_a_second_stop_skips_the_drain_and_nothing_else(autojump_clock: MockClock) -> None:
    """In a hurry the running drain is cut and later ones are not begun; every close still happens."""
    story: Story = []
    services = [room(story, "journal"), room(story, "http", drain=trio.sleep_forever, drain_s=1000)]
    supervisor = Supervisor(services)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        supervisor.stop()
        await trio.sleep(3)
        supervisor.stop()
    assert trio.current_time() == 3
    assert story[2:] == ["http closes", "http ends", "journal closes", "journal ends"]


async def test_a_close_has_its_own_deadline(autojump_clock: MockClock) -> None:
    """A flush that never ends is given up after its time, told in the group, and the next service is still closed."""
    story: Story = []
    services = [room(story, "journal"), room(story, "store", close=trio.sleep_forever, close_s=7)]
    supervisor = Supervisor(services)
    with pytest.RaisesGroup(pytest.RaisesGroup(StopOverdue)):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            supervisor.stop()
    assert trio.current_time() == 7
    assert "journal closes" in story


@pytest.mark.parametrize("step", ["run", "drain", "close"])
async def test_a_service_that_heeds_no_deadline_is_left_behind(autojump_clock: MockClock, step: str) -> None:
    """The others are drained and closed all the same; then the last resort hears its name, and nobody else's."""
    story: Story = []
    answer, left = trio.Event(), []

    async def hang(**_: object) -> None:
        story.append("http hangs")
        with trio.CancelScope(shield=True):
            await answer.wait()

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await hang()

    def leave_behind(names: Sequence[str]) -> None:
        left.append((list(names), trio.current_time()))
        answer.set()

    stuck = room(story, "http", **{step: run if step == "run" else hang})
    supervisor = Supervisor([room(story, "journal"), stuck], last_resort=leave_behind)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expect_overdue if step == "close" else run_quietly, supervisor)
        await trio.sleep(1)
        supervisor.stop()
    assert [names for names, _ in left] == [["http"]]
    assert left[0][1] <= 1 + {"run": 5, "drain": 10 + 5, "close": 30 + 5}[step] + 5
    assert [said for said in story if said.startswith("journal")][1:] == [
        "journal drains", "journal closes", "journal ends",
    ]  # fmt: skip


async def run_quietly(supervisor: Supervisor) -> None:
    await supervisor.run()


async def expect_overdue(supervisor: Supervisor) -> None:
    with pytest.RaisesGroup(StopOverdue):
        await supervisor.run()


async def test_a_service_that_hangs_while_it_starts_is_left_behind(autojump_clock: MockClock) -> None:
    """Those that run are closed, and the one that never got ready is named."""
    story: Story = []
    answer, left = trio.Event(), []

    async def hang(*, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope(shield=True):
            await answer.wait()
        await trio.sleep_forever()

    def leave_behind(names: Sequence[str]) -> None:
        left.extend(names)
        answer.set()

    services = [room(story, "journal"), room(story, "store", run=hang), room(story, "http")]
    supervisor = Supervisor(services, last_resort=leave_behind)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run)
        await trio.sleep(1)
        supervisor.stop()
    assert left == ["store"]
    assert story == ["journal starts", "journal drains", "journal closes", "journal ends"]


async def test_a_close_that_ends_late_is_no_last_resort(autojump_clock: MockClock) -> None:
    """What is over its time and ends while the others are stopped is told, and the process ends as usual."""
    story: Story = []

    async def late() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(13)

    def leave_behind(names: Sequence[str]) -> None:
        raise AssertionError(names)

    services = [room(story, "journal", drain=partial(trio.sleep, 5)), room(story, "http", close=late, close_s=7)]
    supervisor = Supervisor(services, last_resort=leave_behind)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expect_overdue, supervisor)
        await trio.sleep(1)
        supervisor.stop()
    assert story[-1] == "journal ends"


async def test_an_error_while_stopping_silences_nobody(autojump_clock: MockClock) -> None:
    """A broken drain is kept for the group; the rest of the shutdown goes on."""
    story: Story = []

    async def broken() -> None:
        raise OSError("lost")

    supervisor = Supervisor([room(story, "journal"), room(story, "http", drain=broken)])
    with pytest.RaisesGroup(pytest.RaisesGroup(OSError)):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            supervisor.stop()
    assert story[2:] == ["http closes", "http ends", "journal drains", "journal closes", "journal ends"]


async def test_a_service_may_end_by_itself_while_draining(autojump_clock: MockClock) -> None:
    """A server whose run returns once it is drained has done as it was asked."""
    drained = trio.Event()

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await drained.wait()

    async def drain() -> None:
        drained.set()
        await trio.sleep(1)

    supervisor = Supervisor([Service(name="http", run=run, drain=drain)])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        supervisor.stop()


async def test_cancelling_the_supervisor_still_closes(autojump_clock: MockClock) -> None:
    """A cancelled node is a node in a hurry: nothing is drained, everything is closed in order."""
    story: Story = []
    supervisor = Supervisor([room(story, "journal"), room(story, "http")])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        nursery.cancel_scope.cancel()
    assert story[2:] == ["http closes", "http ends", "journal closes", "journal ends"]


async def test_signals_stop_the_node() -> None:
    """The first SIGTERM begins the shutdown, a SIGINT after it cuts the drain."""
    story: Story = []
    supervisor = Supervisor([room(story, "http", drain=trio.sleep_forever, drain_s=1000)])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.stop_on_signals)
        async with trio.open_nursery() as inner:
            await inner.start(supervisor.run)
            os.kill(os.getpid(), signal.SIGTERM)
            while supervisor.health().rooms["http"].state is not RoomState.STOPPING:
                await trio.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)
        nursery.cancel_scope.cancel()
    assert story[-2:] == ["http closes", "http ends"]


async def test_an_exception_group_keeps_every_cause(autojump_clock: MockClock) -> None:
    """Two faults of one shutdown both come out."""
    story: Story = []

    async def broken() -> None:
        raise OSError("lost")

    supervisor = Supervisor([room(story, "journal", close=broken), failing(story, "store", 5)])
    with pytest.raises(ExceptionGroup) as caught:
        await supervisor.run()
    assert len(caught.value.exceptions) == 2
