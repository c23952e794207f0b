"""A real node beside a chain that contradicts itself, or forces authorities on itself: it says so and stops."""

import json
import time
from pathlib import Path
from typing import Any

from tests.control.process import Process, running_process
from tests.e2e.test_pin_runtime import call
from tests.node.dev_chain import DevChain, dev_chain

WAIT_S = 120  # seconds of work, on a machine that others use as well


def reached(node: Process, state: str) -> dict[str, Any]:
    """The status once it is in this state."""
    deadline = time.monotonic() + WAIT_S
    while (told := node.get("/v1/chain"))["state"] != state or not told["finalized"]:
        assert time.monotonic() < deadline, (told, node.log()[-2_000:])
        time.sleep(0.05)
    return told


def settings(chain: DevChain) -> str:
    """Of a node that begins by itself."""
    return chain.settings(f'checkpoint_file = "{chain.checkpoint}"', f'pin_file = "{chain.pin}"')


def test_two_final_blocks_of_one_height_halt_the_node_for_good(tmp_path: Path) -> None:
    """Over its death too, whatever endpoints and the checkpoint it began from say; the operator reads why."""
    with dev_chain(tmp_path / "chain") as chain, running_process(settings(chain)) as node:
        while reached(node, "following")["finalized"]["number"] < 8:  # it hears what is pushed by then
            time.sleep(0.1)
        forged = call(chain, "devnet_forgeFinality")
        told = reached(node, "halted")
        assert f"block {forged['number']} was finalized twice" in told["reason"]
        assert (told["writes"], bool(told["remedy"])) == (False, True)
        node.kill()
        node.start()
        assert f"block {forged['number']} was finalized twice" in reached(node, "halted")["reason"]
        node.cli("chain", "checkpoint", "import", str(chain.checkpoint), "--yes")
        time.sleep(2)
        assert reached(node, "halted")["writes"] is False
        asked = node.cli("chain", "status", "--json")
        assert (asked.returncode, json.loads(asked.stdout)["state"]) == (1, "halted")


def test_a_forced_change_asks_the_operator_for_a_checkpoint(tmp_path: Path) -> None:
    """It is no lie of an endpoint, and nothing that follows it is believed."""
    with dev_chain(tmp_path / "chain") as chain, running_process(settings(chain)) as node:
        reached(node, "following")
        call(chain, "devnet_forceChange", 8, None, 1)
        told = reached(node, "needs-checkpoint")
        assert "forces another set of authorities" in told["reason"]
        assert "Import a newer signed checkpoint" in told["remedy"]
        assert told["writes"] is False
        node.kill()
        node.start()
        assert reached(node, "needs-checkpoint")["writes"] is False
