"""The client against a real node process: what the two promise each other, over real sockets and real kills."""

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import VaultId
from edge_node.client import (
    ContentMismatch,
    Device,
    Node,
    NodeRefusal,
    NodeUnreachable,
    NotAllowed,
    NotAuthenticated,
    NotThere,
    SendReport,
    contents,
)
from edge_node.devnet.processes import command, processes, run_to_end
from edge_node.devnet.site import Site
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import read_key_file
from edge_node.wire.cid import format_cid, parse_cid, raw_piece_cid
from tests.client.rig import FixedClock, both_backends, run

KEY, STRANGER = SigningKey.from_seed(b"e" * 32), SigningKey.from_seed(b"f" * 32)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running node with one device enrolled for the streams under `site`."""
    with processes() as started:
        site = Site(tmp_path_factory.mktemp("site"), started)

        async def make() -> None:
            await site.make_node()
            config = str(site.files.config)
            await run_to_end(
                command("device", "enrol", "d", "--key", str(KEY.public), "--stream", "site", "--config", config)
            )
            await site.start_node()

        trio.run(make)
        yield site
        trio.run(site.stop_node)


def ask(backend: str, site: Site, question: Callable[[Node], Awaitable[Any]], key: SigningKey | None = None) -> Any:
    async def main() -> Any:
        with read_key_file(site.files.operator_key) as operator:
            async with Node(site.url, key or operator) as node:
                return await question(node)

    return run(backend, main)


def with_device(
    backend: str, site: Site, directory: Path, act: Callable[[Device], Awaitable[Any]], **options: Any
) -> Any:
    async def main() -> Any:
        vault = VaultId.parse(site.node_key)
        async with Device(site.url, options.pop("key", KEY), vault, directory, **options) as device:
            return await act(device)

    return run(backend, main)


async def record_and_send(device: Device, deadline_s: float = 30) -> SendReport:
    for n in range(3):
        await device.record({"n": n})
    await device.record_batch([{"n": n} for n in range(3, 6)])
    await device.record_body("application/octet-stream", b"\x00\x01")
    return await device.send(deadline_s)


@both_backends
def test_readings_are_stored_and_proved(backend: str, site: Site, tmp_path: Path) -> None:
    """Singles, a batch and bytes come back verified, in order, under the device's key."""
    stream = f"site/{backend}"
    report = with_device(backend, site, tmp_path, record_and_send, stream=stream)
    assert (report.acknowledged, report.events) == (5, 7)

    async def question(node: Node) -> None:
        page = await node.read_stream(stream, proof=True)
        assert [event.offset for event in page.events] == list(range(7))
        assert [event.value()["data"]["n"] for event in page.events[:6]] == list(range(6))
        assert page.events[6].content == b"\x00\x01"
        assert {event.key for event in page.events} == {str(KEY.public)}
        assert await node.get_piece(parse_cid(page.events[6].cid)) == b"\x00\x01"
        assert stream in [row.stream for row in await node.list_streams()]

    ask(backend, site, question)


@both_backends
def test_restarted_devices_go_on(backend: str, site: Site, tmp_path: Path) -> None:
    """Five lives of one queue, with an empty one between; the real node finds no jump and no conflict."""
    for _ in range(5):
        report = with_device(backend, site, tmp_path, record_and_send, stream=f"site/lives-{backend}")
        assert (report.acknowledged, report.refused) == (5, 0)
        with_device(backend, site, tmp_path, Device.counts, stream="site/other")


