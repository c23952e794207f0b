"""A node follows a development chain, in two processes, through silence, death and every form of a checkpoint."""

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from edge_node.cli import main
from tests.control.process import Process, running_process
from tests.node.dev_chain import DevChain, dev_chain

WAIT_S = 120  # seconds of work, on a machine that others use as well


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with tempfile.TemporaryDirectory(prefix="en") as place, dev_chain(Path(place) / "chain") as chain:
        yield chain


@pytest.fixture(scope="module")
def node(chain: DevChain) -> Iterator[Process]:
    with running_process(chain.settings()) as node:
        yield node


def status(node: Process) -> dict[str, Any]:
    return node.get("/v1/chain")


def reached(node: Process, *states: str, height: int = 0, sets: int = 0, why: str = "") -> dict[str, Any]:
    """The status once it is in one of these states, above a height, after so many changes of set, for that reason."""
    deadline = time.monotonic() + WAIT_S
    while True:
        told = status(node)
        above = height == 0 or (told["finalized"] is not None and told["finalized"]["number"] > height)
        if told["state"] in states and above and told["hand_offs"] >= sets and why in told["reason"]:
            return told
        assert time.monotonic() < deadline, (told, node.log()[-2_000:])
        time.sleep(0.05)


def test_it_begins_where_a_checkpoint_says_and_follows(chain: DevChain, node: Process) -> None:
    """Without one it believes nothing and says what to do; with one it follows across sets, by proofs."""
    asked = node.cli("chain", "status", "--json")
    before = json.loads(asked.stdout)
    assert (asked.returncode, before["state"], before["finalized"]) == (1, "no-anchor", None)
    assert "checkpoint" in before["remedy"]
    done = node.cli("chain", "checkpoint", "import", str(chain.checkpoint), "--yes")
    assert done.returncode == 0, done.stderr
    assert f"begins with {chain.genesis}" in done.stderr
    reached(node, "following", sets=1)
    asked = node.cli("chain", "status", "--json")
    now = json.loads(asked.stdout)
    assert asked.returncode == 0
    assert (now["genesis"], now["writes"], now["refused"]) == (chain.genesis, False, 0), node.log()
    assert node.cli("chain", "metadata", "pin", str(chain.pin), "--yes").returncode == 0
    deadline = time.monotonic() + WAIT_S
    while not node.get("/v1/chain")["writes"]:
        assert time.monotonic() < deadline, node.get("/v1/chain")
        time.sleep(0.05)
    assert now["verified"] >= 1


def test_the_doctor_and_the_door_tell_the_same(node: Process) -> None:
    """Healthy while it follows; figures for a scraper."""
    reached(node, "following")
    findings = {one["check"]: one for one in json.loads(node.cli("doctor", "--json").stdout)["findings"]}
    assert findings["chain.state"]["verdict"] == "ok"
    assert findings["chain.anchor"]["facts"]["number"] > 0
    files = node.cli("bundle", "--preview")
    assert "chain.json" in files.stdout


def test_an_endpoint_that_falls_silent_is_told_and_comes_back(chain: DevChain, node: Process) -> None:
    """STALLED with the reason within its bound, and FOLLOWING by itself; the node is degraded meanwhile, and ready."""
    reached(node, "following")
    chain.hold()
    try:
        told = reached(node, "stalled")
        assert told["reason"]
        assert told["finalized"]["number"] > 0
        health = json.loads(node.cli("doctor", "--json").stdout)["findings"]
        said = next(one["evidence"] for one in health if one["check"] == "node.health")
        assert "degraded" in said
        assert "chain_light: stalled" in said
        assert node.get("/v1/node")["ready"] is True
        with urlopen(f"{node.url}/readyz", timeout=10) as answer:
            assert answer.status == 200
    finally:
        chain.go_on()
    height = told["finalized"]["number"]
    reached(node, "following", height=height)


def test_a_killed_node_goes_on_from_what_it_kept(node: Process) -> None:
    """No checkpoint is given again, and hand-offs are not counted anew; at whatever moment it died."""
    reached(node, "following")
    for pause_s in (0.0, 0.7):
        before = status(node)
        time.sleep(pause_s)
        node.kill()
        node.start()
        reached(node, "following")
        assert status(node)["hand_offs"] >= before["hand_offs"]
        assert status(node)["finalized"]["number"] >= before["finalized"]["number"]


