"""A chain's own metadata, pinned in a running node by its commands, and what the pin is worth on what the node kept."""

import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned
from edge_node.chain_light.metadata_pins import MetadataPins
from edge_node.chain_light.rpc import connect
from edge_node.chain_light.runtime_reader import RuntimeReader
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import ChainState
from edge_node.devnet.dev_accounts import dev_accounts
from edge_node.node.chain import Chain, open_chain
from edge_node.settings import load
from tests.control.process import Process, running_process
from tests.node.dev_chain import DevChain, dev_chain

WAIT_S = 120
CODE_KEY = "0x" + b":code".hex()


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with tempfile.TemporaryDirectory(prefix="en") as place, dev_chain(Path(place) / "chain") as chain:
        yield chain


def call(chain: DevChain, method: str, *params: object) -> Any:
    """What the chain answers, as curl would show it."""

    async def ask() -> Any:
        async with trio.open_nursery() as nursery:
            source = await nursery.start(connect, Endpoint(url=chain.url, group="own"))
            answer = await source._ask(msgspec.json.decode, method, *params)
            nursery.cancel_scope.cancel()
        return answer

    return trio.run(ask)


def make(node: Process, chain: DevChain, place: Path, version: int) -> Path:
    """A pin of what the chain's endpoint answers, as the how-to has it made."""
    for name, method, params in (("code", "state_getStorage", [CODE_KEY]), ("metadata", "state_getMetadata", [])):
        (place / name).write_text(json.dumps(call(chain, method, *params)))
    made = node.cli("chain", "metadata", "make", "--key", str(chain.cold_key), "--version", str(version),
                    "--code", str(place / "code"), "--metadata", str(place / "metadata"),
                    "-o", str(place / f"pin-{version}.json"))  # fmt: skip
    assert made.returncode == 0, made.stderr
    return place / f"pin-{version}.json"


@asynccontextmanager
async def following(node: Process) -> AsyncIterator[Chain]:
    """What that node has composed, over its database and its settings."""
    settings = load(node.config, {}).settings
    chain = open_chain(settings.chain, node.root / "chain.db", SystemClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(chain.run)
        with trio.fail_after(WAIT_S):
            while chain.status().state is not ChainState.FOLLOWING:
                await trio.sleep(0.05)
        yield chain
        nursery.cancel_scope.cancel()


async def reader_of(chain: Chain) -> RuntimeReader:
    pins = MetadataPins()
    for opened in await chain.pins():
        pins = pins.after(opened)
    running = chain._require()
    return RuntimeReader(running.view, running.endpoints, lambda: pins, running.client.genesis)


def test_a_pin_of_the_true_runtime_reads_and_a_twist_reads_nothing(chain: DevChain, tmp_path: Path) -> None:
    """Version and code are proved, then metadata by its hash; permuted, or pinned for another version, none is used."""
    version = call(chain, "state_getRuntimeVersion")["specVersion"]
    with running_process(chain.settings(f'checkpoint_file = "{chain.checkpoint}"')) as node:
        deadline = time.monotonic() + WAIT_S
        while node.get("/v1/chain")["state"] != "following":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert runtime_of(node, lambda told: told["spec_version"] == version)["why"].endswith(
            "nobody has said what it is"
        )
        other, true = make(node, chain, tmp_path, version + 1), make(node, chain, tmp_path, version)
        done = node.cli("chain", "metadata", "pin", str(other), "--yes")
        assert done.returncode == 0, done.stderr
        node.kill()
        trio.run(nothing_is_read, node)
        node.start()
        done = node.cli("chain", "metadata", "pin", str(true), "--yes")
        assert done.returncode == 0, done.stderr
        listed = json.loads(node.cli("chain", "metadata", "list", "--json").stdout)
        assert [row["spec_version"] for row in listed] == [version, version + 1]
        runtime_of(node, lambda told: told["metadata"] in listed[0]["metadata"], writes=True)
        assert "its metadata is pinned" in node.cli("chain", "status").stdout
        node.kill()
        trio.run(all_is_read, node, version)
        call(chain, "devnet_lie", "permuted-metadata")
        trio.run(nothing_is_read, node)
        node.start()
        assert "is another hash" in runtime_of(node, lambda told: told["spec_version"] == version)["why"]
        assert "is another hash" in node.cli("chain", "status").stdout
        call(chain, "devnet_beHonest", "permuted-metadata")
        runtime_of(node, lambda told: not told["why"], writes=True)


@pytest.mark.parametrize("broken", [False, True], ids=["named", "broken"])
def test_the_settings_name_a_pin(chain: DevChain, tmp_path: Path, broken: bool) -> None:
    """It is believed from the start; one that is refused hinders nothing else, and is told in the log."""
    pin = tmp_path / "pin.json"
    pin.write_bytes(chain.pin.read_bytes()[: -1 if broken else None])
    lines = f'checkpoint_file = "{chain.checkpoint}"', f'pin_file = "{pin}"'
    with running_process(chain.settings(*lines)) as node:
        runtime_of(node, lambda told: told["spec_version"] and bool(told["why"]) is broken, writes=not broken)
        assert ("chain.pin_refused" in node.log()) is broken


def runtime_of(node: Process, wanted: Callable[[dict[str, Any]], bool], *, writes: bool = False) -> dict[str, Any]:
    """What a node that follows says of the runtime, as soon as it is what is wanted."""
    deadline = time.monotonic() + WAIT_S
    while True:
        told = node.get("/v1/chain")
        if told["state"] == "following" and wanted(told["runtime"]) and told["writes"] is writes:
            found: dict[str, Any] = told["runtime"]
            return found
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


async def nothing_is_read(node: Process) -> None:
    """What is pinned is not what there is."""
    async with following(node) as chain:
        with pytest.raises(MetadataNotPinned):
            await (await reader_of(chain)).read_item("System", "Account", dev_accounts()[0])
        assert (await chain.view.account(dev_accounts()[0])).value.free > 0


async def all_is_read(node: Process, version: int) -> None:
    """By names, at a proved block."""
    async with following(node) as chain:
        reader = await reader_of(chain)
        assert (await reader.read()).value.upgrade.spec_version == version
        found = await reader.read_item("System", "Account", dev_accounts()[0])
        assert found.value["data"]["free"] > 0
