"""Whether the chain runs what somebody vouches for: proved again as the chain goes on, since upgrades are its own."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from edge_node.base.errors import EdgeNodeError
from edge_node.base.log import get_log
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned
from edge_node.chain_light.proved import Proved
from edge_node.chain_light.runtime_reader import PinnedRuntime
from edge_node.chain_light.status import UNPROVED_RUNTIME, RuntimeStatus

LOOK_S: Final = 10.0  # two blocks or less: who signs reads the runtime anew anyway
SOON_S: Final = 2.0  # while nothing can be proved

log = get_log("chain")


class RuntimeWatch:
    """`status` is what `read` (chain_light/runtime_reader) found last; an endpoint's silence does not change it."""

    def __init__(self, read: Callable[[], Awaitable[Proved[PinnedRuntime]]]) -> None:
        self._read = read
        self._again = trio.Event()
        self.status = UNPROVED_RUNTIME

    def look_again(self) -> None:
        """At once: something was said of a runtime's metadata."""
        self._again.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look again and again, until cancelled."""
        task_status.started()
        while True:
            self._again = trio.Event()
            await self.look()
            with trio.move_on_after(SOON_S if self.status.spec_version is None else LOOK_S):
                await self._again.wait()

    async def look(self) -> None:
        """Prove the runtime once; what cannot be proved now leaves what was, with its reason where nothing was."""
        try:
            known = (await self._read()).value
        except MetadataNotPinned as refused:
            self._turn(RuntimeStatus(refused.spec_version, refused.code, None, str(refused)))
        except EdgeNodeError as unknown:
            if self.status.spec_version is None:
                self.status = UNPROVED_RUNTIME._replace(why=f"the chain's runtime is not proved yet: {unknown}")
        else:
            self._turn(RuntimeStatus(known.upgrade.spec_version, known.runtime.code, known.hash, ""))

    def _turn(self, found: RuntimeStatus) -> None:
        if found != self.status:
            log.info("chain.runtime_proved", spec_version=found.spec_version, pinned=not found.why, reason=found.why)
        self.status = found
