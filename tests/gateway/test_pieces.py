"""/api/v1/pieces: content in and out over HTTP."""

import os

import pytest

from edge_node.base.limits import MIB
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.rig import Site, running

PIECES = "/api/v1/pieces"


@pytest.mark.parametrize("size", [0, 10, 65_537, 5 * MIB + 3])
async def test_a_piece_s_life(site: Site, size: int) -> None:
    """Put, put again, look at, read, read a part, delete: every answer as documented."""
    content = os.urandom(size)
    cid = format_cid(raw_piece_cid(content))
    async with running(site) as node:
        put = await node.ask("POST", PIECES, content)
        assert (put.status_code, put.headers["location"]) == (201, f"{PIECES}/{cid}")
        assert put.json() == {"cid": cid, "size": size, "duplicate": False}
        target = put.headers["location"]
        again = await node.ask("PUT", target, content)
        assert (again.status_code, again.json()["duplicate"]) == (200, True)
        head = await node.ask("HEAD", target)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(size), b"")
        got = await node.ask("GET", target)
        assert got.content == content
        assert dict(got.headers) | {
            "etag": f'"{cid}"',
            "accept-ranges": "bytes",
            "cache-control": "private, immutable, max-age=31536000",
            "content-type": "application/octet-stream",
            "content-security-policy": "sandbox",
            "x-content-type-options": "nosniff",
        } == dict(got.headers)
        assert (await node.ask("DELETE", target)).status_code == 204
        assert (await node.ask("GET", target)).status_code == 404


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("5-", 5, 200_000), ("-7", 199_993, 200_000), ("100-199999999", 100, 200_000)],
)
async def test_one_range(site: Site, asked: str, start: int, stop: int) -> None:
    """206 with exactly those bytes and their place."""
    content = os.urandom(200_000)
    async with running(site) as node:
        target = (await node.ask("POST", PIECES, content)).headers["location"]
        answer = await node.ask("GET", target, headers={"range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, content[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/200000"


async def test_conditions(site: Site) -> None:
    """The entity tag is the CID: who has it gets 304, a range for another version gets the whole."""
    async with running(site) as node:
        target = (await node.ask("POST", PIECES, b"0123456789")).headers["location"]
        tag = f'"{target.rpartition("/")[2]}"'
        for value in (tag, f'"x", W/{tag}', "*"):
            answer = await node.ask("GET", target, headers={"if-none-match": value})
            assert (answer.status_code, answer.content) == (304, b"")
        assert (await node.ask("GET", target, headers={"if-none-match": '"x"'})).status_code == 200
        sent = {"range": "bytes=0-1", "if-range": '"x"'}
        assert (await node.ask("GET", target, headers=sent)).content == b"0123456789"
        assert (await node.ask("GET", target, headers=sent | {"if-range": tag})).content == b"01"
        many = await node.ask("GET", target, headers={"range": "bytes=0-1,3-4"})
        assert (many.status_code, many.content) == (200, b"0123456789")


async def test_a_piece_of_unknown_length(site: Site) -> None:
    """A chunked POST is stored under the digest that was signed."""
    content = os.urandom(300_000)

    async def parts():
        for at in range(0, len(content), 70_000):
            yield content[at : at + 70_000]

    async with running(site) as node:
        sent = {"edge-request": node.proof("POST", PIECES, content)}
        answer = await node.client.post(PIECES, content=parts(), headers=sent)
        assert answer.status_code == 201
        assert (await node.ask("GET", answer.headers["location"])).content == content