def test_a_checkpoint_is_made_of_what_was_proved(
    chain: DevChain, node: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Drafted from the running node, signed with the cold key, carried as QR texts, and ahead of the first one."""
    reached(node, "following")
    draft, signed, texts = tmp_path / "draft.json", tmp_path / "signed.json", tmp_path / "texts.txt"
    assert node.cli("chain", "checkpoint", "draft", "-o", str(draft)).returncode == 0
    assert main(["chain", "checkpoint", "sign", str(draft), "--key", str(chain.cold_key), "-o", str(signed)]) == 0
    capsys.readouterr()
    assert main(["chain", "checkpoint", "qr", str(signed)]) == 0
    texts.write_text(capsys.readouterr().out)
    with running_process(chain.settings()) as fresh:
        done = fresh.cli("chain", "checkpoint", "import", str(texts), "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["checkpoint"]["number"] > 0
        reached(fresh, "following")
        again = fresh.cli("chain", "checkpoint", "import", str(chain.checkpoint), "--yes")
        assert again.returncode == 1
        assert "was accepted before" in again.stderr


def test_a_person_confirms_a_block(node: Process) -> None:
    """One that is proved counts, one that nobody proved is remembered; neither is taken for a proof."""
    reached(node, "following")
    ours = node.cli("chain", "confirm", f"0x{status(node)['finalized']['hash']}", "--yes")
    assert (ours.returncode, "is on the chain" in ours.stdout) == (0, True), ours.stderr
    theirs = node.cli("chain", "confirm", "ab" * 32, "--yes")
    assert (theirs.returncode, "remembered" in theirs.stdout) == (0, True), theirs.stderr
    assert node.cli("chain", "confirm", "ab", "--yes").returncode == 1


def test_metadata_is_pinned_and_listed(chain: DevChain, node: Process, tmp_path: Path) -> None:
    """Made of files with the cold key, believed by the running node, and there after a restart's reading."""
    reached(node, "following")
    (tmp_path / "code").write_bytes(b"code")
    (tmp_path / "metadata").write_bytes(b"meta\x0e")
    made = node.cli("chain", "metadata", "make", "--key", str(chain.cold_key), "--version", "7",
                    "--code", str(tmp_path / "code"), "--metadata", str(tmp_path / "metadata"),
                    "-o", str(tmp_path / "pin.json"))  # fmt: skip
    assert made.returncode == 0, made.stderr
    done = node.cli("chain", "metadata", "pin", str(tmp_path / "pin.json"), "--yes")
    assert (done.returncode, done.stdout.startswith("the metadata of runtime 7 is pinned")) == (0, True), done.stderr
    row = json.loads(node.cli("chain", "metadata", "list", "--json").stdout)[0]  # the lowest version is the first
    assert (row["spec_version"], row["signers"]) == (7, "operator")
    assert node.cli("chain", "metadata", "list").stdout.splitlines()[1].startswith("7 ")


def test_a_node_stays_up_without_its_chain() -> None:
    """A database that this release cannot read ends the room, not the node; mended, the room begins again by itself."""
    with running_process('[chain]\nnetwork = "dev"\nendpoints = ["nobody=ws://127.0.0.1:1"]\n') as node:
        reached(node, "no-anchor")
        node.kill()
        with closing(sqlite3.connect(node.root / "chain.db")) as conn:
            [known] = conn.execute("PRAGMA user_version").fetchone()
            conn.execute("PRAGMA user_version = 999")
        node.start()
        reached(node, "loading", why="has format 999")
        told = node.get("/v1/node")
        assert (told["ready"], told["health"]["state"]) == (True, "degraded")
        with closing(sqlite3.connect(node.root / "chain.db")) as conn:
            conn.execute(f"PRAGMA user_version = {known}")
        reached(node, "no-anchor")


def test_a_checkpoint_in_the_settings_is_enough(chain: DevChain) -> None:
    """A box that is set up once and shipped."""
    with running_process(chain.settings(f'checkpoint_file = "{chain.checkpoint}"')) as node:
        reached(node, "following")


def test_a_checkpoint_by_another_key_is_refused(chain: DevChain) -> None:
    """With what is wrong with it; nothing is believed."""
    other = chain.settings().replace(chain.operator, "0f" * 32)
    with running_process(other) as node:
        done = node.cli("chain", "checkpoint", "import", str(chain.checkpoint), "--yes")
        assert done.returncode == 1
        assert "0 trusted keys have signed" in done.stderr
        assert status(node)["state"] == "no-anchor"
