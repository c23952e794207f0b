"""The chain as a process: what it prints, writes, refuses, and how it ends."""

import json
import signal
import socket
import subprocess
import sys

import msgspec
import pytest
import websockets.sync.client

from edge_node.base.ids import PublicKey
from edge_node.chain_light.checkpoint import CheckpointKeys, open_checkpoint
from edge_node.chain_light.spec import ChainSpec
from edge_node.devnet.chain_program import Faults, FaultsRefused, dev_genesis, dev_profile_of
from edge_node.devnet.pallets import NoSuchProfile, sdk_profile
from edge_node.devnet.runtime import Chain

WAIT_S = 30


class Process:
    """A chain that runs; its place is what it printed."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "edge_node", "devnet", "chain", "--json", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.place = json.loads(self.process.stdout.readline())

    def ask(self, method, *params):
        """One question on a connection of its own."""
        with websockets.sync.client.connect(self.place["url"]) as client:
            client.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
            return json.loads(client.recv(timeout=WAIT_S))["result"]

    def end(self, number):
        """Its exit code after a signal."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        self.process.communicate()
        return code


@pytest.fixture
def started():
    """Starts chains, and ends those that still run."""
    running = []

    def start(*arguments):
        running.append(Process(*arguments))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def test_it_writes_what_a_light_client_begins_from(started, tmp_path):
    """A specification with its address and a checkpoint of block 0 that the operator's new key vouches for."""
    chain = started("--port", 0, "--directory", tmp_path / "chain", "--state-version", 1, "--authorities", 5)
    spec = ChainSpec.from_file((tmp_path / "chain/spec.json").read_bytes())
    assert str(spec.genesis) == chain.place["genesis"] == chain.ask("chain_getBlockHash", 0)[2:]
    assert [endpoint.url for endpoint in spec.endpoints] == [chain.place["url"]]
    assert spec.state_version == chain.ask("state_getRuntimeVersion")["stateVersion"] == 1
    keys = CheckpointKeys(release=frozenset(), operator=PublicKey.parse(chain.place["operator"]))
    raw = (tmp_path / "chain/checkpoint.json").read_bytes()
    opened = open_checkpoint(raw, keys=keys, genesis=spec.genesis, now_ms=None)
    assert opened.checkpoint.anchor.header.number == 0
    assert len(opened.checkpoint.anchor.voters.authorities) == 5
    assert chain.end(signal.SIGTERM) == 0


def test_it_has_a_history_if_it_is_to(started):
    """Blocks and changes of sets from before, and it goes on from there."""
    chain = started("--port", 0, "--blocks", 60, "--set-every", 20, "--period", 0.05)
    assert (chain.place["block"], chain.place["set_id"]) == (60, 3)
    assert chain.ask("chain_getBlock", chain.ask("chain_getBlockHash", 40))["justifications"]
    assert chain.end(signal.SIGINT) == 0


def test_a_taken_port_is_said_in_one_line(started):
    """With what to do, and no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "edge_node", "devnet", "chain", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode != 0
    assert port in done.stderr
    assert "another port" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_begins_with_the_faults_of_a_file(started, tmp_path):
    """Its own and those of its endpoint."""
    file = tmp_path / "faults.json"
    file.write_text('{"withhold_finality": true, "lies": {"wrong-header": null}}')
    chain = started("--port", 0, "--faults", file)
    faults = chain.ask("devnet_faults")
    assert (faults["withhold_finality"], faults["lies"]) == (True, {"wrong-header": None})


@pytest.mark.parametrize("text", ["", "{", '{"withold": true}', '{"lies": {"slow": "much"}}'])
def test_a_file_of_faults_is_read_strictly(tmp_path, text):
    """What is misspelt is no fault that silently is not set."""
    (tmp_path / "faults.json").write_text(text)
    with pytest.raises(FaultsRefused):
        Faults.from_file(tmp_path / "faults.json")
    with pytest.raises(FaultsRefused):
        Faults.from_file(tmp_path / "none.json")
    assert msgspec.json.decode(b"{}", type=Faults) == Faults()


def test_two_chains_are_two_networks():
    """Their first blocks differ by chance alone; the same chance gives the same chain."""
    first, same, other = (Chain(sdk_profile(), dev_genesis(4, bytes((n,)) * 32)).genesis.hash for n in (1, 1, 2))
    assert first == same != other


def test_profiles_by_name():
    """In either state version; no other name."""
    assert dev_profile_of("dev-80013", 1).state_version == 1
    with pytest.raises(NoSuchProfile):
        dev_profile_of("main", 0)
