"""The supervisor: a task per service, started in order with readiness, stopped in reverse (ARCHITECTURE section 3)."""

import signal
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

import trio

from edge_node.base.log import get_log
from edge_node.supervise.budget import RestartBudget
from edge_node.supervise.health import Beat, Health, RoomHealth, RoomState, observed, roll_up
from edge_node.supervise.last_resort import end_process
from edge_node.supervise.lateness import watch_lateness
from edge_node.supervise.service import Service, ServiceEnded, StopOverdue, cause_of

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
CANCEL_WAIT_S = 5.0  # an offloaded batch takes at most 50 ms; what has not ended by now will not


class _Life:
    """What the supervisor knows of one service."""

    def __init__(self, service: Service, budget: RestartBudget) -> None:
        self.service, self.budget = service, budget
        self.state, self.reason = RoomState.WAITING, ""
        self.beat_at = 0.0
        self.wanted = True
        self.scope = trio.CancelScope()  # of the present run or pause; a scope serves once
        self.ended = trio.Event()

    def enter(self, state: RoomState, reason: str = "") -> None:
        self.state, self.reason = state, reason

    def leave(self) -> None:
        self.wanted = False
        self.scope.cancel()

    def health(self, now: float) -> RoomHealth:
        service = self.service
        condition = service.condition() if self.state is RoomState.RUNNING else ""
        return observed(self.state, self.reason, condition, now - self.beat_at, service.beat_s)


