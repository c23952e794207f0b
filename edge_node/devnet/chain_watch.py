"""What a trial sees of the chain through its node's own door, moment by moment: what it proved, and its states."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import trio

from edge_node.base.clock import Clock
from edge_node.client import ClientError
from edge_node.client.control import ControlClient

LOOK_EVERY_S = 0.1
ANSWER_S = 5.0


class Final(msgspec.Struct, frozen=True):
    """The newest block that the node proved."""

    number: int
    hash: str


class Look(msgspec.Struct, frozen=True):
    """`GET /v1/chain`, as far as a trial wants it."""

    state: str
    reason: str
    finalized: Final | None = None
    hand_offs: int = 0

    @property
    def number(self) -> int:
        """The newest proved height; -1 before there is one."""
        return -1 if self.finalized is None else self.finalized.number


class ChainWatch:
    """Looks again and again; `proved` are the blocks that the node ever called final, by height."""

    def __init__(self, socket: Path, clock: Clock) -> None:
        self._socket, self._clock = socket, clock
        self.proved: dict[int, str] = {}
        self.last: Look | None = None
        self._looked = trio.Event()

    async def run(self) -> None:
        """Look until cancelled; a node that is down has nothing to say."""
        async with ControlClient(self._socket, timeout_s=ANSWER_S) as door:
            while True:
                await self._look(door)
                self._looked.set()
                self._looked = trio.Event()
                await trio.sleep(LOOK_EVERY_S)

    async def _look(self, door: ControlClient) -> None:
        try:
            self.last = msgspec.convert(await door.get("/v1/chain"), Look)
        except ClientError:
            self.last = None
            return
        if self.last.finalized is not None and self.last.number > 0:  # block 0 is the checkpoint's word, no proof
            self.proved.setdefault(self.last.number, self.last.finalized.hash)

    @property
    def said(self) -> str:
        """The last word, for a fault's message."""
        return "it said nothing" if self.last is None else f"{self.last.state}, {self.last.reason}"

    async def until(self, condition: Callable[[Look], bool], within_s: float) -> tuple[int, Look] | None:
        """When it was first seen to be so, ms UTC, and how; None when it was not within that time."""
        with trio.move_on_after(within_s):
            while self.last is None or not condition(self.last):
                await self._looked.wait()
            return self._clock.now_ms(), self.last
        return None
