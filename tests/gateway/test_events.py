"""POST /events: the happy ways through the door, and what its answer says."""

import msgspec

from edge_node.base.ids import StreamName
from edge_node.gateway.events import render_receipt
from edge_node.store.streams.submission import Receipt
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.rig import Site, running

BATCH = (
    b'[{"specversion":"1.0","id":"%d","source":"s","type":"t"},{"specversion":"1.0","id":"b","source":"s","type":"t"}]'
)


async def test_every_kind_of_body(site: Site) -> None:
    """CloudEvents, batches, NDJSON, JSON and opaque bytes lie in one stream one after the other."""
    bodies = [
        ("application/cloudevents+json", BATCH[1:].split(b",{")[0] % 1, 1),
        ("application/cloudevents-batch+json; charset=utf-8", BATCH % 2, 2),
        ("application/x-ndjson", b'{"a":1}\n{"a":2}\n{"a":3}', 3),
        ("application/json", b"21.5", 1),
        ("image/png", b"\x89PNG", 1),
    ]
    async with running(site) as node:
        offset = 0
        for content_type, body, count in bodies:
            answer = await node.say(body, content_type=content_type)
            assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")
            assert answer.json() == {
                "cid": format_cid(raw_piece_cid(body)), "stream": "site/a", "first_offset": offset, "count": count,
                "duplicate": False,
            }  # fmt: skip
            offset += count


async def test_a_chunked_body_is_as_good_as_a_measured_one(site: Site) -> None:
    """The signature does not care how the bytes came."""

    async def parts():
        yield b'{"a"'
        yield b":1}"

    async with running(site) as node:
        answer = await node.post(node.event(b'{"a":1}'), parts())
        assert answer.status_code == 202


def test_the_receipt_is_json_by_hand() -> None:
    """The text equals what an encoder would write, for every stream name there can be."""
    for name in ("a", "site/a.b_c-d", "0" * 127):
        for duplicate in (False, True):
            receipt = Receipt(raw_piece_cid(b"x"), StreamName(name), 2**53 - 1, 10_000, duplicate)
            response = render_receipt(receipt)
            assert response.status == 202
            assert msgspec.json.decode(response.body) == {
                "cid": format_cid(receipt.cid), "stream": name, "first_offset": 2**53 - 1, "count": 10_000,
                "duplicate": duplicate,
            }  # fmt: skip
