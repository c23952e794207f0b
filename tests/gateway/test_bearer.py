"""POST /api/v1/bearer and what its tokens open, on a real node."""

import base64

import httpx
import msgspec
import pytest
import trio

from edge_node.base.ids import StreamName
from edge_node.gateway.bearer import read_wish
from edge_node.gateway.errors import BadBearerRequest
from edge_node.trust.access_resource import Resource
from edge_node.trust.bearer import Bearer, BearerMint
from tests.gateway.keeper import keep_access
from tests.gateway.rig import CLOCK, RunningNode, Site, key_of, running

STREAM = "/api/v1/streams/site/a"
BEARER = "/api/v1/bearer"


async def mint(node: RunningNode, body: bytes = b"", who: str = "reader") -> str:
    answer = await node.ask("POST", BEARER, body, who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["bearer"])


async def get(node: RunningNode, token: str, target: str = STREAM, method: str = "GET") -> httpx.Response:
    return await node.client.request(method, target, headers={"authorization": f"Bearer {token}".encode()})


async def test_a_bearer_reads_for_its_key(site: Site) -> None:
    """Pages, the list and pieces, again and again; it lives as long as it says, at most fifteen minutes."""
    async with running(site) as node:
        cid = (await node.say(b'{"a":1}')).json()["cid"]
        answer = await node.ask("POST", BEARER, b'{"seconds":60}', "reader")
        assert 0 < answer.json()["expires"] - CLOCK.now_ms() <= 60_000
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()["bearer"]
        for _ in range(3):
            assert (await get(node, token)).json()["events"][0]["event"] == {"a": 1}
        assert (await get(node, token, "/api/v1/streams")).status_code == 200
        assert (await get(node, token, f"/api/v1/pieces/{cid}")).content == b'{"a":1}'
        longest = await node.ask("POST", BEARER, who="reader")
        assert 890_000 < longest.json()["expires"] - CLOCK.now_ms() <= 900_000


async def test_it_is_never_wider_than_its_key(site: Site) -> None:
    """A device's bearer reads nothing; a writer's deletes nothing; a narrow one stays in its stream."""
    async with running(site) as node:
        cid = (await node.say(b"{}")).json()["cid"]
        device, writer = await mint(node, who="device"), await mint(node, who="neighbour")
        narrow = await mint(node, b'{"stream":"site/b"}')
        await node.refuses(403, "access-denied", lambda: get(node, device))
        await node.refuses(403, "bearer-too-narrow", lambda: get(node, writer, f"/api/v1/pieces/{cid}", "DELETE"))
        await node.refuses(403, "bearer-too-narrow", lambda: get(node, narrow))
        await node.say(b"{}", stream=StreamName("site/b/c"), who="neighbour")
        assert (await get(node, narrow, "/api/v1/streams/site/b/c")).status_code == 200


async def test_it_ends_with_its_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its key is revoked it opens nothing, and no other is made."""
    kept = keep_access(monkeypatch)
    async with running(site) as node:
        await node.say(b"{}")
        token = await mint(node)
        assert (await get(node, token)).status_code == 200
        kept[0].revoke(key_of("reader").public, CLOCK.now_ms())
        await node.refuses(403, "device-revoked", lambda: get(node, token))
        await node.refuses(403, "device-revoked", lambda: node.ask("POST", BEARER, who="reader"))
        await node.refuses(403, "device-suspended", lambda: node.ask("POST", BEARER, who="suspended"))


async def test_tokens_that_are_refused(site: Site) -> None:
    """Another node's, one from before the restart, nonsense, none, in the URL: each counted under its name."""
    async with running(site) as node:
        await node.say(b"{}")
        old = await mint(node)
    async with running(site) as node:
        other = BearerMint(bytes(32)).mint(Bearer(key_of("reader").public, 2**60, Resource("")))
        for token in (old, other, "nonsense", "A" * 600, "é"):
            await node.refuses(401, "bearer-invalid", lambda token=token: get(node, token))  # type: ignore[misc]
        await node.refuses(401, "signature-missing", lambda: node.client.get(STREAM))
        token = await mint(node)
        await node.refuses(400, "bearer-in-url", lambda: get(node, token, f"{STREAM}?bearer={token}"))
        await node.refuses(400, "bearer-in-url", lambda: node.ask("GET", f"{STREAM}?access_token={token}"))


async def test_it_expires(site: Site) -> None:
    """After its second, it is refused as expired."""
    async with running(site) as node:
        token = await mint(node, b'{"seconds":1}')
        ends_ms = int.from_bytes(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[33:41], "little")
        while CLOCK.now_ms() <= ends_ms:
            await trio.sleep((ends_ms - CLOCK.now_ms() + 1) / 1_000)
        await node.refuses(401, "bearer-expired", lambda: get(node, token))


@pytest.mark.parametrize(
    "body", [b"[]", b'{"seconds":0}', b'{"seconds":901}', b'{"seconds":"1"}', b'{"more":1}', b"\xff"]
)
async def test_wishes_that_are_none(site: Site, body: bytes) -> None:
    """Anything but the two members within their bounds is refused before the nonce is spent."""
    async with running(site) as node:
        await node.refuses(400, "bad-bearer-request", lambda: node.ask("POST", BEARER, body, "reader"))


async def test_only_a_signature_makes_one(site: Site) -> None:
    """A bearer makes no bearer; strangers, forgers and wrong bodies get none; a repeat is refused."""
    async with running(site) as node:
        token = await mint(node)
        await node.refuses(401, "signature-missing", lambda: get(node, token, BEARER, "POST"))
        await node.refuses(401, "unknown-key", lambda: node.ask("POST", BEARER, who="stranger"))
        await node.refuses(403, "device-revoked", lambda: node.ask("POST", BEARER, who="revoked"))
        said = {"edge-request": node.proof("POST", BEARER, b"{}", "reader")}
        await node.refuses(422, "body-digest-mismatch", lambda: node.client.post(BEARER, content=b"{ }", headers=said))
        assert (await node.client.post(BEARER, content=b"{}", headers=said)).status_code == 201
        await node.refuses(401, "nonce-reused", lambda: node.client.post(BEARER, content=b"{}", headers=said))
        await node.refuses(413, "body-too-large", lambda: node.ask("POST", BEARER, b" " * 1_025, "reader"))
        await node.refuses(400, "malformed-id", lambda: node.ask("POST", BEARER, b'{"stream":"../x"}', "reader"))


def test_the_wish() -> None:
    """Nothing, or the two members, up to what the settings allow."""
    assert read_wish(b"", 900).seconds is None
    wish = read_wish(msgspec.json.encode({"seconds": 5, "stream": "a"}), 5)
    assert (wish.seconds, wish.stream) == (5, "a")
    with pytest.raises(BadBearerRequest):
        read_wish(b'{"seconds":6}', 5)
