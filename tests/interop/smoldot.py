"""smoldot as a child process (npm/smoldot.mjs): a light client in Rust, which shares no line with ours.

It comes over libp2p to a chain that this process serves, executes the runtime it finds, and is asked over JSON-RPC.
"""

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from tests.interop.driving import DriverFault
from tests.interop.sdk import PROJECT, install

DEBUG = 4
ENDS = frozenset(
    f"operation{name}"
    for name in ("BodyDone", "CallDone", "Error", "Inaccessible", "StorageDone", "WaitingForContinue")
)
VERIFIED = "warp-sync-fragment-verify-success"


class Refused(Exception):
    """What it answered as an error: `facts` as in JSON-RPC."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        super().__init__(str(facts))


class Smoldot:
    """One process with one chain in it, begun at `began_s` of trio's clock.

    `logs` are its (target, message), `events` those of the chain's head.
    """

    def __init__(self, process: trio.Process, began_s: float) -> None:
        self.process, self.began_s = process, began_s
        self.logs: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.added_ms: int | None = None
        self._answers: dict[int, dict[str, Any]] = {}
        self._told: dict[str, Any] = {}
        self._asked, self._heard, self._ended = 0, trio.Event(), False

    async def ask(self, method: str, *params: Any) -> Any:
        """The answer to a question; Refused."""
        self._asked += 1
        number = self._asked
        await self._say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        await self._until(lambda: number in self._answers)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    async def follow(self) -> str:
        """Begin to follow the chain's head; the subscription."""
        followed: str = await self.ask("chainHead_v1_follow", True)
        return followed

    async def event(self, name: str, **wanted: Any) -> dict[str, Any]:
        """The first event of this name with these members, when it comes."""

        def found() -> dict[str, Any] | None:
            like = {"event": name} | wanted
            return next((event for event in self.events if like.items() <= event.items()), None)

        await self._until(found)
        event = found()
        assert event is not None
        return event

    def events_of(self, operation: str) -> list[dict[str, Any]]:
        """What it told of one operation so far."""
        return [event for event in self.events if event.get("operationId") == operation]

    async def ended(self, operation: str) -> dict[str, Any]:
        """The event that ends an operation."""

        def found() -> dict[str, Any] | None:
            return next((event for event in self.events_of(operation) if event["event"] in ENDS), None)

        await self._until(found)
        event = found()
        assert event is not None
        return event

    async def logged(self, *texts: str) -> str:
        """The first message with one of these texts in it, when it comes."""

        def found() -> str | None:
            return next((message for _, message in self.logs if any(text in message for text in texts)), None)

        await self._until(found)
        message = found()
        assert message is not None
        return message

    async def resident_bytes(self) -> int:
        """The memory it has in use."""
        self._told.pop("resident", None)
        await self._say({"resident": True})
        await self._until(lambda: "resident" in self._told)
        return int(self._told["resident"])

    def verified(self) -> list[int]:
        """The heights of the fragments it has found good, in order."""
        return [int(message.rsplit("=", 1)[1]) for _, message in self.logs if message.startswith(VERIFIED)]

    async def _say(self, line: object) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(json.dumps(line).encode() + b"\n")

    async def _until(self, found: Callable[[], object]) -> None:
        while not found():
            if self._ended:
                raise DriverFault(f"smoldot ended with {self.process.returncode}; {self.logs[-5:]}")
            await self._heard.wait()

    async def listen(self) -> None:
        """Hear what it says until it ends."""
        waiting = bytearray()
        assert self.process.stdout is not None
        async for chunk in self.process.stdout:
            waiting += chunk
            *lines, waiting = waiting.split(b"\n")
            for line in lines:
                self._hear(json.loads(line))
            self._wake()
        await self.process.wait()
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._heard.set()
        self._heard = trio.Event()

    def _hear(self, line: dict[str, Any]) -> None:
        if "log" in line:
            _, target, message = line["log"]
            self.logs.append((target, message))
        elif "id" in line:
            self._answers[line["id"]] = line
        elif "method" in line:
            self.events.append(line["params"]["result"])
        elif "added" in line:
            self.added_ms = line["added"]
        else:
            self._told |= line


@asynccontextmanager
async def smoldot(spec: Mapping[str, Any], log: Path, *, log_level: int = DEBUG) -> AsyncIterator[Smoldot]:
    """A process for the chain of this specification, gone after the block. What went wrong in Node goes to `log`."""
    await trio.to_thread.run_sync(install)
    node = shutil.which("node")
    if node is None:
        raise DriverFault("node is not installed: apt-get install nodejs")
    began_s = trio.current_time()
    with log.open("ab") as errors:
        process = await trio.lowlevel.open_process(
            [node, str(PROJECT / "smoldot.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            cwd=PROJECT, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
    one = Smoldot(process, began_s)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.listen)
            await one._say({"chainSpec": json.dumps(spec), "maxLogLevel": log_level})
            yield one
            nursery.cancel_scope.cancel()
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        await trio.aclose_forcefully(process.stdin)
        await trio.aclose_forcefully(process.stdout)
