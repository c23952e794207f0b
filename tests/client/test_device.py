"""A device over real sockets and real processes: signed when taken, sent until stored, never lost in silence."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.client.device import Device
from edge_node.client.offline_queue import WhenFull
from edge_node.client.queue_errors import QueueDamaged, QueueFull
from edge_node.client.queue_files import DATABASE
from edge_node.client.readings import UnspeakableReading
from edge_node.client.sequence import life_of, make_seq
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import parse_event_header
from tests.client.rig import FixedClock, TinyNode, both_backends, run

KEY = SigningKey.from_seed(b"d" * 32)
Act = Callable[[Device], Coroutine[Any, Any, Any]]


def with_device(backend: str, node: TinyNode, directory: Path, act: Act, **options: Any) -> Any:
    async def main() -> Any:
        async with Device(node.url, KEY, node.vault, directory, stream="s", **options) as device:
            return await act(device)

    return run(backend, main)


async def record_and_send(device: Device) -> Any:
    await device.record({"n": 1})
    return await device.send(20)


async def send(device: Device) -> Any:
    return await device.send(20)


@both_backends
def test_a_reading_is_signed_when_it_is_taken(backend: str, tmp_path: Path) -> None:
    """Time and quality are those of the moment of recording, however late it is sent."""
    clock = FixedClock(quality=ClockQuality.PRECISE)

    async def act(device: Device) -> None:
        await device.record({"celsius": 21.5})
        clock.ms += 3_600_000
        await device.send(20)

    with TinyNode() as node:
        with_device(backend, node, tmp_path, act, clock=clock, source="urn:boiler", event_type="temperature")
        header = node.stored[0].header
        assert (header.t_ms, header.quality, header.key) == (1_790_000_000_000, ClockQuality.PRECISE, KEY.public)
        event = msgspec.json.decode(node.stored[0].body)
        assert (event["source"], event["type"], event["data"]) == ("urn:boiler", "temperature", {"celsius": 21.5})
        assert event["time"] == "2026-09-21T14:13:20.000Z"


@both_backends
def test_singles_batches_and_bytes_share_one_order(backend: str, tmp_path: Path) -> None:
    """A batch is one signature; any bytes go under their own content type; another stream has numbers of its own."""

    async def act(device: Device) -> Any:
        await device.record({"n": 0})
        await device.record_batch([{"n": 1}, {"n": 2}])
        await device.record_body("image/png", b"\x89PNG")
        await device.record({"n": 3}, stream="other")
        report = await device.send(20)
        assert device.report == report
        return report

    with TinyNode() as node:
        report = with_device(backend, node, tmp_path, act)
        assert (report.acknowledged, report.events) == (4, 5)
        assert [(s.header.stream, s.header.seq, s.count) for s in node.stored] == [
            ("s", make_seq(1, 0), 1), ("s", make_seq(1, 1), 2), ("s", make_seq(1, 2), 1), ("other", make_seq(1, 0), 1)
        ]  # fmt: skip


@both_backends
def test_a_reading_json_cannot_say_spends_no_number(backend: str, tmp_path: Path) -> None:
    """The next one is numbered as if the slip had not been."""

    async def act(device: Device) -> int:
        with pytest.raises(UnspeakableReading):
            await device.record(object())
        return (await device.record(1)).seq

    assert with_device(backend, TinyNode(), tmp_path, act) == make_seq(1, 0)


@both_backends
def test_a_full_queue_says_so_or_gives_up_the_oldest(backend: str, tmp_path: Path) -> None:
    """By argument; what was given up is counted."""

    async def refusing(device: Device) -> int:
        waiting = 0
        with suppress(QueueFull):
            while True:
                await device.record_body("text/plain", b"x" * 500)
                waiting += 1
        assert (await device.counts()).waiting == waiting
        return waiting

    async def dropping(device: Device) -> tuple[int, int]:
        for _ in range(20):
            await device.record_body("text/plain", b"x" * 500)
        counts = await device.counts()
        return counts.waiting, counts.dropped

    held = with_device(backend, TinyNode(), tmp_path / "a", refusing, queue_bytes_max=10_000)
    assert with_device(
        backend, TinyNode(), tmp_path / "b", dropping, queue_bytes_max=10_000, when_full=WhenFull.DROP_OLDEST
    ) == (held, 20 - held)


@both_backends
def test_a_damaged_queue_is_put_aside_with_an_error(backend: str, tmp_path: Path) -> None:
    """The device starts the second time, and the numbers do not begin anew."""
    with TinyNode() as node:
        with_device(backend, node, tmp_path, record_and_send)
        (tmp_path / DATABASE).write_bytes(b"\x00garbage" * 1_000)
        with pytest.raises(QueueDamaged) as caught:
            with_device(backend, node, tmp_path, record_and_send)
        assert caught.value.aside.read_bytes() == b"\x00garbage" * 1_000
        assert with_device(backend, node, tmp_path, record_and_send).acknowledged == 1
        assert [life_of(s.header.seq) for s in node.stored] == [1, 2]


@both_backends
def test_a_wrong_clock_is_refused_aloud_and_an_unsynced_one_is_taken(backend: str, tmp_path: Path) -> None:
    """A device that claims network time and is an hour ahead is told; one that claims no time is taken as it is."""
    ahead = FixedClock(now_ms=1_790_000_000_000 + 3_600_000)

    async def act(device: Device) -> Any:
        report = await record_and_send(device)
        return report, await device.refused()

    with TinyNode(clock=FixedClock()) as node:
        report, refused = with_device(backend, node, tmp_path, act, clock=ahead)
        assert (report.acknowledged, report.refused) == (0, 1)
        assert (refused[0].status, refused[0].slug) == (422, "time-ahead")
        ahead.q = ClockQuality.UNSYNCED
        report, _ = with_device(backend, node, tmp_path, act, clock=ahead)
        assert report.acknowledged == 1


@both_backends
def test_a_refused_device_keeps_its_readings_until_it_is_enrolled(backend: str, tmp_path: Path) -> None:
    """Over several lives; once enrolled, everything arrives in order under its first signatures."""

    async def enrolled(device: Device) -> Any:
        assert await device.retry_refused() == 3
        return await device.send(20)

    with TinyNode() as node:
        with_device(backend, node, tmp_path, record_and_send)
        node.refuse_keys = True
        for _ in range(3):
            assert with_device(backend, node, tmp_path, record_and_send).refused == 1
        first_posts = node.posts[1:]
        node.refuse_keys = False
        assert with_device(backend, node, tmp_path, enrolled).acknowledged == 3
        assert node.posts[4:] == first_posts
        assert len(node.stored) == 4


@both_backends
def test_a_device_that_was_suspended_for_lives_goes_on(backend: str, tmp_path: Path) -> None:
    """The node saw nothing of those lives; the next reading is no jump."""
    with TinyNode() as node:
        with_device(backend, node, tmp_path, record_and_send)
        node.refuse_keys = True
        for _ in range(3):
            with_device(backend, node, tmp_path, record_and_send)
        node.refuse_keys = False
        assert with_device(backend, node, tmp_path, record_and_send).acknowledged == 1


@both_backends
def test_a_life_whose_first_reading_is_refused_goes_on(backend: str, tmp_path: Path) -> None:
    """One reading a life before, several in this one, the first of them too large: the others are no jump."""

    async def act(device: Device) -> Any:
        for n in range(4):
            await device.record({"n": n})
        return await device.send(20)

    with TinyNode() as node:
        with_device(backend, node, tmp_path, record_and_send)
        node.misbehave(413)
        report = with_device(backend, node, tmp_path, act)
        assert (report.acknowledged, report.refused) == (3, 1)


CHILD = """
import sys
from contextlib import suppress
from pathlib import Path
import anyio
from edge_node.base.ids import VaultId
from edge_node.client import Device
from edge_node.trust.keys import SigningKey

