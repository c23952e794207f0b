"""The one door to threads."""

import os
import threading

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from edge_node.base.offload import BULK, CPU, DB_READ, FILE, WRITER, offload

CORES = os.cpu_count() or 1


async def test_work_runs_elsewhere_and_answers_here() -> None:
    """The function runs in another thread; its result and its error come back."""
    assert await offload(threading.get_ident) != threading.get_ident()
    assert await offload(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await offload(divmod, 7, 0, limiter=CPU)


async def test_a_limiter_bounds_what_runs_at_once() -> None:
    """The writer's limiter lets one in at a time."""
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.002)
        with guard:
            inside -= 1

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(lambda: offload(work, limiter=WRITER))
    assert (inside, most) == (0, 1)


@pytest.mark.parametrize(
    ("limiter", "threads"),
    [(CPU, CORES), (DB_READ, 4), (FILE, 8), (BULK, max(2, CORES)), (WRITER, 1)],
    ids=["cpu", "db_read", "file", "bulk", "writer"],
)
async def test_each_limiter_has_its_number_of_threads(limiter: trio.CapacityLimiter, threads: int) -> None:
    """All of them work at once; one more waits until one is done."""
    done = threading.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(threads + 1):
            nursery.start_soon(lambda: offload(done.wait, limiter=limiter))
        await wait_all_tasks_blocked()
        found = limiter.borrowed_tokens, limiter.statistics().tasks_waiting
        done.set()
    assert found == (threads, 1)
    assert limiter.borrowed_tokens == 0


async def test_work_that_hangs_can_be_left_behind() -> None:
    """A cancelled caller goes on; the thread keeps its place in the limiter until it is done."""
    limiter, begun, done = trio.CapacityLimiter(1), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        done.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: offload(hang, limiter=limiter, abandon=True))
        await offload(begun.wait)
        nursery.cancel_scope.cancel()
    assert limiter.borrowed_tokens == 1
    done.set()
    assert await offload(divmod, 7, 2, limiter=limiter) == (3, 1)
