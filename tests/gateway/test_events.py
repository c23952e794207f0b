"""Posting events: every kind of body, every path to the door, receipts that hold."""

import pytest

from edge_node.base.ids import StreamName
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.rig import Site, running

CLOUD = b'{"specversion":"1.0","id":"1","source":"urn:a","type":"t","data":{"c":21.5}}'
BODIES = [
    ("application/json", b"[1, 2.5, null]", 1),
    ("application/cloudevents+json", CLOUD, 1),
    ("application/cloudevents-batch+json; charset=utf-8", b"[" + CLOUD + b"," + CLOUD + b"]", 2),
    ("application/x-ndjson", b'{"a":1}\n{"a":2}\r\n{"a":3}', 3),
    ("image/jpeg", bytes(range(256)), 1),
]


async def test_every_form_of_body_gets_its_receipt(site: Site) -> None:
    """The CID is the body's, offsets follow each other, the count is the body's number of events."""
    async with running(site) as node:
        offset = 0
        for content_type, body, count in BODIES:
            answer = await node.say(body, content_type=content_type)
            assert answer.status_code == 202, answer.text
            assert answer.json() == {
                "cid": format_cid(raw_piece_cid(body)),
                "stream": "site/a",
                "first_offset": offset,
                "count": count,
                "duplicate": False,
            }
            offset += count


@pytest.mark.parametrize("path", ["/events", "/events/site/a", "/api/v1/events", "/api/v1/events/site/a"])
async def test_every_path_to_the_door_is_the_same_door(site: Site, path: str) -> None:
    """The alias and the stream in the URL change nothing."""
    async with running(site) as node:
        body = b"{}"
        assert (await node.post(node.event(body), body, path=path)).status_code == 202


async def test_a_repeat_gets_the_first_receipt_even_after_a_restart(site: Site) -> None:
    """Same bytes, same answer, marked as duplicate; nothing is stored twice."""
    async with running(site) as node:
        body = b'{"n":1}'
        header = node.event(body)
        first = (await node.post(header, body)).json()
        assert (await node.post(header, body)).json() == first | {"duplicate": True}
        rows = node.rows("bodies")
    async with running(site) as node:
        assert (await node.post(header, body)).json() == first | {"duplicate": True}
        assert node.rows("bodies") == rows


async def test_streams_below_a_prefix_are_each_their_own(site: Site) -> None:
    """A device enrolled for `site` writes to `site` and below; each stream counts from 0."""
    async with running(site) as node:
        for name in ("site", "site/a/b", "site/c"):
            answer = await node.say(b"{}", stream=StreamName(name))
            assert answer.json()["first_offset"] == 0
