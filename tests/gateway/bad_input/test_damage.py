"""Files that rotted while the node was stopped: what can be rebuilt is, what cannot is named, the rest is served."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from structlog.testing import capture_logs

from edge_node.base.ids import StreamName
from edge_node.base.limits import MIB
from edge_node.journal import NewerFormat
from tests.gateway.rig import RunningNode, Site, running

PIECES = "/api/v1/pieces"


async def fill(node: RunningNode) -> None:
    for number in range(5):
        assert (await node.say(b'{"celsius":%d}' % number)).status_code == 202
    assert (await node.say(b"opaque", stream=StreamName("site/b"), content_type="a/b")).status_code == 202
    for content in (b"small", bytes(2 * MIB + 3)):
        assert (await node.ask("POST", PIECES, content)).status_code == 201
    gone = (await node.ask("POST", PIECES, b"gone")).headers["location"]
    assert (await node.ask("DELETE", gone)).status_code == 204


async def everything(node: RunningNode) -> list[Any]:
    """Every answer that comes from the index or the log."""
    pages = [(await node.ask("GET", f"/api/v1/streams/{name}?proof=1")).json() for name in ("site/a", "site/b")]
    return [(await node.ask("GET", "/api/v1/streams")).json(), pages, node.rows("pieces", "holders", "windows")]


def break_header(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[:100] = b"\xa5" * 100
    path.write_bytes(raw)


def break_pages(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096 + 8 :] = b"\xa5" * (len(raw) - 4096 - 8)
    path.write_bytes(raw)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize("name", ["index.db", "meta.db"])
@pytest.mark.parametrize("damage", [break_header, break_pages, truncate, Path.unlink])
async def test_a_damaged_database_is_rebuilt_from_the_log(site: Site, name: str, damage: Any) -> None:
    """Same answers, same devices, same verdicts as before; the damaged file is kept aside."""
    async with running(site) as node:
        await fill(node)
        before = await everything(node)
    # As a crash leaves it: only then is a whole database checked at the start.
    with closing(sqlite3.connect(site.root / name)) as conn:
        conn.execute("UPDATE journal_facts SET value = '0' WHERE name = 'clean'")
        conn.commit()
    damage(site.root / name)
    async with running(site) as node:
        assert await everything(node) == before
        await node.refuses(403, "device-suspended", lambda: node.say(b"1", "suspended"))
        await node.refuses(403, "device-revoked", lambda: node.say(b"1", "revoked"))
        answer = await node.say(b"1", seq=100)
        assert answer.json()["first_offset"] == 5
        await node.is_healthy()
    if damage is not Path.unlink:
        assert list(site.root.glob(f"{name}.corrupt-*"))


def flip(site: Site, segment_class: str, number: int, place: int) -> None:
    path = site.paths.segments / segment_class / f"{number:08d}.seg"
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x10
    path.write_bytes(raw)


async def test_a_rotten_event_is_named_and_its_neighbours_are_served(site: Site) -> None:
    """Pages end before it; 500 `piece-damaged` at it and for its body says where to go on; all else reads as before."""
    async with running(site) as node:
        await fill(node)
        rows = node.rows("bodies")["bodies"]
        page = (await node.ask("GET", "/api/v1/streams/site/a")).json()
    (segment, position) = next(row[5:7] for row in rows if row[2] == 2)
    flip(site, "ev", segment, position + 150)
    async with running(site) as node:
        first = (await node.ask("GET", "/api/v1/streams/site/a")).json()
        on = f"/api/v1/streams/site/a?from={first['next']}"
        problem = await node.refuses(500, "piece-damaged", lambda: node.ask("GET", on))
        assert (problem["cid"], problem["next"]) == (page["events"][2]["cid"], 3)
        await node.refuses(500, "piece-damaged", lambda: node.ask("GET", f"{PIECES}/{problem['cid']}"))
        rest = (await node.ask("GET", f"/api/v1/streams/site/a?from={problem['next']}")).json()
        assert first["events"] + rest["events"] == page["events"][:2] + page["events"][3:]
        assert (await node.ask("GET", "/api/v1/streams/site/b")).status_code == 200


async def test_a_rotten_small_piece_heals_when_it_is_put_again(site: Site) -> None:
    """500 names it, the same bytes replace it, and then it reads."""
    async with running(site) as node:
        target = (await node.ask("POST", PIECES, b"small")).headers["location"]
        ((_, _, segment, position, _),) = node.rows("pieces")["pieces"]
    flip(site, "px", segment, position + 110)
    async with running(site) as node:
        await node.refuses(500, "piece-damaged", lambda: node.ask("GET", target))
        answer = await node.ask("PUT", target, b"small")
        assert (answer.status_code, answer.json()["duplicate"]) == (201, False)
        assert (await node.ask("GET", target)).content == b"small"
        assert node.rows("usage")["usage"][0][2] == 1


async def test_damage_found_at_the_start_is_told_before_anybody_reads(site: Site) -> None:
    """The middle of a sealed segment rots: at this start and the next `/readyz` says so, and the node stays ready."""
    contents = [bytes([number]) * 300_000 for number in range(4)]
    sections = {"journal": {"segment_bytes": 1_000_000}}
    async with running(site, **sections) as node:
        targets = [(await node.ask("POST", PIECES, content)).headers["location"] for content in contents]
        assert (await node.ask("POST", PIECES, b"in the next segment")).status_code == 201
    log = (site.paths.segments / "px" / "00000001.seg").read_bytes()
    place = log.index(contents[1])
    flip(site, "px", 1, place + 1_000)
    (site.paths.segments / "px" / "00000001.sum").unlink()  # without it the start reads the segment, with it not
    for start in range(2):
        with capture_logs() as lines:
            async with running(site, **sections) as node:
                ready = await told(node, "unreadable")
                assert ready["ready"] is True
                assert ready["rooms"]["content"]["state"] == "degraded"
                where = f"px/00000001 at {place - 100}; unreadable: 1 piece"
                assert ready["rooms"]["content"]["reason"].endswith(where)
                for number in (0, 2, 3):
                    assert (await node.ask("GET", targets[number])).content == contents[number]
                if start:
                    assert (await node.ask("PUT", targets[1], contents[1])).json()["duplicate"] is False
                    assert (await node.ask("GET", targets[1])).content == contents[1]
                    await node.is_healthy()
        (line,) = [line for line in lines if line["event"] == "stretch.damaged"]
        assert (line["segment"], line["offset"]) == ("px/00000001", place - 100)
        assert [line["piece"] for line in lines if line["event"] == "piece.damaged"] == [targets[1].rpartition("/")[2]]


async def told(node: RunningNode, word: str) -> dict[str, Any]:
    """What `/readyz` says once the room `content` knows what is lost."""
    with trio.fail_after(30):
        while True:
            ready = (await node.client.get("/readyz")).json()
            if word in ready["rooms"]["content"]["reason"]:
                return ready
            await trio.sleep(0.01)


async def test_a_rotten_extent_cuts_the_answer_short(site: Site) -> None:
    """Good extents leave, the bad one never does: the client sees too few bytes, and ranges before it work."""
    content = bytes(range(256)) * (3 * MIB // 256)
    async with running(site) as node:
        target = (await node.ask("POST", PIECES, content)).headers["location"]
        other = (await node.ask("POST", PIECES, b"other")).headers["location"]
        log = (site.paths.segments / "px" / "00000001.seg").read_bytes()
    place = log.index(content[:MIB], log.index(content[:MIB]) + MIB)  # the second extent
    flip(site, "px", 1, place + 1_000)
    async with running(site) as node:
        with pytest.raises(httpx.RemoteProtocolError):
            await node.ask("GET", target)
        answer = await node.ask("GET", target, headers={"range": "bytes=10-19"})
        assert (answer.status_code, answer.content) == (206, content[10:20])
        assert (await node.ask("GET", other)).content == b"other"
        assert (await node.ask("PUT", target, content)).status_code == 201
        assert (await node.ask("GET", target)).content == content
        await node.is_healthy()


async def test_a_directory_of_a_later_release_is_left_alone(site: Site) -> None:
    """NewerFormat names what is newer; not a byte is changed."""
    raw = site.paths.identity.read_bytes()
    site.paths.identity.write_bytes(raw.replace(b'"format":1', b'"format":2'))
    before = {path: path.read_bytes() for path in site.root.rglob("*") if path.is_file() and path.name != "LOCK"}
    with pytest.RaisesGroup(NewerFormat, flatten_subgroups=True):
        async with running(site):
            pass
    after = {path: path.read_bytes() for path in site.root.rglob("*") if path.is_file() and path.name != "LOCK"}
    assert after == before
    site.paths.identity.write_bytes(raw)
    async with running(site) as node:
        await node.is_healthy()


@pytest.mark.parametrize("name", ["index.db", "meta.db"])
async def test_a_database_of_a_later_release_is_left_alone(site: Site, name: str) -> None:
    """A newer database is neither read nor replaced."""
    with closing(sqlite3.connect(site.root / name)) as conn:
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        conn.execute(f"PRAGMA user_version = {version + 1}")
    with pytest.RaisesGroup(NewerFormat, flatten_subgroups=True):
        async with running(site):
            pass
    with closing(sqlite3.connect(site.root / name)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (version + 1,)