class Supervisor:
    """Runs services until one that is required ends, or until somebody says stop.

    A service that does not end in its time is left behind while the others are still closed; `last_resort` is then
    called with the names of those that hang, and by default ends the process.
    """

    def __init__(
        self,
        services: Sequence[Service],
        budget: RestartBudget | None = None,
        last_resort: Callable[[Sequence[str]], object] = end_process,
    ) -> None:
        terms = budget or RestartBudget()
        self._lives = {service.name: _Life(service, terms.fresh()) for service in services}
        self._stopping = trio.Event()
        self._last_resort = last_resort
        self._unfinished: list[tuple[str, trio.Event]] = []  # what ran over its time, by the event that it has ended
        self._starting, self._begun = trio.CancelScope(), trio.Event()
        self._draining: set[trio.CancelScope] = set()
        self._in_a_hurry = False
        self._causes: list[Exception] = []
        self._log = get_log("supervise")

    def beat(self, name: str) -> None:
        """Note that service `name` is alive; cheap enough for every round of a loop."""
        self._lives[name].beat_at = trio.current_time()

    def health(self) -> Health:
        """The state of every room now."""
        now = trio.current_time()
        rooms = {name: life.health(now) for name, life in self._lives.items()}
        return roll_up(rooms, self.required, stopping=self._stopping.is_set())

    @property
    def required(self) -> frozenset[str]:
        """The rooms the node cannot do without."""
        return frozenset(name for name, life in self._lives.items() if life.service.required)

    @property
    def stopping(self) -> bool:
        """Whether somebody said stop."""
        return self._stopping.is_set()

    def beats(self) -> dict[str, Beat]:
        """The heartbeats of the rooms that promised one and run."""
        now = trio.current_time()
        return {
            name: Beat(now - life.beat_at, life.service.beat_s)
            for name, life in self._lives.items()
            if life.service.beat_s is not None and life.state is RoomState.RUNNING
        }

    def stop(self) -> None:
        """Begin the ordered shutdown; a second call skips what is left of the drain."""
        if self._stopping.is_set():
            self._in_a_hurry = True
            for scope in self._draining:
                scope.cancel()
        self._begin_stop()

    def _begin_stop(self) -> None:
        self._stopping.set()
        self._starting.cancel()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start every service in order, say ready (or that it was stopped before), run until stopped, stop in reverse.

        Raises an exception group with what ended a required service, or was not closed. Cancelling this task is
        a stop in a hurry: what must not be lost is still closed, under its own deadline.
        """
        async with trio.open_nursery() as outside:
            outside.start_soon(self._stop_when_cancelled)
            with trio.CancelScope(shield=True):
                async with trio.open_nursery() as services:
                    services.start_soon(watch_lateness)
                    services.start_soon(self._begin, services, task_status)
                    await self._stopping.wait()
                    with trio.move_on_after(CANCEL_WAIT_S):
                        await self._begun.wait()
                    await self._stop_all(services)
                    self._leave_behind()
                    services.cancel_scope.cancel()
            outside.cancel_scope.cancel()
        if self._causes:
            raise ExceptionGroup("the node could not go on", self._causes)

    async def wait_stopping(self) -> None:
        """Wait until somebody says stop, or a required service has ended."""
        await self._stopping.wait()

    async def stop_on_signals(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Turn SIGTERM and SIGINT into `stop`, the first orderly, the second in a hurry. Main thread only."""
        with trio.open_signal_receiver(*STOP_SIGNALS) as received:
            task_status.started()
            async for number in received:
                self._log.info("signal.received", signal=signal.Signals(number).name)
                self.stop()

    async def _stop_when_cancelled(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.stop()
            self.stop()

    async def _begin(self, services: trio.Nursery, task_status: trio.TaskStatus[None]) -> None:
        # A task of its own: a service that hangs while it starts must not hold up the stop of those that run.
        with self._starting:
            await self._start_all(services)
        self._begun.set()
        if not self._causes:
            task_status.started()

    async def _start_all(self, services: trio.Nursery) -> None:
        for life in self._lives.values():
            await services.start(self._keep, life)
            if self._stopping.is_set():
                return

    async def _keep(self, life: _Life, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """One service's whole life, restarts included; never raises what the service raised."""
        said_ready = False

        def ready() -> None:
            nonlocal said_ready
            if not said_ready:
                task_status.started()
            said_ready = True

        try:
            while (error := await self._live(life, ready)) is not None:
                pause = self._verdict(life, error)
                if pause is None:
                    return
                ready()  # a node does not wait for what it can do without
                with trio.CancelScope() as life.scope:
                    await trio.sleep(pause)
                if not life.wanted:
                    return
        finally:
            if life.state is not RoomState.DOWN:
                life.enter(RoomState.STOPPED)
            life.ended.set()
            ready()

    async def _live(self, life: _Life, ready: Callable[[], None]) -> Exception | None:
        """Run the service once; None when it was stopped, else why it ended."""
        life.enter(RoomState.STARTING)
        try:
            with trio.CancelScope() as life.scope:
                async with trio.open_nursery() as nursery:
                    await nursery.start(life.service.run)
                    life.beat_at = trio.current_time()
                    life.enter(RoomState.RUNNING)
                    ready()
        except Exception as error:  # noqa: BLE001  the supervisor is the boundary; _verdict logs and keeps it
            return error
        return ServiceEnded(life.service.name) if life.wanted and life.state is RoomState.RUNNING else None

    def _verdict(self, life: _Life, error: Exception) -> float | None:
        """Deal with a service's end: the pause before its next start, or None when this was its last."""
        name = life.service.name
        if life.service.required:
            life.enter(RoomState.DOWN, cause_of(error))
            self._log.error("service.ended", service=name, exc_info=error)
            self._causes.append(error)
            self._begin_stop()
            return None
        pause = life.budget.take(trio.current_time()) if life.wanted else None
        if pause is None:
            life.enter(RoomState.DOWN, f"restarted too often; last: {cause_of(error)}")
            self._log.error("service.given_up", service=name, exc_info=error)
        else:
            life.enter(RoomState.RESTARTING, cause_of(error))
            self._log.warning("service.broken", service=name, pause_s=pause, exc_info=error)
        return pause

    async def _stop_all(self, nursery: trio.Nursery) -> None:
        names = reversed(self._lives)
        for _, stage in groupby(names, lambda name: self._lives[name].service.stage or name):
            async with trio.open_nursery() as together:
                for name in stage:
                    together.start_soon(self._stop_one, self._lives[name], nursery)

    async def _stop_one(self, life: _Life, nursery: trio.Nursery) -> None:
        if life.state is RoomState.WAITING:
            return
        if life.state is RoomState.RUNNING:
            life.enter(RoomState.STOPPING)
            await self._drain(life.service, nursery)
            await self._close(life.service, nursery)
        life.leave()
        await self._wait_for(life.service.name, life.ended, CANCEL_WAIT_S)

    async def _drain(self, service: Service, nursery: trio.Nursery) -> None:
        if service.drain is None or self._in_a_hurry:
            return
        self._draining.add(scope := trio.CancelScope())
        await self._last_word(service.name, service.drain, scope, service.drain_s, nursery)
        self._draining.discard(scope)

    async def _close(self, service: Service, nursery: trio.Nursery) -> None:
        if service.close is None:
            return
        scope = trio.CancelScope(shield=True)
        await self._last_word(service.name, service.close, scope, service.close_s, nursery)
        if scope.cancel_called:
            self._causes.append(StopOverdue(service.name, service.close_s))

    async def _last_word(
        self,
        name: str,
        say: Callable[[], Awaitable[object]],
        scope: trio.CancelScope,
        within_s: float,
        nursery: trio.Nursery,
    ) -> None:
        """Let a service say it in a task of its own, for what it waits on may heed no deadline."""
        said = trio.Event()

        async def speak() -> None:
            try:
                with scope:
                    await say()
            except Exception as error:  # noqa: BLE001  one service's last word never silences the others'
                self._log.error("service.stop_broken", service=name, exc_info=error)
                self._causes.append(error)
            finally:
                said.set()

        scope.deadline = trio.current_time() + within_s
        nursery.start_soon(speak)
        await self._wait_for(name, said, within_s + CANCEL_WAIT_S)

    async def _wait_for(self, name: str, ended: trio.Event, within_s: float) -> None:
        with trio.move_on_after(within_s):
            await ended.wait()
        if not ended.is_set():
            self._log.error("service.overran", service=name, waited_s=within_s)
            self._unfinished.append((name, ended))

    def _leave_behind(self) -> None:
        hanging = list(dict.fromkeys(name for name, ended in self._unfinished if not ended.is_set()))
        if hanging:
            self._last_resort(hanging)