@both_backends
def test_a_stranger_and_a_wrong_stream_are_refused_with_the_reason(backend: str, site: Site, tmp_path: Path) -> None:
    """The readings stay with the device."""

    async def act(device: Device) -> list[tuple[int, str]]:
        await device.record({"n": 1})
        await device.send(30)
        return [(body.status, body.slug) for body in await device.refused()]

    assert with_device(backend, site, tmp_path / "a", act, stream="site/x", key=STRANGER) == [(401, "unknown-key")]
    assert with_device(backend, site, tmp_path / "b", act, stream="elsewhere") == [(403, "access-denied")]

    async def listing(node: Node) -> Any:
        return await node.list_streams()

    with pytest.raises(NotAuthenticated):
        ask(backend, site, listing, STRANGER)
    with pytest.raises(NotAllowed):
        ask(backend, site, listing, KEY)


@both_backends
def test_an_old_reading_is_late_and_an_unsynced_clock_is_taken(backend: str, site: Site, tmp_path: Path) -> None:
    """The device's time is kept as it was signed."""
    clock = FixedClock(now_ms=1_600_000_000_000, quality=ClockQuality.UNSYNCED)
    stream = f"site/old-{backend}"
    assert with_device(backend, site, tmp_path, record_and_send, stream=stream, clock=clock).acknowledged == 5

    async def question(node: Node) -> None:
        page = await node.read_stream(stream, proof=True)
        assert {event.t for event in page.events} == {1_600_000_000_000}

    ask(backend, site, question)


@both_backends
def test_pieces_are_streamed_both_ways(backend: str, site: Site, tmp_path: Path) -> None:
    """Three and a half extents, a range over an extent's border, an empty piece, and deletion."""
    content = os.urandom(3_500_000)
    file, copy = tmp_path / "in", tmp_path / "out"
    file.write_bytes(content)

    async def question(node: Node) -> None:
        receipt = await node.put_piece(file)
        cid = parse_cid(receipt.cid)
        assert not receipt.duplicate
        assert (await node.put_piece(content)).duplicate
        assert await node.get_piece_to_file(cid, copy) == len(content)
        assert await node.get_piece_range(cid, 2**20 - 5, 10) == content[2**20 - 5 : 2**20 + 5]
        await node.delete_piece(cid)
        with pytest.raises(NotThere):
            await node.get_piece(cid)

    ask(backend, site, question)
    assert copy.read_bytes() == content


def test_a_file_that_changes_while_it_is_sent_is_not_stored(site: Site, tmp_path: Path) -> None:
    """The signature is over the first reading; the node refuses the second."""
    file = tmp_path / "log"
    file.write_bytes(b"first")
    cid = raw_piece_cid(b"first")

    async def question(node: Node) -> None:
        digest, size = await contents.hash_file(file)
        file.write_bytes(b"other")
        with pytest.raises(NodeRefusal) as caught:
            await node._connection.fetch(
                "PUT", f"/api/v1/pieces/{format_cid(cid)}", content=contents.read_file(file), digest=digest,
                headers={"content-length": str(size)},
            )  # fmt: skip
        assert caught.value.slug in {"body-digest-mismatch", "cid-mismatch"}
        with pytest.raises((NotThere, ContentMismatch)):
            await node.get_piece(cid)

    ask("trio", site, question)


@both_backends
def test_a_kill_of_the_node_loses_nothing_a_device_holds(backend: str, site: Site, tmp_path: Path) -> None:
    """Readings taken while the node is dead arrive when it is back, each once."""
    stream = f"site/killed-{backend}"

    async def act(device: Device) -> SendReport:
        await record_and_send(device, 0.5)
        await device.record({"n": "while it was dead"})
        return await device.send(0.5)

    trio.run(site.kill_node)
    report = with_device(backend, site, tmp_path, act, stream=stream)
    assert report.acknowledged == 0
    assert "gave no answer" in report.trouble

    async def listing(node: Node) -> Any:
        return await node.list_streams()

    with pytest.raises(NodeUnreachable):
        ask(backend, site, listing)
    trio.run(site.start_node)

    async def send(device: Device) -> SendReport:
        return await device.send(30)

    report = with_device(backend, site, tmp_path, send, stream=stream)
    assert (report.acknowledged, report.events, report.duplicates) == (6, 8, 0)
