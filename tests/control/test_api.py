"""The routes over the real sockets: what both show, what viewers never see or do, and what is no request at all."""

import itertools
import json
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest
import trio

from edge_node.base.ids import Digest, StreamName
from edge_node.base.log_ring import LOG_RING
from edge_node.base.log_text import bound_entry
from edge_node.client.errors import NodeRefusal, NodeUnreachable
from edge_node.control.payload import PAYLOAD_FIELDS
from edge_node.wire.cid import CidKind, format_cid, make_cid, raw_piece_cid
from tests.control.rig import ANSWER_S, Door, at_the_door, refused
from tests.gateway.rig import Site

SECRET = "only-the-operator-reads-this"


def names_in(value: Any) -> set[str]:
    """The names of all members, those inside a payload left out."""
    match value:
        case dict():
            shown = [one for name, one in value.items() if name not in PAYLOAD_FIELDS]
            return set(value) | set().union(*map(names_in, shown))
        case list():
            return set().union(*map(names_in, value))
    return set()


async def fill(door: Door) -> str:
    """Events and a piece with a secret in them; the piece's CID."""
    for number in range(3):
        answer = await door.node.say(json.dumps({"n": number, "text": SECRET}).encode())
        assert answer.status_code == 202
    opaque = door.node.event(SECRET.encode(), content_type="text/plain")
    assert (await door.node.post(opaque, SECRET.encode())).status_code == 202
    put = await door.node.ask("POST", "/api/v1/pieces", f"{SECRET} in a piece".encode())
    assert put.status_code == 201
    return str(put.json()["cid"])


def targets(cid: str, key: str) -> list[str]:
    """Every route to be read, with something in it."""
    stream = "/v1/streams/site%2Fa/events"
    lists = ["node", "streams", "pieces", "chain", "devices", "settings", "logs", "refusals", "audit", "commands"]
    return [*(f"/v1/{name}" for name in lists), stream, f"/v1/pieces/{cid}", f"/v1/devices/{key}"]


async def test_every_list_answers_on_both_sockets_with_the_same_fields(site: Site) -> None:
    """What viewers get differs by payload fields alone."""
    async with at_the_door(site) as door:
        cid = await fill(door)
        key = (await door.control.get("/v1/devices"))["devices"][0]["key"]
        for target in targets(cid, key):
            ours, theirs = await door.control.get(target), await door.view.get(target)
            assert names_in(theirs) == names_in(ours) - PAYLOAD_FIELDS, target
            assert SECRET not in json.dumps(theirs), target
        assert SECRET in json.dumps(await door.control.get(targets(cid, key)[-3]))
        assert "edge_node_ready" in await door.control.get_text("/v1/metrics")
        assert SECRET not in await door.view.get_text("/v1/metrics")


async def test_a_node_without_a_chain_has_no_anchor(site: Site) -> None:
    """It says so, and what to set."""
    async with at_the_door(site) as door:
        assert (await door.view.get("/v1/chain"))["state"] == "off"
        async with refused(404, "no-chain"):
            await door.view.get("/v1/chain/anchor")


async def test_viewers_get_no_content(site: Site) -> None:
    """The bytes of a piece are refused to them, and shown to operators checked and in part."""
    async with at_the_door(site) as door:
        cid = await fill(door)
        part = await door.control.get(f"/v1/pieces/{cid}/content", {"from": 5, "length": 3})
        assert (part["bytes"], part["from"], part["length"], part["content_base64"]) == (len(SECRET) + 11, 5, 3, "dGhl")
        async with refused(403, "access-denied"):
            await door.view.get(f"/v1/pieces/{cid}/content")
        beyond = await door.control.get(f"/v1/pieces/{cid}/content", {"from": 10**6})
        assert beyond["length"] == 0
        async with refused(400, "bad-parameter"):
            await door.control.get(f"/v1/pieces/{cid}/content", {"length": 1_048_577})


