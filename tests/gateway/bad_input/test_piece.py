"""Pieces that are not what was signed, too large, broken off, or not the asker's to delete."""

import os
from collections.abc import AsyncGenerator

import pytest
import trio
from blake3 import blake3

from edge_node.base import counters
from edge_node.base.ids import Digest
from edge_node.base.limits import MIB
from edge_node.serving.counters import REQUESTS_BROKEN
from edge_node.wire.cid import CidKind, format_cid, make_cid
from tests.gateway.rig import Site, running

PIECES = "/api/v1/pieces"
TABLES = ("pieces", "holders", "usage", "key_days")  # what a piece is; extents without a piece may lie in the log


def cid_of(content: bytes) -> str:
    return format_cid(make_cid(CidKind.RAW_PIECE, Digest(blake3(content).digest())))


@pytest.mark.parametrize("size", [10, 100_000, 3 * MIB + 1])
async def test_a_body_other_than_the_signed_one(site: Site, size: int) -> None:
    """422 and nothing kept, whether the body came inline or in extents; the right bytes are then no duplicate."""
    async with running(site) as node:
        signed, sent = bytes(size), bytes(size - 1) + b"x"
        digest = Digest(blake3(signed).digest())
        problem = await node.refuses(
            422,
            "body-digest-mismatch",
            lambda: node.ask("POST", PIECES, sent, body_digest=digest),
            tables=TABLES,
        )
        assert (problem["signed"], problem["got"]) == (cid_of(signed), cid_of(sent))
        target = f"{PIECES}/{cid_of(signed)}"
        await node.refuses(
            422, "cid-mismatch", lambda: node.ask("PUT", target, sent, body_digest=digest), tables=TABLES
        )
        await node.refuses(404, "unknown-piece", lambda: node.ask("GET", f"{PIECES}/{cid_of(sent)}"))
        assert (await node.ask("PUT", target, signed)).status_code == 201


async def test_a_cid_other_than_the_signed_body_s(site: Site) -> None:
    """The URL and the signature disagree: refused before a byte of the body is read."""
    async with running(site) as node:
        target = f"{PIECES}/{cid_of(b'other')}"
        problem = await node.refuses(422, "cid-mismatch", lambda: node.ask("PUT", target, b"content"))
        assert problem["got"] == cid_of(b"content")
        legacy = "bafk2bzacea" + "a" * 51
        answer = await node.ask("PUT", f"{PIECES}/{legacy}", b"content")
        assert answer.status_code in {400, 422}


async def test_an_oversize_piece(site: Site) -> None:
    """Refused at once when announced, and where it passes the limit when not; the limit itself is stored."""
    async with running(site, store={"piece_bytes_max": 100_000}) as node:
        assert (await node.ask("POST", PIECES, bytes(100_000))).status_code == 201
        await node.refuses(413, "body-too-large", lambda: node.ask("POST", PIECES, bytes(100_001)))

        async def chunks() -> AsyncGenerator[bytes, None]:
            for _ in range(11):
                yield bytes(10_000)

        async def send():
            proof = {"edge-request": node.proof("POST", PIECES, bytes(110_000))}
            return await node.client.post(PIECES, content=chunks(), headers=proof)

        await node.refuses(413, "body-too-large", send, tables=TABLES)


async def test_an_upload_that_breaks_off(site: Site) -> None:
    """The extents of half a piece make no piece, and the segments they fill are given back."""
    async with running(site, journal={"segment_bytes": MIB}) as node:
        content = os.urandom(4 * MIB)
        for _ in range(2):
            head = (
                f"POST {PIECES} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(content)}\r\n"
                f"Edge-Request: {node.proof('POST', PIECES, content)}\r\n\r\n"
            )
            await node.refuses(
                400,
                "body-truncated",
                lambda head=head: node.raw(head.encode() + content[: 3 * MIB + 5], finish=True),
                tables=TABLES,
            )
        segments = site.paths.segments / "px"
        assert len(list(segments.glob("*.seg"))) > 4
        assert (await node.ask("POST", PIECES, content)).status_code == 201
        assert (await node.ask("POST", PIECES, b"the next one cleans up")).status_code == 201
        assert len(list(segments.glob("*.seg"))) <= 7
        assert (await node.ask("GET", f"{PIECES}/{cid_of(content)}")).content == content


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
async def test_a_range_that_begins_behind_the_end(site: Site, asked: str) -> None:
    """416 says how much there is, in Content-Range and in the problem."""
    async with running(site) as node:
        target = (await node.ask("POST", PIECES, b"0123456789")).headers["location"]
        problem = await node.refuses(
            416, "range-not-satisfiable", lambda: node.ask("GET", target, headers={"range": asked})
        )
        assert problem["size"] == 10
        answer = await node.ask("GET", target, headers={"range": asked})
        assert answer.headers["content-range"] == "bytes */10"


async def test_deletes_that_may_not_be(site: Site) -> None:
    """What is not held is unknown, a second time too; an event's body leaves with its stream."""
    async with running(site) as node:
        cid = (await node.say(b'{"celsius":21}')).json()["cid"]
        problem = await node.refuses(409, "event-body", lambda: node.ask("DELETE", f"{PIECES}/{cid}"))
        assert problem["cid"] == cid
        assert (await node.ask("GET", f"{PIECES}/{cid}")).content == b'{"celsius":21}'
        target = (await node.ask("POST", PIECES, b"content")).headers["location"]
        assert (await node.ask("DELETE", target)).status_code == 204
        await node.refuses(404, "unknown-piece", lambda: node.ask("DELETE", target))
        await node.refuses(404, "unknown-piece", lambda: node.ask("GET", target))


async def test_a_reader_slower_than_delete_and_reclaim(site: Site) -> None:
    """Its connection is cut short of Content-Length; that is counted as what it is, and as no damage and no fault."""
    content = bytes(range(256)) * (40 * MIB // 256)
    async with running(site, journal={"segment_bytes": 4 * MIB}) as node:
        target = (await node.ask("POST", PIECES, content)).headers["location"]
        assert (await node.ask("POST", PIECES, bytes(5 * MIB))).status_code == 201
        counted = [counters.refusals(slug) for slug in ("piece-gone", "piece-damaged")]
        broken = REQUESTS_BROKEN._value.get()
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as stream:
            head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nEdge-Request: {node.proof('GET', target)}\r\n\r\n"
            await stream.send_all(head.encode())
            got = 0
            while got <= MIB:
                got += len(await stream.receive_some())
            assert (await node.ask("DELETE", target)).status_code == 204
            while part := await stream.receive_some():
                got += len(part)
        assert MIB < got < 40 * MIB
        assert [counters.refusals(slug) for slug in ("piece-gone", "piece-damaged")] == [counted[0] + 1, counted[1]]
        assert REQUESTS_BROKEN._value.get() == broken
        await node.refuses(404, "unknown-piece", lambda: node.ask("GET", target))
        assert (await node.ask("POST", PIECES, content)).json()["duplicate"] is False
        assert (await node.ask("GET", target)).content == content


async def test_deletes_of_one_piece_at_once(site: Site) -> None:
    """One of them deletes; the others find nothing."""
    async with running(site) as node:
        target, statuses = (await node.ask("POST", PIECES, b"content")).headers["location"], []

        async def delete() -> None:
            statuses.append((await node.ask("DELETE", target)).status_code)

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(delete)
        assert sorted(statuses) == [204, 404, 404, 404]
        await node.is_healthy()
