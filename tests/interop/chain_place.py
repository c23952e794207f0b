"""A real process of the development chain, and its truth: what it says in bytes, read by the product's own codec."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from edge_node.base.ids import Hash256
from edge_node.chain_light.extensions import ChainFacts
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import parse_metadata
from edge_node.chain_light.storage_key import prefix_of, storage_key, value_of
from edge_node.chain_light.values import Value
from edge_node.devnet.processes import bound, clean_environment, command
from tests.interop.driving import QUICK_CASE_S, Driver
from tests.interop.sdk import driver

START_S, STOP_S, CALL_S = 60.0, 20.0, 20.0
ANSWER_BYTES_MAX = 64 << 20
Account = Mapping[str, str]
ALICE, BOB, CHARLIE, DAVE, EVE, FERDIE = (
    {"uri": f"//{name}", "type": "sr25519"} for name in ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie")
)


class RpcRefused(Exception):
    """The endpoint answered with an error: `code`, `message`, `data`."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code, self.data = error["code"], error.get("data")
        super().__init__(f"{error['code']} {error['message']}: {self.data}")


@dataclass
class ChainPlace:
    """A running chain and a connection to it; `url` and `genesis` are what it said when it was ready."""

    url: str
    genesis: str
    socket: ClientConnection
    process: subprocess.Popen[bytes]
    log: Path

    def __post_init__(self) -> None:
        self._ids = count(1)
        self._named = count(1)

    def told(self) -> dict[str, Any]:
        """What a driver must know."""
        return {"url": self.url}

    def living(self) -> "ChainPlace":
        """The same, as long as its process runs: else nobody waits for what will not come."""
        code = self.process.poll()
        assert code is None, f"the chain ended with {code}: {self.log.read_text()[-2_000:]}"
        return self

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one call; RpcRefused."""
        number = next(self._ids)
        self.socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        answer = json.loads(self.socket.recv(CALL_S))
        assert answer["id"] == number
        if "error" in answer:
            raise RpcRefused(answer["error"])
        return answer["result"]

    @cached_property
    def metadata(self) -> Metadata:
        """What the chain's runtime is made of, as its endpoint gives it to old clients."""
        return parse_metadata(bytes.fromhex(self.ask("state_getMetadata").removeprefix("0x")))

    @property
    def facts(self) -> ChainFacts:
        """What an immortal extrinsic signs of the chain."""
        version, genesis = self.ask("state_getRuntimeVersion"), Hash256.parse(self.genesis.removeprefix("0x"))
        return ChainFacts(
            genesis=genesis,
            spec_version=version["specVersion"],
            transaction_version=version["transactionVersion"],
            era_block=genesis,
        )

    def key(self, pallet: str, item: str, *keys: Value) -> str:
        """Where a value is, in hex."""
        return f"0x{storage_key(self.metadata.find_storage(pallet, item), *keys).hex()}"

    def read(self, pallet: str, item: str, *keys: Value, at: str | None = None) -> Value:
        """A value as our codec reads it, of the newest state unless told."""
        raw = self.ask("state_getStorage", self.key(pallet, item, *keys), *([at] if at else []))
        found = self.metadata.find_storage(pallet, item)
        return value_of(found, None if raw is None else bytes.fromhex(raw.removeprefix("0x")))

    def keys_below(self, pallet: str, item: str) -> list[str]:
        """Every key of a map, in hex."""
        prefix = prefix_of(self.metadata.find_storage(pallet, item))
        found: list[str] = self.ask("state_getKeysPaged", f"0x{prefix.hex()}", 1_000, None)
        return found

    def free(self, account: bytes) -> int:
        """What an account may spend."""
        info: Any = self.read("System", "Account", account)
        return int(info["data"]["free"])

    def wait_until(self, seen: Callable[[], bool]) -> None:
        """Ask until it is so; an error when it is not within CALL_S."""
        deadline = time.monotonic() + CALL_S
        while not seen():
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.02)

    def fresh(self, size: int = 32) -> bytes:
        """Bytes that nothing on this chain is called yet: for accounts, node keys, clusters."""
        return blake2b(f"fresh {next(self._named)}".encode(), digest_size=size).digest()

    def someone(self, kind: str = "ed25519") -> dict[str, str]:
        """A new account by its seed, which is a secret URI too; it holds nothing."""
        seed = self.fresh().hex()
        return {"uri": f"0x{seed}", "seed": seed, "type": kind}


@contextmanager
def running_chain(root: Path, *options: str) -> Iterator[ChainPlace]:
    """Run `edge-node devnet chain` until the block ends; an end that nobody asked for is an error."""
    log = root / "chain.log"
    argv = command("devnet", "chain", "--port", "0", "--json", "--directory", str(root / "chain"), *options)
    with log.open("ab") as errors:
        process = subprocess.Popen(
            bound(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=clean_environment()
        )
    try:
        told = _first_line(process, log)
        with connect(told["url"], max_size=ANSWER_BYTES_MAX) as socket:
            yield ChainPlace(told["url"], told["genesis"], socket, process, log)
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_S)
        assert code == 0, f"the chain ended with {code}: {log.read_text()[-2_000:]}"
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    deadline, line = time.monotonic() + START_S, b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        assert left > 0, f"the chain did not start within {START_S:.0f} s: {log.read_text()[-2_000:]}"
        if select.select([process.stdout], [], [], left)[0]:
            more = os.read(process.stdout.fileno(), 4_096)
            assert more, f"the chain ended with {process.wait()}: {log.read_text()[-2_000:]}"
            line += more
    told: dict[str, Any] = json.loads(line)
    return told


@contextmanager
def chain_driver(chain: ChainPlace, log: Path) -> Iterator[Driver]:
    """polkadot-js and the SDK's chain client (npm/chain.mjs), speaking to one chain."""
    with driver(chain.told(), log, script="chain.mjs", case_s=QUICK_CASE_S) as one:
        yield one
