"""The one door to worker threads: blocking work goes through here, in batches, under a named limiter."""

import os
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

CPU = trio.CapacityLimiter(os.cpu_count() or 1)  # hashing and signatures release the GIL: one thread a core
DB_READ = trio.CapacityLimiter(4)  # read-only SQLite connections kept open
FILE = trio.CapacityLimiter(8)  # waits on the disk, not on a core
BULK = trio.CapacityLimiter(max(2, os.cpu_count() or 1))  # megabytes read and hashed: more would take the loop its core
WRITER = trio.CapacityLimiter(1)  # the journal's write stage: one at a time, in ticket order


async def offload(
    fn: Callable[[*Args], Result], *args: *Args, limiter: trio.CapacityLimiter = CPU, abandon: bool = False
) -> Result:
    """Run `fn(*args)` in a worker thread and wait for it; a hop costs about 70 us, so hand over a batch.

    The work cannot be cancelled: keep it under 50 ms. With `abandon` a cancelled caller leaves it behind, still
    running, with its place in the limiter; a thread left behind does not keep the process from exiting.
    """
    return await trio.to_thread.run_sync(fn, *args, limiter=limiter, abandon_on_cancel=abandon)
