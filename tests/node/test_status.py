"""What the open paths say before and after there is a supervisor."""

import trio

from edge_node.node.status import Status
from edge_node.supervise import Service, Supervisor


async def test_before_a_supervisor_nothing_is_ready() -> None:
    """And nothing is claimed of any room."""
    status = Status()
    assert (status.health(), status.beats()) == (None, {})
    assert (status.readiness().ready, dict(status.readiness().rooms)) == (False, {})


async def test_after_it_the_rooms_speak() -> None:
    """Each with its state and its reason."""

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep_forever()

    status = Status()
    supervisor = status.supervisor = Supervisor([Service(name="store", run=run, condition=lambda: "slow")])
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: supervisor.run(task_status=task_status))
        readiness = status.readiness()
        assert not readiness.ready
        assert readiness.rooms == {"store": {"state": "degraded", "reason": "slow"}}
        supervisor.stop()
