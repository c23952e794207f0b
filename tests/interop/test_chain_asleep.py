"""A node and its chain by a clock that is set: at 1970, and after four weeks in which the node was off or asleep."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge_node.base.clock import SystemClock
from edge_node.cli import main
from tests.control.process import Process, running_process
from tests.interop.wall import Wall
from tests.node.dev_chain import dev_chain

pytestmark = pytest.mark.needs_faketime

WAIT_S = 120  # seconds of work, on a machine that others use as well
FOUR_WEEKS_S = 28 * 86_400


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    """A clock that shows the true time at first."""
    return Wall(tmp_path / "wall")


def live_by(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started from now on has that clock."""
    for name, value in wall.environ.items():
        monkeypatch.setenv(name, value)


def reached(node: Process, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The status once it is as wanted."""
    deadline = time.monotonic() + WAIT_S
    told: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            told = node.get("/v1/chain")
        except httpx.TimeoutException:  # by such a clock a busy machine's process is slow
            continue
        if wanted(told):
            return told
        time.sleep(0.05)
    raise AssertionError((told, node.log()[-2_000:]))


def follows(told: dict[str, Any]) -> bool:
    """It does, and what it reads may be acted on."""
    return bool(
        told["state"] == "following" and told["writes"] and not told["provisional"] and told["finalized"]["number"]
    )


def test_a_box_that_starts_in_1970(wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It proves the chain and takes nothing for current, and says why; once the clock is set it does by itself."""
    with dev_chain(tmp_path / "chain") as chain:
        live_by(wall, monkeypatch)
        with running_process(
            chain.settings(f'checkpoint_file = "{chain.checkpoint}"', f'pin_file = "{chain.pin}"')
        ) as node:
            before = reached(node, follows)["finalized"]["number"]
            node.kill()
            wall.step_to(3_600 - SystemClock().now_ms() // 1_000)
            node.start()
            told = reached(node, lambda told: told["state"] == "degraded" and told["finalized"]["number"] > before)
            assert "a time before this release was made" in told["reason"]
            assert told["writes"] is False
            assert json.loads(node.cli("chain", "status", "--json").stdout)["state"] == "degraded"
            wall.step_to(0)
            reached(node, follows)


@pytest.mark.parametrize("off", [True, False], ids=["off", "asleep"])
def test_four_weeks_later(wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, off: bool) -> None:
    """All it proves is provisional, over its death too, until a fresh checkpoint is signed: that lifts it for good."""
    live_by(wall, monkeypatch)
    with (
        dev_chain(tmp_path / "chain") as chain,
        running_process(chain.settings(f'checkpoint_file = "{chain.checkpoint}"', f'pin_file = "{chain.pin}"')) as node,
    ):
        before = reached(node, follows)
        if off:
            node.kill()
        else:
            node.process.send_signal(signal.SIGSTOP)
        chain.hold()
        wall.step_to(FOUR_WEEKS_S)
        chain.go_on()
        if off:
            node.start()
        else:
            node.process.send_signal(signal.SIGCONT)
        told = reached(
            node, lambda told: told["provisional"] and told["finalized"]["number"] > before["finalized"]["number"]
        )
        assert told["provisional"].startswith(
            "the node was without the chain for 28 days, longer than validators' stakes"
        )
        assert told["writes"] is False
        node.kill()
        node.start()
        told = reached(node, lambda told: told["provisional"] and told["state"] == "following")
        assert told["writes"] is False
        again = node.cli("chain", "checkpoint", "import", str(chain.checkpoint), "--yes")
        assert again.returncode == 0, again.stderr  # the node has it already, and it says nothing of these four weeks
        told = reached(node, lambda told: told["provisional"] and told["state"] == "following")
        assert told["writes"] is False
        draft, signed = tmp_path / "draft.json", tmp_path / "signed.json"
        done = node.cli("chain", "checkpoint", "draft", "-o", str(draft))
        assert done.returncode == 0, done.stderr
        assert main(["chain", "checkpoint", "sign", str(draft), "--key", str(chain.cold_key), "-o", str(signed)]) == 0
        done = node.cli("chain", "checkpoint", "import", str(signed), "--yes")
        assert done.returncode == 0, done.stderr
        reached(node, follows)
        node.kill()
        node.start()
        reached(node, follows)
