"""A disk that refuses while the node runs: the door says so, reading goes on, and what was acknowledged stays."""

import errno
from typing import Any

import httpx
import pytest
import trio

from edge_node.base import counters
from edge_node.base.limits import MIB
from edge_node.journal import Space, door
from tests.gateway.listener import listening, reading
from tests.gateway.rig import CLOCK, RunningNode, Site, running
from tests.journal.faulty import FaultyFiles

BODY = b'{"celsius":21}'
STREAM = "/api/v1/streams/site/a?proof=1"
PIECES = "/api/v1/pieces"
WRITES = {"create", "open_write", "pwritev", "fdatasync", "truncate", "allocate", "rename", "unlink", "sync_directory"}


async def fill(node: RunningNode) -> tuple[dict[str, Any], str]:
    """An event and a piece, acknowledged; what reading must give from now on."""
    assert (await node.say(BODY)).status_code == 202
    put = await node.ask("POST", PIECES, bytes(200_000))
    return (await node.ask("GET", STREAM)).json(), put.headers["location"]


async def reads_well(node: RunningNode, page: dict[str, Any], piece: str) -> None:
    assert (await node.ask("GET", STREAM)).json() == page
    assert (await node.ask("GET", piece)).content == bytes(200_000)
    assert (await node.client.get("/healthz")).status_code == 200


async def refused(answer: httpx.Response, status: int, slug: str, counted: int) -> None:
    """A refusal whose neighbour cannot write either."""
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:edge-node:problem:{slug}"
    assert int(answer.headers["retry-after"]) > 0
    assert counters.refusals(slug) == counted + 1


async def named_unready(node: RunningNode, words: str) -> None:
    """/readyz answers 503 and names the journal's trouble."""
    answer = await node.client.get("/readyz")
    assert answer.status_code == 503
    room = answer.json()["rooms"]["journal"]
    assert room["state"] == "degraded"
    assert words in room["reason"]


async def test_a_sync_that_ends_in_an_error(site: Site) -> None:
    """503 for the body whose sync broke and for all later ones; after a restart the acknowledged is there, no more."""
    files = FaultyFiles()
    async with running(site, files=files) as node:
        page, piece = await fill(node)
        files.refuse("fdatasync", errno.EIO)
        for _ in range(2):
            counted = counters.refusals("not-writable")
            await refused(await node.say(b'{"celsius":22}'), 503, "not-writable", counted)
        counted = counters.refusals("not-writable")
        await refused(await node.ask("POST", PIECES, b"small"), 503, "not-writable", counted)
        counted = counters.refusals("not-writable")
        await refused(await node.ask("DELETE", piece), 503, "not-writable", counted)
        await named_unready(node, "disk refused")
        await reads_well(node, page, piece)
    async with running(site) as node:
        await reads_well(node, page, piece)
        answer = await node.say(b'{"celsius":23}', seq=100)
        assert (answer.status_code, answer.json()["first_offset"]) == (202, 1)
        assert (await node.client.get("/readyz")).status_code == 200


