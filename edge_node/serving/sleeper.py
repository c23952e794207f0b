"""One task asleep until another wakes it: no event object, and no checkpoint between a test and the sleep."""

import trio


class Sleeper:
    """A place for one task. Test, sleep, and test again: what is woken finds no promise, only a reason to look."""

    __slots__ = ("_task",)

    def __init__(self) -> None:
        self._task: trio.lowlevel.Task | None = None

    async def sleep(self) -> None:
        """Until `wake`. Nothing runs between the caller's test and the sleep, so no wake-up is lost."""
        assert self._task is None, "one task at a time"
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._give_up)

    def wake(self) -> None:
        """Wake the task, if one sleeps."""
        task, self._task = self._task, None
        if task is not None:
            trio.lowlevel.reschedule(task)

    def _give_up(self, _: object) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED
