"""How long smoldot takes to a long chain's final block, from nothing: what a cold start of ours is measured against.

    python -m tests.interop.smoldot_sync --blocks 5000 --set-changes 40 --authorities 4

makes a development chain whose sets change that often, serves it over libp2p on this machine, starts smoldot 3.4.1 with
its specification alone, and prints one line of JSON when its `chainHead_v1_follow` says `initialized` at the final
block:

    seconds        from the start of the process to `initialized`
    after_added_s  the same from the moment the chain was added: without the start of Node.js and of WebAssembly
    cpu_s          processor time of the process until then
    resident_bytes, peak_bytes   its memory at that moment, and at most until then
    warp_bytes, fragments        what it was sent as proofs, and their steps
    set_changes, blocks, authorities, final   the chain, and the block both ended at

The time to make the chain is in none of them. The server is in another process than what is measured, on the same
cores; it wakes smoldot every 50 ms (libp2p/yamux.py), without which one run in three takes two seconds more.
"""

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import trio

from edge_node.devnet.runtime import Chain
from tests.interop.forged import fragments_of
from tests.interop.judged import SET_SIZE, judged_by_smoldot, judged_stage, order, peer_of

WITHIN_S = 300
WARNINGS = 2


@dataclass(frozen=True)
class Synced:
    """What one cold start took; the fields as the module says."""

    seconds: float
    after_added_s: float
    cpu_s: float
    resident_bytes: int
    peak_bytes: int
    warp_bytes: int
    fragments: int
    set_changes: int
    blocks: int
    authorities: int
    final: str


def long_chain(blocks: int, set_changes: int, authorities: int) -> Chain:
    """A chain of so many blocks, all final, whose changes of set are spread evenly."""
    stage = judged_stage(set_changes, size=authorities)
    chain = stage.chain
    at = {blocks * number // (set_changes + 1): number for number in range(1, set_changes + 1)}
    for number in range(1, blocks + 1):
        if number in at:
            chain.schedule(order(at[number], size=authorities))
        stage.write()
        if number in at:
            chain.finalize()
    chain.finalize()
    return chain


async def synced(chain: Chain, authorities: int) -> Synced:
    """One cold start on a chain."""
    peer = peer_of(chain)
    with tempfile.TemporaryDirectory() as folder, trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, Path(folder) / "log", log_level=WARNINGS) as judge:
            process = psutil.Process(judge.process.pid)
            await judge.follow()
            begun = await judge.event("initialized")
            seconds = trio.current_time() - judge.began_s
            assert judge.added_ms is not None
            times, peak = process.cpu_times(), _peak_bytes(process.pid)
            resident = await judge.resident_bytes()
    assert begun["finalizedBlockHashes"] == [f"0x{chain.final.hash}"]
    return Synced(
        seconds=round(seconds, 3),
        after_added_s=round(seconds - judge.added_ms / 1_000, 3),
        cpu_s=round(times.user + times.system, 3),
        resident_bytes=resident,
        peak_bytes=peak,
        warp_bytes=sum(map(len, peer.warps)),
        fragments=sum(len(fragments_of(proof)) for proof in peer.warps),
        set_changes=len(chain.hand_overs),
        blocks=chain.final.number,
        authorities=authorities,
        final=str(chain.final.hash),
    )


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024


def main() -> None:
    """The module's own use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=5_000)
    parser.add_argument("--set-changes", type=int, default=40)
    parser.add_argument("--authorities", type=int, default=SET_SIZE)
    parser.add_argument("--runs", type=int, default=1, help="cold starts on the one chain, a line each")
    asked = parser.parse_args()
    chain = long_chain(asked.blocks, asked.set_changes, asked.authorities)
    for _ in range(asked.runs):
        print(json.dumps(asdict(trio.run(synced, chain, asked.authorities))), flush=True)


if __name__ == "__main__":
    main()
