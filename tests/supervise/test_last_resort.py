"""The end of a process that cannot end: seen from outside, as a service manager sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_node.supervise import HUNG_EXIT_CODE

PROGRAM = """
import sys
import trio
from edge_node.base.log import configure
from edge_node.base.offload import FILE, offload
from edge_node.supervise import Service, Supervisor, supervisor

fifo, step = sys.argv[1:]
supervisor.CANCEL_WAIT_S = 0.2  # a test need not wait as long as a node does

def never_answers():
    with open(fifo, "rb"):  # opening a pipe nobody writes to
        print("opened", flush=True)

async def hang():
    await offload(never_answers, limiter=FILE)

async def run(task_status):
    task_status.started()
    try:
        await trio.sleep_forever()
    finally:
        print("journal ends", flush=True)

async def hang_on(task_status):
    task_status.started()
    await hang()

async def close():
    print("journal closes", flush=True)

async def main():
    more = {"close": hang, "close_s": 0.2} if step == "close" else {}
    services = [
        Service(name="journal", run=run, close=close),
        Service(name="disk", run=hang_on if step == "run" else run, **more),
    ]
    kept = Supervisor(services)
    async with trio.open_nursery() as nursery:
        await nursery.start(kept.stop_on_signals)
        await nursery.start(kept.run)
        print("ready", flush=True)

configure("info", "json")
trio.run(main)
"""


@pytest.mark.parametrize("step", ["run", "close"])
def test_a_thread_that_never_returns_does_not_keep_the_process(tmp_path: Path, step: str) -> None:
    """SIGTERM ends it with the code for it and a line that names the room; the journal was closed before."""
    os.mkfifo(tmp_path / "fifo")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "fifo"), step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            said, logged = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == HUNG_EXIT_CODE
    lines = [json.loads(line) for line in logged.splitlines()]
    (last,) = [line for line in lines if line["event"] == "process.abandoned"]
    assert (last["services"], last["exit_code"], last["level"]) == (["disk"], HUNG_EXIT_CODE, "critical")
    assert last["remedy"]
    assert said.splitlines()[-2:] == ["journal closes", "journal ends"]
