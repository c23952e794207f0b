"""Reading streams: pages, their edges, and proofs that hold without trusting the node."""

import base64
import json

from edge_node.trust.signed_event import parse_event_header, verify_event
from edge_node.wire.cid import content_matches, parse_cid
from tests.gateway.rig import RunningNode, Site, running

BATCH = "application/x-ndjson"


async def filled(node: RunningNode, bodies: int = 3, each: int = 4) -> None:
    for number in range(bodies):
        lines = [b'{"body":%d,"item":%d}' % (number, item) for item in range(each)]
        assert (await node.say(b"\n".join(lines), content_type=BATCH)).status_code == 202


async def page(node: RunningNode, query: str, who: str = "reader") -> dict[str, object]:
    answer = await node.ask("GET", f"/api/v1/streams/site/a?{query}", who=who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_pages_cut_through_bodies_and_follow_each_other(site: Site) -> None:
    """Any limit gives the same events in the same order, each once, to the end."""
    async with running(site) as node:
        await filled(node)
        for limit in (1, 3, 5, 12, 100):
            events, start = [], 0
            while True:
                answer = await page(node, f"from={start}&limit={limit}")
                events += answer["events"]  # type: ignore[operator]
                assert len(answer["events"]) <= limit  # type: ignore[arg-type]
                start = answer["next"]  # type: ignore[assignment]
                if start == answer["end"]:
                    break
            assert [event["offset"] for event in events] == list(range(12))
            assert [event["event"] for event in events] == [{"body": n // 4, "item": n % 4} for n in range(12)]


async def test_a_page_beyond_the_end_is_empty_and_says_where_the_end_is(site: Site) -> None:
    """Asking ahead is no error: the next answer may have more."""
    async with running(site) as node:
        await filled(node, bodies=1)
        assert await page(node, "from=4") | {"vault": ""} == {
            "stream": "site/a", "vault": "", "events": [], "next": 4, "end": 4,
        }  # fmt: skip
        assert (await page(node, "from=1000"))["next"] == 4


async def test_a_proof_holds_without_the_node(site: Site) -> None:
    """Body, header and CID of every touched body come along, whole, and verify with public code alone."""
    async with running(site) as node:
        await filled(node)
        answer = await page(node, "from=5&limit=4&proof=1")
        proofs = answer["proofs"]
        assert [proof["first_offset"] for proof in proofs] == [4, 8]  # type: ignore[attr-defined]
        for proof in proofs:  # type: ignore[attr-defined]
            body = base64.b64decode(proof["body_base64"], validate=True)
            header = parse_event_header(proof["signature"], proof["content_type"])
            assert content_matches(parse_cid(proof["cid"]), body)
            assert verify_event(header, body)
            items = [json.loads(line) for line in body.splitlines()]
            for event in answer["events"]:  # type: ignore[attr-defined]
                if event["cid"] == proof["cid"]:
                    assert event["event"] == items[event["item"]]


async def test_opaque_bodies_come_back_in_base64(site: Site) -> None:
    """Bytes that are no JSON stand in data_base64."""
    async with running(site) as node:
        await node.say(bytes(range(256)), content_type="application/octet-stream")
        (event,) = (await page(node, ""))["events"]  # type: ignore[misc]
        assert base64.b64decode(event["data_base64"]) == bytes(range(256))  # type: ignore[call-overload]


async def test_streams_are_listed_with_their_figures(site: Site) -> None:
    """Events, bodies, bytes and offsets add up."""
    async with running(site) as node:
        await filled(node)
        answer = await node.ask("GET", "/api/v1/streams", who="reader")
        (stream,) = answer.json()["streams"]
        assert (stream["stream"], stream["events"], stream["bodies"]) == ("site/a", 12, 3)
        assert (stream["first_offset"], stream["next_offset"]) == (0, 12)


async def test_reading_needs_the_right(site: Site) -> None:
    """A device may write and not read; an unknown stream is 404 only to who may read it."""
    async with running(site) as node:
        await filled(node)
        assert (await node.ask("GET", "/api/v1/streams/site/a", who="device")).status_code == 403
        assert (await node.ask("GET", "/api/v1/streams/none", who="reader")).status_code == 404
        assert (await node.ask("GET", "/api/v1/streams/none", who="stranger")).status_code == 401
