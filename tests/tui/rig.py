"""An app under Pilot, over a recorded scene or a recorded node: what it shows as text and as runs of style."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.scene import NOW_S, picture
from tui.app import NodeApp
from tui.state import NodeState

Work = Callable[..., Awaitable[None]]


def under_asyncio(test: Work) -> Callable[..., None]:
    """pytest's own loop is trio's; Textual wants asyncio's."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 60))

    return run


@asynccontextmanager
async def shown(
    health: str = "healthy", *, size: tuple[int, int] = (80, 24), access: str = "rw", **how: Any
) -> AsyncIterator[Pilot[int]]:
    """The app over a recorded picture, without a node: nothing moves."""
    app = NodeApp(picture(health, access), now_s=lambda: NOW_S, **how)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.state.loading.clear()  # what a screen asked for when it was mounted, of a node that is not there
        app.paint_all()
        yield pilot


@asynccontextmanager
async def attached(socket: Path, *, size: tuple[int, int] = (80, 24), **how: Any) -> AsyncIterator[Pilot[int]]:
    """The app over a socket."""
    from tui.uds import at, door_opener

    state = NodeState()
    state.via = "uds"
    app = NodeApp(state, door_opener(lambda: at(socket)), **how)
    async with app.run_test(size=size) as pilot:
        yield pilot


async def settle(pilot: Pilot[int]) -> None:
    """Let messages and redraws through."""
    for _ in range(3):
        await pilot.pause()


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait for something to become so, not for a time to pass."""
    for _ in range(1_000):
        if condition():
            await settle(pilot)
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never became so; the screen shows\n{text_on(pilot)}")


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await settle(pilot)


def text_on(pilot: Pilot[int]) -> str:
    """The screen's text, a line a row."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def runs_on(pilot: Pilot[int]) -> list[list[tuple[int, str]]]:
    """Rows of (cells, style), runs of the same style joined."""
    rows = []
    for strip in pilot.app.screen._compositor.render_strips():
        runs: list[tuple[int, str]] = []
        for segment in strip:
            style = str(segment.style)
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + segment.cell_length, style)
            else:
                runs.append((segment.cell_length, style))
        rows.append(runs)
    return rows
