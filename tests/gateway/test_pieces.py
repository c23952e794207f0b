"""Pieces over HTTP: in, out, in part, conditionally, and gone."""

import os

import pytest
from blake3 import blake3

from edge_node.base.ids import Digest
from edge_node.base.limits import MIB
from edge_node.wire.cid import CidKind, format_cid, make_cid
from tests.gateway.rig import Site, running

PIECES = "/api/v1/pieces"
SIZES = [0, 1, 65_536, 65_537, MIB, 3 * MIB + 17]


def path_of(content: bytes) -> str:
    return f"{PIECES}/{format_cid(make_cid(CidKind.RAW_PIECE, Digest(blake3(content).digest())))}"


@pytest.mark.parametrize("size", SIZES)
async def test_a_piece_comes_back_whole_and_in_part(site: Site, size: int) -> None:
    """Inline and in extents: the same bytes, the same ranges, headers that let a cache keep it for ever."""
    content = os.urandom(size)
    async with running(site) as node:
        put = await node.ask("POST", PIECES, content)
        assert (put.status_code, put.json()["size"], put.json()["duplicate"]) == (201, size, False)
        assert put.headers["location"] == path_of(content)
        got = await node.ask("GET", path_of(content))
        assert (got.status_code, got.content) == (200, content)
        assert got.headers["etag"] == f'"{put.json()["cid"]}"'
        assert got.headers["content-security-policy"] == "sandbox"
        assert got.headers["x-content-type-options"] == "nosniff"
        head = await node.ask("HEAD", path_of(content))
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(size), b"")
        for first, last in ((0, 0), (size // 2, size - 1), (max(0, MIB - 1), MIB)):
            if first < size:
                part = await node.ask("GET", path_of(content), headers={"range": f"bytes={first}-{last}"})
                assert (part.status_code, part.content) == (206, content[first : last + 1])
                stop = min(last, size - 1)
                assert part.headers["content-range"] == f"bytes {first}-{stop}/{size}"


async def test_conditions_and_unsatisfiable_ranges(site: Site) -> None:
    """Who has the piece gets 304; a range outside it 416 with the size; If-Range with another tag the whole."""
    content = b"0123456789"
    async with running(site) as node:
        tag = (await node.ask("POST", PIECES, content)).json()["cid"]
        known = await node.ask("GET", path_of(content), headers={"if-none-match": f'"x", W/"{tag}"'})
        assert (known.status_code, known.content) == (304, b"")
        beyond = await node.ask("GET", path_of(content), headers={"range": "bytes=10-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */10")
        other = await node.ask("GET", path_of(content), headers={"range": "bytes=1-2", "if-range": '"x"'})
        assert (other.status_code, other.content) == (200, content)
        several = await node.ask("GET", path_of(content), headers={"range": "bytes=0-1,3-4"})
        assert (several.status_code, several.content) == (200, content)


async def test_putting_twice_is_one_piece_and_deleting_ends_it(site: Site) -> None:
    """A repeat answers 200 and stores nothing; after the delete the piece is gone until it is put again."""
    content = os.urandom(100_000)
    async with running(site) as node:
        assert (await node.ask("PUT", path_of(content), content)).status_code == 201
        again = await node.ask("PUT", path_of(content), content)
        assert (again.status_code, again.json()["duplicate"]) == (200, True)
        assert (await node.ask("DELETE", path_of(content))).status_code == 204
        assert (await node.ask("GET", path_of(content))).status_code == 404
        assert (await node.ask("DELETE", path_of(content))).status_code == 404
        assert (await node.ask("PUT", path_of(content), content)).status_code == 201
        assert (await node.ask("GET", path_of(content))).content == content


async def test_the_body_of_an_event_is_a_piece(site: Site) -> None:
    """It is read by its CID and cannot be deleted through this door."""
    body = b'{"reading":1}'
    async with running(site) as node:
        await node.say(body)
        assert (await node.ask("GET", path_of(body))).content == body
        refused = await node.ask("DELETE", path_of(body))
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:edge-node:problem:event-body")


async def test_pieces_survive_a_restart(site: Site) -> None:
    """What was acknowledged is there at the next start."""
    content = os.urandom(2 * MIB)
    async with running(site) as node:
        assert (await node.ask("POST", PIECES, content)).status_code == 201
    async with running(site) as node:
        assert (await node.ask("GET", path_of(content))).content == content
