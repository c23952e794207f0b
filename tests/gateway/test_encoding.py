"""Coded bodies are refused at every door that stores one."""

import gzip

import pytest

from tests.gateway.rig import Site, running

PIECES = "/api/v1/pieces"


@pytest.mark.parametrize("coding", ["gzip", "br, identity", "x", ""])
async def test_a_coded_piece_is_refused(site: Site, coding: str) -> None:
    """What would be stored under the CID of its coded bytes is not stored at all."""
    async with running(site) as node:
        coded = gzip.compress(b"content")
        said = {"content-encoding": coding}
        problem = await node.refuses(415, "content-encoding", lambda: node.ask("POST", PIECES, coded, headers=said))
        assert "plain" in problem["remedy"]


async def test_a_plain_piece_may_say_so(site: Site) -> None:
    """`identity` is no coding, in any letter case."""
    async with running(site) as node:
        said = {"content-encoding": "Identity"}
        assert (await node.ask("POST", PIECES, b"content", headers=said)).status_code == 201


async def test_a_second_header_does_not_hide_a_coding(site: Site) -> None:
    """Every Content-Encoding is looked at, on events too."""
    async with running(site) as node:
        body = b"1"
        head = (
            "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: 1\r\nEdge-Signature: {node.signature(body)}\r\n"
            "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n"
        )
        await node.refuses(415, "content-encoding", lambda: node.raw(head.encode() + body))
