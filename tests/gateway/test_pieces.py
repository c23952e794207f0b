"""/api/v1/pieces: content in and out over HTTP."""

import os
from typing import Any

import pytest
from blake3 import blake3

from edge_node.base.ids import Digest, Nonce
from edge_node.base.limits import MIB
from edge_node.gateway.pieces import PieceRoutes
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request
from edge_node.settings import StoreSettings, TrustSettings
from edge_node.store.listing import find_cid
from edge_node.trust.access_errors import DeviceRevoked
from edge_node.trust.bearer import BearerMint
from edge_node.trust.signed_request import sign_request
from edge_node.wire.cid import format_cid, raw_piece_cid
from edge_node.wire.http1_head import HeadLimits, parse_head
from tests.gateway.ddc_rig import ddc_at
from tests.gateway.rig import CLOCK, Site, key_of, running

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


async def test_a_key_that_is_revoked_during_an_upload_leaves_nothing(site: Site) -> None:
    """It is looked at again when all of the body is there."""
    content = os.urandom(100_000)
    async with ddc_at(site) as node:
        rooms, key = node.rooms, key_of("neighbour")

        class Slow:
            """A body that comes in two halves, and the revocation in between."""

            halves = iter((content[:50_000], content[50_000:], b""))

            def take_whole_body(self) -> bytes | None:
                return None

            async def next_chunk(self) -> bytes:
                half = next(self.halves)
                if half == content[50_000:]:
                    rooms.access.revoke(key.public, CLOCK.now_ms())
                return half

        mint = BearerMint(bytes(32))
        door = RequestDoor(rooms.access, rooms.node_key, CLOCK, TrustSettings(), rooms.horizons, mint, rooms.forward)
        routes = PieceRoutes(rooms.pieces, door, rooms.vault, StoreSettings(), node.bodies, node.answers)
        said: dict[str, Any] = {"body_digest": Digest(blake3(content).digest()), "nonce": Nonce(bytes(16))}
        proof = sign_request(key, to=site.node, method="POST", target=PIECES, t_ms=CLOCK.now_ms(), **said)
        head = [f"POST {PIECES} HTTP/1.1", "Host: a", f"Content-Length: {len(content)}", f"Edge-Request: {proof}"]
        request = Request(parse_head("\r\n".join([*head, "", ""]).encode(), HeadLimits()), Slow(), "192.0.2.1")
        with pytest.raises(DeviceRevoked):
            await routes.put(request)
        assert (await rooms.journal.query(find_cid, raw_piece_cid(content))).piece is None
        assert node.bodies.held == 0