async def test_a_viewer_may_only_read(site: Site) -> None:
    """Every other method on every path is refused before anything is looked at, and nothing happens."""
    async with at_the_door(site) as door:
        before = await door.control.get("/v1/devices")
        paths = ["/v1/node", "/v1/commands/node.stop", "/v1/commands/device.revoke/plan", "/v1/events", "/nothing"]
        transport = httpx.AsyncHTTPTransport(uds=str(door.view.path))
        async with httpx.AsyncClient(transport=transport, base_url="http://n", timeout=ANSWER_S) as client:
            for path in paths:
                for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
                    answer = await client.request(method, path, content=b"{}")
                    assert answer.status_code == 403, (method, path, answer.text)
                    assert answer.json()["type"].endswith(":view-only")
                head = await client.head("/v1/node")
                assert (head.status_code, head.content) == (200, b"")
        assert await door.control.get("/v1/devices") == before
        with trio.fail_after(ANSWER_S):
            while not (rows := (await door.control.get("/v1/audit", {"reason": "view-only"}))["rows"]):
                await trio.sleep(0.1)
        assert (rows[0]["resource"], rows[0]["source"].startswith("view uid=")) == ("control", True)
        last = (await door.control.get("/v1/refusals", {"slug": "view-only"}))["refusals"][0]
        assert (last["door"], last["peer"].startswith("uid=")) == ("unix", True)
        assert (await door.view.get("/v1/node"))["access"] == "ro"
        assert (await door.control.get("/v1/node"))["access"] == "rw"


async def test_a_viewer_cannot_use_an_operator_s_token(site: Site) -> None:
    """A token does not widen a socket."""
    async with at_the_door(site) as door:
        planned = await door.control.plan("log.level", {"level": "error"})
        async with refused(403, "view-only"):
            await door.view.execute("log.level", planned.token)


async def test_no_tcp_door_serves_these_paths(site: Site) -> None:
    """The table of the HTTP door does not know them, whatever Host says."""
    async with at_the_door(site) as door:
        for path in ("/v1/node", "/v1/events", "/v1/commands/node.stop", "/v1/devices"):
            for method in ("GET", "POST"):
                answer = await door.node.client.request(
                    method, path, headers={"host": "node"} if method == "POST" else {}
                )
                assert answer.status_code in {404, 421}, answer.text


async def test_a_browser_is_refused(site: Site) -> None:
    """Should somebody forward the socket to a port, no page can use it."""
    async with at_the_door(site) as door:
        headers = ("Origin: null", "Origin: http://node", "Sec-Fetch-Mode: cors", "sec-fetch-site: none")
        for header, view in itertools.product(headers, (True, False)):
            answer = await door.raw(f"GET /v1/node HTTP/1.1\r\nHost: n\r\n{header}\r\n\r\n".encode(), view=view)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:edge-node:problem:browser-refused")


async def test_what_is_no_request_ends_that_connection_alone(site: Site) -> None:
    """Half a request, another protocol, an endless line, hostile bytes: the door goes on for others."""
    async with at_the_door(site) as door:
        for data in (
            b"\x16\x03\x01\x02\x00",
            b"GET /v1/node\r\n\r\n",
            b"\x00" * 100,
            b"GET / HTTP/1.1\r\nA: " + b"x" * 99_999,
        ):
            answer = await door.raw(data)
            assert answer.status_code in {400, 431}, data[:20]
        async with await trio.open_unix_socket(str(door.control.path)) as half:
            await half.send_all(b'POST /v1/commands/log.level HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\n{"tok')
            assert (await door.control.get("/v1/node"))["ready"] is True
        assert (await door.control.get("/v1/node"))["ready"] is True


