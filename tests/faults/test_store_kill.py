"""Process kills while buckets are filled: whatever was acknowledged, parts, files, nodes and names, is there."""

import os
import random  # noqa: TID251 - a seeded choice of moments and damages
import subprocess
import sys
from pathlib import Path

from edge_node.trust.access import Verb
from edge_node.wire.cid import parse_cid
from tests.faults.store_child import BUCKETS
from tests.faults.test_journal_kill import drain, forge_tail
from tests.store.rig import opened

ROUNDS = max(4, int(os.environ.get("EDGE_NODE_KILL_ROUNDS", "20")) // 4)
LONGEST_LIFE_S = 0.5
ROOT = Path(__file__).parents[2]


def live_and_die(folder: Path, epoch: int, chance: random.Random) -> list[list[str]]:
    """Start a writer, kill it at a random moment, and return what it had acknowledged."""
    command = [sys.executable, "-m", "tests.faults.store_child", str(folder), str(epoch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=None, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with os.fdopen(os.dup(child.stdout.fileno()), "rb") as reader:
            lines = drain(reader, child, chance.uniform(0.1, LONGEST_LIFE_S))
    return [line.decode().split() for line in lines]


async def test_no_kill_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """Between the parts and their file, between a file and its name, with torn tails and lost databases."""
    chance, acknowledged = random.Random(5), []
    for epoch in range(ROUNDS):
        acknowledged += live_and_die(tmp_path, epoch, chance)
        if chance.random() < 0.7:
            forge_tail(tmp_path, chance)
        if chance.random() < 0.4:
            for path in [*tmp_path.glob("index.db*"), *tmp_path.glob("meta.db*")]:
                path.unlink()
    assert {what for what, *_ in acknowledged} == {"piece", "file", "node", "name"}
    by_number = {bucket.id: bucket for bucket in BUCKETS}
    async with opened(tmp_path) as store:
        for what, number, text, name in acknowledged:
            bucket, cid = by_number[int(number)], parse_cid(text)
            access = store.may_in(bucket, Verb.GET)
            if what == "name":
                found = await store.names.get(access, bucket, name)
                assert found is not None
                assert found.cid == cid
            await store.files.verify(access, bucket, cid)
        assert store.journal.recovery.losses == ()
