"""Retention as seen over HTTP: pages, anchors, pieces and subscriptions of a node that removes what is too much."""

import json

import httpx
import pytest
import trio

from edge_node.base.ids import PublicKey
from edge_node.trust.key_certificate import KeyUse, open_key_certificate
from edge_node.trust.retention_anchor import anchor_digest, open_anchor, require_chain
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.rig import CLOCK, RunningNode, Site, running

STREAM, ANCHORS = "/api/v1/streams/site/a", "/api/v1/anchors/site/a"
BODIES = [b'{"n":%d}' % number for number in range(9)]
KEEP_TWO = {"bytes_max": 2 * len(BODIES[0]), "interval_s": 1.0}


async def filled(node: RunningNode) -> list[httpx.Response]:
    """Nine bodies, of which a policy of two keeps two; waits until it has."""
    said = [await node.say(body) for body in BODIES]
    with trio.fail_after(20):
        while (await node.ask("GET", ANCHORS)).json()["first"] < len(BODIES) - 2:
            await trio.sleep(0.1)
    return said


async def follow(node: RunningNode, target: str, until: str) -> str:
    """What an SSE subscription is sent until `until` comes."""
    head = f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{node.port}\r\naccept: text/event-stream\r\n"
    head += f"edge-request: {node.proof('GET', target)}\r\n\r\n"
    text = ""
    async with await trio.open_tcp_stream("127.0.0.1", node.port) as stream:
        await stream.send_all(head.encode())
        with trio.fail_after(20):
            while until not in text:
                text += (await stream.receive_some()).decode()
    return text


def envelope(document: object) -> bytes:
    return json.dumps(document).encode()


async def test_a_node_removes_what_is_too_much_and_gives_its_word_for_it(site: Site) -> None:
    """The page says what is missing, the anchors say what it was, and a stranger can check them."""
    async with running(site, retention=KEEP_TWO) as node:
        await filled(node)
        page = (await node.ask("GET", STREAM)).json()
        assert [event["offset"] for event in page["events"]] == [7, 8]
        assert (page["first"], page["next"], page["end"]) == (7, 9, 9)
        assert page["gap"] == {"from": 0, "to": 7, "reason": "retention"}
        later = (await node.ask("GET", STREAM + "?from=8")).json()
        assert (later["first"], "gap" in later) == (7, False)
        (listed,) = (await node.ask("GET", "/api/v1/streams")).json()["streams"]
        assert (listed["events"], listed["bodies"], listed["first_offset"]) == (2, 2, 7)
        answer = (await node.ask("GET", ANCHORS, who="reader")).json()
        assert (answer["first"], answer["next"], answer["end"]) == (7, len(answer["anchors"]) + 1, answer["next"])
        info = (await node.client.get("/info")).json()
        key = PublicKey.parse(info["node"])
        (certificate,) = info["certificates"]
        open_key_certificate(envelope(certificate), key, CLOCK.now_ms(), use=KeyUse.RECEIPT)
        chain = []
        for entry in answer["anchors"]:
            assert entry["certificate"] == certificate
            raw = envelope(entry["anchor"])
            chain.append((open_anchor(raw, envelope(entry["certificate"]), key), anchor_digest(raw)))
        require_chain(chain)
        assert (chain[0][0].start, chain[-1][0].first, chain[-1][0].last_cid) == (0, 7, raw_piece_cid(BODIES[6]))
        assert (await node.client.get("/readyz")).json()["rooms"]["retention"]["state"] == "running"


async def test_what_is_gone_is_gone_for_every_door(site: Site) -> None:
    """As a piece, as a repeat, and for who follows the stream from its start."""
    async with running(site, retention=KEEP_TWO) as node:
        first = node.event(BODIES[0])
        assert (await node.post(first, BODIES[0])).status_code == 202
        await filled(node)
        problem = await node.refuses(409, "sequence-too-old", lambda: node.post(first, BODIES[0]), tables=("bodies",))
        assert "sequence" in problem["title"].lower()
        gone, kept = (f"/api/v1/pieces/{format_cid(raw_piece_cid(body))}" for body in (BODIES[1], BODIES[-1]))
        assert (await node.ask("GET", gone)).status_code == 404
        assert (await node.ask("GET", kept)).content == BODIES[-1]
        text = await follow(node, STREAM + "?from=0", until='"n":8')
        assert '"from":0,"to":8,"reason":"retention"' in text.replace(" ", "")
        assert '"n":6' not in text


async def test_a_restart_and_a_lost_index_change_nothing(site: Site) -> None:
    """What was removed stays removed, and a keeper of nothing goes on where it was."""
    async with running(site, retention=KEEP_TWO) as node:
        await filled(node)
        before = (await node.ask("GET", STREAM)).json(), (await node.ask("GET", ANCHORS)).json()
    for path in site.root.glob("index.db*"):
        path.unlink()
    async with running(site) as node:
        assert ((await node.ask("GET", STREAM)).json(), (await node.ask("GET", ANCHORS)).json()) == before
        node.numbers = iter(range(100, 200))
        assert (await node.say(BODIES[0])).json()["first_offset"] == 9


async def test_anchors_come_in_pages(site: Site) -> None:
    """From a number on; beyond the last there are none."""
    async with running(site, retention=KEEP_TWO) as node:
        await filled(node)
        end = (await node.ask("GET", ANCHORS)).json()["end"]
        one = (await node.ask("GET", ANCHORS + "?limit=1")).json()
        assert ([entry["number"] for entry in one["anchors"]], one["next"]) == ([1], 2)
        beyond = (await node.ask("GET", f"{ANCHORS}?from={end + 5}")).json()
        assert (beyond["anchors"], beyond["next"], beyond["end"]) == ([], end, end)


@pytest.mark.parametrize("query", ["?from=0", "?limit=0", "?limit=1001", "?from=x", "?vault=5"])
async def test_parameters_out_of_reason_are_refused(site: Site, query: str) -> None:
    """Numbers count from 1, and an answer is bounded."""
    async with running(site) as node:
        await node.refuses(400, "bad-parameter", lambda: node.ask("GET", ANCHORS + query), tables=("bodies",))


async def test_anchors_want_the_right_to_read(site: Site) -> None:
    """Without a signature, without a role, without a stream."""
    async with running(site) as node:
        await node.say(BODIES[0])
        await node.refuses(401, "signature-missing", lambda: node.client.get(ANCHORS), tables=("bodies",))
        await node.refuses(403, "access-denied", lambda: node.ask("GET", ANCHORS, who="device"), tables=("bodies",))
        other = "/api/v1/anchors/site/none"
        await node.refuses(404, "unknown-stream", lambda: node.ask("GET", other), tables=("bodies",))
        assert (await node.ask("GET", ANCHORS)).json()["anchors"] == []