WRONG = [
    ("/v2/node", 404, "version-unknown"),
    ("/v0", 404, "version-unknown"),
    ("/v1/nothing", 404, "no-such-path"),
    ("/", 404, "no-such-path"),
    ("/v1/streams?limit=1001", 400, "bad-parameter"),
    ("/v1/streams?limit=0", 400, "bad-parameter"),
    ("/v1/streams?vault=xy", 400, "bad-parameter"),
    ("/v1/streams/none/events", 404, "unknown-stream"),
    ("/v1/streams/%00/events", 400, "malformed-request"),
    ("/v1/streams/UPPER/events", 400, "malformed-id"),
    ("/v1/pieces?after=nonsense", 400, "bad-parameter"),
    ("/v1/pieces?cid=zz", 400, "bad-parameter"),
    ("/v1/pieces?cid=b!!", 400, "bad-parameter"),
    ("/v1/pieces/nonsense", 400, "malformed-cid"),
    ("/v1/devices?after=nonsense", 400, "bad-parameter"),
    ("/v1/devices?status=tired", 400, "bad-parameter"),
    ("/v1/devices/nobody", 404, "unknown-device"),
    ("/v1/logs?level=loud", 400, "bad-parameter"),
    ("/v1/logs?after=-1", 400, "bad-parameter"),
    ("/v1/refusals?after=x", 400, "bad-parameter"),
    ("/v1/audit?holder=x", 400, "bad-parameter"),
    ("/v1/audit?allowed=perhaps", 400, "bad-parameter"),
    ("/v1/events?topics=node,gossip", 400, "topic-unknown"),
]


async def test_wrong_questions_are_refused_by_name(site: Site) -> None:
    """On both sockets alike, with what is wrong."""
    async with at_the_door(site) as door:
        for path, status, slug in WRONG:
            for client in (door.control, door.view):
                async with refused(status, slug):
                    await client.get(path)


async def test_an_unknown_piece_is_named(site: Site) -> None:
    """Its CID is in the refusal."""
    async with at_the_door(site) as door:
        cid = format_cid(raw_piece_cid(b"nothing"))
        async with refused(404, "unknown-piece") as caught:
            await door.control.get(f"/v1/pieces/{cid}")
        assert cid in str(caught[0])


async def test_a_hundred_thousand_rows_are_paged(site: Site) -> None:
    """Page after page, each row once, in order; a page in the middle costs no more than the first."""
    with closing(sqlite3.connect(site.paths.index_db)) as conn, conn:
        cids = [bytes(make_cid(CidKind.RAW_PIECE, Digest(n.to_bytes(32, "big")))) for n in range(100_000)]
        conn.executemany("INSERT INTO pieces VALUES(?, 1, 1, 100, x'90')", [(cid,) for cid in cids])
        rows = [(site.vault, f"bulk/{n:06d}") for n in range(100_000)]
        conn.executemany(
            "INSERT INTO streams(vault, name, next_offset, bodies, bytes, last_received_ms) VALUES(?,?,0,0,0,0)", rows
        )
    async with at_the_door(site) as door:
        pages = [page async for page in door.view.iterate("/v1/pieces", "pieces")]
        assert [len(page) for page in pages] == [1_000] * 100
        assert len({row["cid"] for page in pages for row in page}) == 100_000
        found = await door.control.get("/v1/streams", {"after": "bulk/049999", "limit": 2})
        assert [row["stream"] for row in found["streams"]] == ["bulk/050000", "bulk/050001"]
        assert found["next"] == "bulk/050001"
        last = await door.control.get("/v1/streams", {"after": "bulk/099998", "limit": 2})
        assert ([row["stream"] for row in last["streams"]], last["next"]) == (["bulk/099999"], None)
        assert (await door.control.get("/v1/node"))["events"]["streams"] == 100_000


async def test_a_log_line_of_ten_megabytes_is_cut(site: Site) -> None:
    """It is shown cut, the door stays quick, and hostile bytes stay inside JSON."""
    async with at_the_door(site) as door:
        hostile = "\x1b]0;owned\x07\u202e\x00"
        entry = {"event": "line.swollen", "level": "warning", "reason": "y" * 10_000_000, "name": hostile}
        LOG_RING(None, "warning", bound_entry(None, "warning", entry))
        page = await door.control.get("/v1/logs", {"name": "line.swollen"})
        [line] = page["lines"]
        assert len(line["fields"]["reason"]) < 2_000
        assert line["fields"]["name"] == hostile
        assert (page["next"], page["last"]) == (str(line["n"]), line["n"])
        assert (await door.control.get("/v1/logs", {"after": line["n"]}))["lines"] == []


