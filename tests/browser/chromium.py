"""A real Chromium without a screen, led by the DevTools protocol over its pipe: pages opened, asked, photographed."""

import base64
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import trio

ANSWER_S = 60.0  # a browser that starts on a busy machine takes ten; nothing here is measured by it
POLL_S = 0.05
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # of the browser's own processes, which a container's root may not make; a page's is untouched
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-popup-blocking",  # so that it is not this that refuses a page its windows
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)


class BrowserSaid(Exception):
    """The browser answered a command with an error, or a page's script threw."""


@dataclass
class Browser:
    """One process of it. Commands go out by the pipe; answers find their caller, events are kept by their session."""

    to: trio.abc.SendStream
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    answers: dict[int, Any] = field(default_factory=dict)
    arrived: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command and its answer."""
        number = next(self.numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        with trio.fail_after(ANSWER_S):
            await self.to.send_all(msgspec.json.encode(message) + b"\0")
            while number not in self.answers:
                await self.arrived.park()
        answer = self.answers.pop(number)
        if "error" in answer:
            raise BrowserSaid(f"{method}: {answer['error']}")
        return dict(answer["result"])

    async def listen(self, source: trio.abc.ReceiveStream) -> None:
        """Hand out what comes until the pipe ends."""
        data = bytearray()
        async for chunk in source:
            data += chunk
            *messages, rest = bytes(data).split(b"\0")
            data = bytearray(rest)
            for message in map(msgspec.json.decode, messages):
                if "id" in message:
                    self.answers[message["id"]] = message
                elif "sessionId" in message:
                    self.events.setdefault(message["sessionId"], []).append(message)
            self.arrived.unpark_all()

    async def open(self, url: str = "about:blank") -> "Page":
        """A page of its own, once it has loaded."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"], target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.call(f"{domain}.enable")
        if url != "about:blank":
            await page.go(url)
        return page


@dataclass
class Page:
    """One tab."""

    browser: Browser
    session: str
    target: str

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command to this tab."""
        return await self.browser.call(method, self.session, **params)

    def heard(self, method: str) -> list[dict[str, Any]]:
        """The events of that name since the tab was opened, oldest first."""
        return [event["params"] for event in self.browser.events.get(self.session, ()) if event["method"] == method]

    async def go(self, url: str) -> None:
        """Load `url`, and wait for everything it wants to have loaded."""
        loaded = len(self.heard("Page.loadEventFired"))
        answer = await self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserSaid(f"{url}: {answer['errorText']}")
        with trio.fail_after(ANSWER_S):
            while len(self.heard("Page.loadEventFired")) == loaded:
                await self.browser.arrived.park()

    async def ask(self, script: str) -> Any:
        """The value of an expression in the page, as the page itself could have it; promises are waited for."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserSaid(str(answer["exceptionDetails"].get("exception", answer["exceptionDetails"])))
        return answer["result"].get("value")

    async def wait_for(self, script: str) -> Any:
        """The value of an expression once it is true."""
        with trio.fail_after(ANSWER_S):
            while not (value := await self.ask(script)):
                await trio.sleep(POLL_S)
        return value

    async def picture(self, path: Path) -> None:
        """What the page looks like, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser, None]:
    """A browser with a profile of its own, which goes with it."""
    program = shutil.which("chromium")
    assert program is not None, "chromium is not installed"
    profile = tempfile.mkdtemp(prefix="edge-node-browser-")
    (asked, say), (hear, told) = os.pipe(), os.pipe()
    # The browser reads its file descriptor 3 and writes 4.
    script = f'exec 3<&{asked} 4>&{told}; exec "$0" "$@"'
    command = ["bash", "-c", script, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    log = Path(profile) / "stderr.log"
    try:
        with log.open("wb") as stderr:
            process = await trio.lowlevel.open_process(command, pass_fds=(asked, told), stdout=stderr, stderr=stderr)
        os.close(asked)
        os.close(told)
        async with (
            trio.lowlevel.FdStream(say) as to,
            trio.lowlevel.FdStream(hear) as source,
            trio.open_nursery() as nursery,
        ):
            browser = Browser(to)
            nursery.start_soon(browser.listen, source)
            try:
                yield browser
            finally:
                with trio.CancelScope(shield=True):
                    await _end(browser, process)
                nursery.cancel_scope.cancel()
    finally:
        shutil.rmtree(profile, ignore_errors=True)


async def _end(browser: Browser, process: trio.Process) -> None:
    with trio.move_on_after(5):
        await browser.call("Browser.close")
    with trio.move_on_after(5):
        await process.wait()
        return
    process.kill()
    await process.wait()
