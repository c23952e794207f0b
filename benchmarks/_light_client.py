"""A light client as a process of its own: from nothing but a chain's directory until it follows, then a line of JSON.

    python -m benchmarks._light_client DIRECTORY DATABASE

`rss_before` is its resident memory when everything is imported and nothing is opened or asked; `rss_after` when it
follows, `rss_peak` the most until then (VmHWM), all in bytes. `sync_s` is the time between, `number` the final block.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

import psutil
import trio

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey
from edge_node.base.log import configure
from edge_node.chain_light.chain_db import ChainDb, open_chain_db
from edge_node.chain_light.checkpoint import CheckpointKeys
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.spec import ChainSpec
from edge_node.chain_light.status import ChainState, ChainStatus
from edge_node.chain_light.sync import LightClient

GIVE_UP_S = 60.0


async def sync(directory: Path, db: ChainDb, operator: PublicKey) -> ChainStatus:
    """Follow the chain; how the client is as soon as it does."""
    clock, spec = SystemClock(), ChainSpec.from_file((directory / "spec.json").read_bytes())
    endpoints = Endpoints(spec.endpoints, clock=clock, random=os.urandom)
    client = LightClient(
        spec, endpoints, db, clock=clock, keys=CheckpointKeys(release=frozenset(), operator=operator),
        checkpoints=[(directory / "checkpoint.json").read_bytes()],
    )  # fmt: skip
    async with trio.open_nursery() as nursery:
        await nursery.start(endpoints.run)
        await nursery.start(client.run)
        with trio.move_on_after(GIVE_UP_S):
            while client.status().state is not ChainState.FOLLOWING:
                await client.wait_change()
        status = client.status()
        nursery.cancel_scope.cancel()
    return status


def main() -> None:
    configure("warning", "json")
    directory, database, operator = Path(sys.argv[1]), Path(sys.argv[2]), PublicKey.parse(sys.argv[3])
    gc.collect()
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    db = open_chain_db(database)
    status = trio.run(sync, directory, db, operator)
    sync_s = time.monotonic() - began
    after = psutil.Process().memory_info().rss
    final = status.finalized
    print(
        json.dumps({
            "state": str(status.state), "reason": status.reason, "number": final.number if final else -1,
            "hand_offs": status.hand_offs, "sync_s": sync_s, "rss_before": before, "rss_after": after,
            "rss_peak": _peak(), "cpu_s": time.process_time(),
        }),
        flush=True,
    )  # fmt: skip
    db.close()


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1_024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
