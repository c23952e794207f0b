"""Signed requests that do not hold: who asks, for what, of whom, when, and only once."""

import msgspec
import pytest
import trio
from blake3 import blake3

from edge_node.base.ids import Digest, Nonce, Signature
from edge_node.trust.horizons import STEP_MS
from edge_node.trust.signed_request import format_request_header, parse_request_header
from tests.gateway.rig import CLOCK, Site, key_of, running

STREAMS = "/api/v1/streams"
MINUTE_MS = 60_000


async def test_a_request_without_proof(site: Site) -> None:
    """401 names the header; the open paths need none."""
    async with running(site) as node:
        problem = await node.refuses(401, "signature-missing", lambda: node.client.get(STREAMS))
        assert problem["header"] == "Edge-Request"
        assert "www-authenticate" in (await node.client.get(STREAMS)).headers
        for path in ("/healthz", "/readyz", "/info"):
            assert (await node.client.get(path)).status_code == 200


@pytest.mark.parametrize("off_ms", [-6 * MINUTE_MS, 6 * MINUTE_MS])
async def test_a_request_outside_its_window(site: Site, off_ms: int) -> None:
    """Five minutes to either side."""
    async with running(site) as node:
        problem = await node.refuses(
            401, "request-expired", lambda: node.ask("GET", STREAMS, t_ms=CLOCK.now_ms() + off_ms)
        )
        assert problem["window_ms"] == 5 * MINUTE_MS
        inside = await node.ask("GET", STREAMS, t_ms=CLOCK.now_ms() + off_ms * 4 // 6)
        assert inside.status_code == (200 if off_ms > 0 else 503)


async def test_a_request_seen_before_a_restart(site: Site) -> None:
    """Its nonce is forgotten with the process, and still nobody can make it a second time."""
    async with running(site) as node:
        header = {"edge-request": node.proof("GET", STREAMS)}
        assert (await node.client.get(STREAMS, headers=header)).status_code == 200
    async with running(site) as node:
        await node.refuses(503, "signed-before-start", lambda: node.client.get(STREAMS, headers=header))
        assert (await node.ask("GET", STREAMS)).status_code == 200


async def test_a_request_signed_ahead_and_seen_before_a_restart(site: Site) -> None:
    """It is later than the start, and still nobody can make it a second time; its key is taken again as soon as its
    own clock has passed what was reserved, and every other key at once.
    """
    ahead_ms = 2 * MINUTE_MS
    async with running(site) as node:
        t_ms = CLOCK.now_ms() + ahead_ms
        location = (await node.ask("POST", "/api/v1/pieces", b"twice")).headers["location"]
        header = {"edge-request": node.proof("DELETE", location, t_ms=t_ms)}
        assert (await node.client.delete(location, headers=header)).status_code == 204
    async with running(site) as node:
        assert (await node.ask("POST", "/api/v1/pieces", b"twice", "writer")).status_code == 201
        problem = await node.refuses(
            503, "signed-before-start", lambda: node.client.delete(location, headers=header), tables=("holders",)
        )
        assert STEP_MS < problem["wait_ms"] <= STEP_MS + 1
        assert (await node.ask("GET", location, who="writer")).content == b"twice"
        soon = await node.ask("GET", STREAMS, t_ms=t_ms + STEP_MS)
        assert (soon.status_code, soon.headers["retry-after"]) == (503, "1")
        assert (await node.ask("GET", STREAMS, t_ms=t_ms + STEP_MS + 1)).status_code == 200
    async with running(site) as node:  # a third life keeps what the first learnt
        assert (await node.client.delete(location, headers=header)).status_code == 503
        assert (await node.ask("DELETE", location, who="writer")).status_code == 204


async def test_a_request_for_another_node(site: Site) -> None:
    """A proof shown to one node is worth nothing at the next."""
    async with running(site) as node:
        await node.refuses(401, "wrong-node", lambda: node.ask("GET", STREAMS, to=key_of("other node").public))


async def test_a_request_made_twice(site: Site) -> None:
    """The nonce counts once, also when both copies come at the same moment."""
    async with running(site) as node:
        nonce, statuses = Nonce(bytes(16)), []

        async def ask() -> None:
            statuses.append((await node.ask("GET", STREAMS, nonce=nonce)).status_code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            nursery.start_soon(ask)
        assert sorted(statuses) == [200, 401]
        await node.refuses(401, "nonce-reused", lambda: node.ask("GET", STREAMS, nonce=nonce))
        assert (await node.ask("GET", STREAMS, who="reader", nonce=nonce)).status_code == 200


FORGED = {
    "method": {"method": "DELETE"},
    "target": {"target": STREAMS + "?vault="},
    "body digest": {"body_digest": Digest(blake3(b"other").digest())},
}


@pytest.mark.parametrize("part", FORGED)
async def test_each_signed_part_of_a_request_is_covered(site: Site, part: str) -> None:
    """What was signed for another method, target or body proves nothing here."""
    async with running(site) as node:
        sent = {"edge-request": node.proof(**({"method": "GET", "target": STREAMS} | FORGED[part]))}
        await node.refuses(401, "bad-signature", lambda: node.client.get(STREAMS, headers=sent))


@pytest.mark.parametrize("part", ["key", "t_ms", "nonce", "signature"])
async def test_each_field_of_a_proof_is_covered(site: Site, part: str) -> None:
    """Change one field of a good header and it is forged; the nonce of a forged one is not used up."""
    async with running(site) as node:
        good = parse_request_header(node.proof("GET", STREAMS))
        other = {
            "key": key_of("reader").public,
            "t_ms": good.t_ms - 1,
            "nonce": Nonce(bytes(16)),
            "signature": Signature(bytes(64)),
        }
        forged = format_request_header(msgspec.structs.replace(good, **{part: other[part]}))
        await node.refuses(401, "bad-signature", lambda: node.client.get(STREAMS, headers={"edge-request": forged}))
        answer = await node.client.get(STREAMS, headers={"edge-request": format_request_header(good)})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("who", "status", "slug"),
    [("stranger", 401, "unknown-key"), ("suspended", 403, "device-suspended"), ("revoked", 403, "device-revoked")],
)
async def test_a_key_without_standing_asks_nothing(site: Site, who: str, status: int, slug: str) -> None:
    """The same keys that may not write may not read."""
    async with running(site) as node:
        await node.refuses(status, slug, lambda: node.ask("GET", STREAMS, who=who))


async def test_a_role_without_the_verb(site: Site) -> None:
    """Devices do not read, readers do not write, and nobody of them touches another vault."""
    async with running(site) as node:
        assert (await node.say(b"1", "device")).status_code == 202
        location = (await node.ask("POST", "/api/v1/pieces", b"mine", who="device")).headers["location"]
        for who, method, target, content in [
            ("device", "GET", STREAMS, b""),
            ("device", "GET", STREAMS + "/site/a", b""),
            ("device", "GET", location, b""),
            ("device", "DELETE", location, b""),
            ("reader", "POST", "/api/v1/pieces", b"other"),
            ("reader", "DELETE", location, b""),
            ("writer", "GET", STREAMS, b""),
            ("neighbour", "GET", f"{STREAMS}?vault={key_of('somebody').public}", b""),
            ("neighbour", "GET", f"{location}?vault={key_of('somebody').public}", b""),
        ]:
            problem = await node.refuses(
                403, "access-denied", lambda who=who, m=method, t=target, c=content: node.ask(m, t, c, who=who)
            )
            assert problem["why"] == "not-covered"
        assert (await node.ask("GET", STREAMS + "/site/a", who="reader")).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["from=-1", "from=x", "from=1e3", "from=9223372036854775808", "limit=0", "limit=1001", "proof=2", "proof=yes",
     "vault=xyz", "limit=" + "9" * 30, "from=%C2%B2"],
)  # fmt: skip
async def test_a_bad_parameter_is_named(site: Site, query: str) -> None:
    """400 with the parameter's name."""
    async with running(site) as node:
        await node.say(b"1")
        problem = await node.refuses(400, "bad-parameter", lambda: node.ask("GET", f"{STREAMS}/site/a?{query}"))
        assert problem["parameter"] == query.partition("=")[0]


async def test_what_is_not_there(site: Site) -> None:
    """An unknown stream and an unknown piece are 404s that name themselves; a malformed name or CID is a 400."""
    async with running(site) as node:
        problem = await node.refuses(404, "unknown-stream", lambda: node.ask("GET", STREAMS + "/nothing/here"))
        assert problem["stream"] == "nothing/here"
        cid = "baebb4i" + "a" * 52
        await node.refuses(400, "malformed-id", lambda: node.ask("GET", STREAMS + "/Upper"))
        for text in (cid + "b", "bogus", "%20", cid.upper()):
            await node.refuses(400, "malformed-cid", lambda text=text: node.ask("GET", "/api/v1/pieces/" + text))
