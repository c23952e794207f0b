"""Who signs: keys the node does not know or no longer trusts, and signatures that do not hold."""

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Signature, StreamName, VaultId
from edge_node.trust.signed_event import format_event_header
from tests.gateway.rig import CLOCK, Site, key_of, running

BODY = b'{"celsius":21}'


@pytest.mark.parametrize(
    ("who", "status", "slug"),
    [("stranger", 401, "unknown-key"), ("suspended", 403, "device-suspended"), ("revoked", 403, "device-revoked")],
)
async def test_a_key_without_standing_is_refused(site: Site, who: str, status: int, slug: str) -> None:
    """An unknown, suspended or revoked key writes nothing, however well it signs."""
    async with running(site) as node:
        await node.refuses(status, slug, lambda: node.say(BODY, who))


async def test_a_suspended_key_costs_no_upload(site: Site) -> None:
    """The refusal comes before the body is asked for."""
    async with running(site) as node:
        header = node.event(BODY, "suspended")
        head = (
            "POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Edge-Signature: {format_event_header(header)}\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
        )
        await node.refuses(403, "device-suspended", lambda: node.raw(head.encode()))


CHANGES = {
    "body": None,
    "seq": 999,
    "t_ms": CLOCK.now_ms() - 1_000,
    "quality": ClockQuality.PRECISE,
    "stream": StreamName("site/b"),
    "content_type": "application/octet-stream",
    "key": key_of("neighbour").public,
    "signature": Signature(bytes(64)),
}


@pytest.mark.parametrize("part", CHANGES)
async def test_each_signed_part_is_covered(site: Site, part: str) -> None:
    """Change any one part after signing and the signature does not verify."""
    async with running(site) as node:
        header, body = node.event(BODY), BODY
        if part == "body":
            body = BODY.replace(b"21", b"22")
        else:
            header = msgspec.structs.replace(header, **{part: CHANGES[part]})
        problem = await node.refuses(401, "bad-signature", lambda: node.post(header, body))
        assert problem["key"] == str(header.key)


async def test_another_vault_is_the_wrong_audience(site: Site) -> None:
    """An event signed for a vault the key does not write to is named as such, signed well or not."""
    async with running(site) as node:
        other = VaultId(key_of("somebody").public)
        problem = await node.refuses(403, "wrong-audience", lambda: node.say(BODY, audience=other))
        assert problem["audience"] == str(other)
        header = msgspec.structs.replace(node.event(BODY), audience=other)
        await node.refuses(403, "wrong-audience", lambda: node.post(header, BODY))


async def test_a_stream_outside_the_enrolment_is_denied(site: Site) -> None:
    """A prefix ends at a segment's border: `site` holds `site/a` and not `sitex`."""
    async with running(site) as node:
        assert (await node.say(BODY, stream=StreamName("site/deep/er"))).status_code == 202
        for stream in ("sitex", "elsewhere"):
            name = StreamName(stream)
            problem = await node.refuses(403, "access-denied", lambda name=name: node.say(BODY, stream=name))
            assert problem["why"] == "not-covered"


async def test_a_role_without_the_verb_is_denied(site: Site) -> None:
    """A reader does not append."""
    async with running(site) as node:
        await node.refuses(403, "access-denied", lambda: node.say(BODY, "reader"))