async def test_a_disk_that_comes_back_is_written_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a broken sync the node tries by itself, without a restart; offsets go on where the acknowledged end."""
    monkeypatch.setattr(door, "REOPEN_FIRST_S", 0.05)
    files = FaultyFiles()
    async with running(site, files=files) as node:
        page, piece = await fill(node)
        files.refuse("fdatasync", errno.EIO)
        assert (await node.say(b'{"celsius":22}', seq=50)).status_code == 503
        await named_unready(node, "disk refused")
        files.heal()
        with trio.fail_after(30):
            while (await node.client.get("/readyz")).status_code != 200:
                await trio.sleep(0.05)
        await reads_well(node, page, piece)
        answer = await node.say(b'{"celsius":22}', seq=50)
        assert (answer.status_code, answer.json()["first_offset"]) == (202, 1)
        assert (await node.ask("DELETE", piece)).status_code == 204
    async with running(site) as node:
        assert len((await node.ask("GET", STREAM)).json()["events"]) == 2


async def test_subscribers_while_the_disk_refuses(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay, others come and read the past, nobody is given what was refused, and what comes after follows on."""
    monkeypatch.setattr(door, "REOPEN_FIRST_S", 0.05)
    files, live = FaultyFiles(), "/api/v1/streams/site/a"
    async with running(site, files=files) as node:
        await fill(node)
        async with listening(node, f"{live}?from=0") as early, reading(node, f"{live}?from=end") as events:
            assert await early.take(1) == [0]
            assert (await events.next()).data == '{"from":1}'
            files.refuse("fdatasync", errno.EIO)
            assert (await node.say(b'{"celsius":22}')).status_code == 503
            async with listening(node, f"{live}?from=0", who="reader") as late:
                assert await late.take(1) == [0]
                files.heal()
                with trio.fail_after(20):
                    while (answer := await node.say(b'{"celsius":23}')).status_code != 202:
                        await trio.sleep(0.05)
                assert answer.json()["first_offset"] == 1
                for client in (early, late):
                    message = await client.next()
                    assert (message["offset"], message["event"]) == (1, {"celsius": 23})
                assert (await events.take(1))[0][2] == 1


async def test_a_full_disk(site: Site) -> None:
    """507 for what takes space; reads and deletes go on, and with room again writes do by themselves."""
    files = FaultyFiles()
    async with running(site, files=files, journal={"free_min_bytes": MIB}) as node:
        page, piece = await fill(node)
        spare = (await node.ask("POST", PIECES, b"spare")).headers["location"]
        files.room = Space(64 * MIB, 1_000)
        files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
        for _ in range(2):
            counted = counters.refusals("disk-full")
            await refused(await node.say(b'{"celsius":22}'), 507, "disk-full", counted)
        for size in (10, 200_001):
            counted = counters.refusals("disk-full")
            await refused(await node.ask("POST", PIECES, b"y" * size), 507, "disk-full", counted)
        await named_unready(node, "low")
        await reads_well(node, page, piece)
        ahead_ms = CLOCK.now_ms() + 60_000
        assert (await node.ask("DELETE", spare, who="writer", t_ms=ahead_ms)).status_code == 204
        files.room = None
        with trio.fail_after(20):
            while (await node.client.get("/readyz")).status_code != 200:
                await trio.sleep(0.05)
        answer = await node.say(b'{"celsius":23}')
        assert (answer.status_code, answer.json()["first_offset"]) == (202, 1)
        await node.is_healthy()
    async with running(site) as node:
        assert (await node.ask("GET", STREAM)).json()["events"][:1] == page["events"]
        assert (await node.ask("GET", spare)).status_code == 404


async def test_a_disk_that_is_read_only_from_the_start(site: Site) -> None:
    """The node starts, opens its doors, reads, and refuses to write with the reason."""
    async with running(site) as node:
        page, piece = await fill(node)
    files = FaultyFiles()
    files.guard = lambda operation, _name: OSError(errno.EROFS, "read-only") if operation in WRITES else None
    async with running(site, files=files) as node:
        await reads_well(node, page, piece)
        await named_unready(node, "read-only")
        counted = counters.refusals("not-writable")
        await refused(await node.say(BODY, seq=100), 503, "not-writable", counted)
        # A caller whose clock is ahead reads too; what it may not do is change something that could be repeated.
        ahead_ms = CLOCK.now_ms() + 60_000
        assert (await node.ask("GET", piece, t_ms=ahead_ms)).content == bytes(200_000)
        counted = counters.refusals("not-writable")
        await refused(await node.ask("DELETE", piece, t_ms=ahead_ms), 503, "not-writable", counted)
    async with running(site) as node:
        await reads_well(node, page, piece)
        await node.is_healthy()