async def main(url, vault, directory, then):
    key = SigningKey.from_seed(b"d" * 32)
    async with Device(url, key, VaultId.parse(vault), Path(directory), stream="s") as device:
        for n in range(3):
            await device.record({"n": n})
        print("signed", flush=True)
        if then == "send":
            await device.run()
        await anyio.sleep(60)

anyio.run(main, *sys.argv[1:])
"""


def start_child(node: TinyNode, directory: Path, then: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, node.url, str(node.vault), str(directory), then], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"signed\n"
    return child


def kill(child: subprocess.Popen[bytes]) -> None:
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


@both_backends
def test_a_kill_between_signing_and_sending_loses_nothing(backend: str, tmp_path: Path) -> None:
    """The next life sends what the dead one signed, under its signatures, before its own."""
    with TinyNode() as node:
        kill(start_child(node, tmp_path, "wait"))
        report = with_device(backend, node, tmp_path, record_and_send)
        assert (report.acknowledged, report.duplicates) == (4, 0)
        seqs = [parse_event_header(text, "application/cloudevents+json").seq for text in node.posts]
        assert seqs == [make_seq(1, 0), make_seq(1, 1), make_seq(1, 2), make_seq(2, 0)]


@both_backends
def test_a_kill_between_commit_and_acknowledgement_stores_nothing_twice(backend: str, tmp_path: Path) -> None:
    """The node has it, the device never heard: the next life hears `duplicate` and goes on."""
    with TinyNode() as node:
        node.misbehave("hold")
        child = start_child(node, tmp_path, "send")
        assert node.committed.wait(20)
        kill(child)
        node.release.set()
        report = with_device(backend, node, tmp_path, send)
        assert (report.acknowledged, report.duplicates) == (3, 1)
        assert len(node.stored) == 3
        assert node.posts[0] == node.posts[1]


@both_backends
def test_a_device_names_itself_without_its_secret(backend: str, tmp_path: Path) -> None:
    """Eight digits of the public key and the stream."""

    async def act(device: Device) -> str:
        return repr(device)

    assert with_device(backend, TinyNode(), tmp_path, act) == f"Device({KEY.public.hex()[:8]}…, s)"