async def test_hostile_names_are_data(site: Site) -> None:
    """In a query, in a path, in a command's arguments: refused or looked up, never interpreted."""
    async with at_the_door(site) as door:
        for text in ("a\x00b", "\x1b[2J"):
            async with refused(400, "malformed-request"):  # no server of ours takes control characters in a target
                await door.control.get("/v1/streams", {"filter": text})
        for text in ("'; DROP TABLE streams;--", "%_", "\u202eabc", "x" * 256):
            assert (await door.control.get("/v1/streams", {"filter": text}))["streams"] == []
            assert (await door.control.get("/v1/devices", {"filter": text}))["devices"] == []
            assert "lines" in await door.control.get("/v1/logs", {"text": text})
            with pytest.raises(NodeRefusal):
                await door.control.plan("device.suspend", {"device": text})
            with pytest.raises(NodeRefusal):
                await door.control.plan("device.enrol", {"name": f"\x1b{text}", "key": "00" * 32})


async def test_events_by_offset_and_by_the_end(site: Site) -> None:
    """From an offset, or the newest so many."""
    async with at_the_door(site) as door:
        await fill(door)
        path = "/v1/streams/site%2Fa/events"
        assert [one["offset"] for one in (await door.control.get(path))["events"]] == [0, 1, 2, 3]
        assert [one["offset"] for one in (await door.control.get(path, {"from": 2}))["events"]] == [2, 3]
        assert [one["offset"] for one in (await door.control.get(path, {"last": 2}))["events"]] == [2, 3]
        assert [one["offset"] for one in (await door.control.get(path, {"last": 99, "limit": 3}))["events"]] == [
            1,
            2,
            3,
        ]
        whole = (await door.control.get(path, {"from": 0, "limit": 1}))["events"][0]
        assert (whole["event"]["n"], whole["key"]) == (0, door.node.event(b"{}").key.hex())


async def test_reading_a_stream_here_is_in_the_audit(site: Site) -> None:
    """Who read, by which socket, which resource; once a second it is on the disk."""
    async with at_the_door(site) as door:
        await fill(door)
        await door.view.get("/v1/streams/site%2Fa/events")
        with trio.fail_after(ANSWER_S):
            while not (rows := (await door.control.get("/v1/audit", {"verb": "read"}))["rows"]):
                await trio.sleep(0.1)
        assert rows[0]["resource"].endswith("/streams/site/a")
        assert rows[0]["source"].startswith("view uid=")
        assert rows[0]["allowed"] is True
        name = StreamName("site/a")
        filtered = await door.control.get(
            "/v1/audit", {"verb": "append", "resource": f"vault/{site.vault}/streams/{name}"}
        )
        assert {row["verb"] for row in filtered["rows"]} == {"append"}
        pages = [page async for page in door.control.iterate("/v1/audit", "rows", {"limit": 2})]
        numbers = [row["n"] for page in pages for row in page]
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) == len(numbers) >= 5


async def test_one_process_cannot_take_every_connection(site: Site) -> None:
    """Sixteen of one process are served, the next is told; another socket is not touched."""
    async with at_the_door(site) as door:
        opened = [await trio.open_unix_socket(str(door.control.path)) for _ in range(17)]
        with trio.fail_after(ANSWER_S):
            said = await opened[16].receive_some()
        assert said.startswith(b"HTTP/1.1 503")
        assert (await door.view.get("/v1/node"))["ready"] is True
        for one in opened:
            await one.aclose()


async def test_after_the_end_nobody_answers(site: Site) -> None:
    """The files are gone with the node."""
    async with at_the_door(site) as door:
        control = door.control
    assert not control.path.exists()
    with pytest.raises(NodeUnreachable):
        await control.get("/v1/node")
