"""Bodies and the headers that describe them: what is not what it says is refused, with the place named."""

from collections.abc import AsyncGenerator

import pytest

from edge_node.base.ids import StreamName
from edge_node.trust.signed_event import format_event_header
from tests.gateway.rig import JSON, Site, running

EVENT = b'{"specversion":"1.0","id":"1","source":"s","type":"t"}'
BATCH, CLOUDEVENT, NDJSON = "application/cloudevents-batch+json", "application/cloudevents+json", "application/x-ndjson"


@pytest.mark.parametrize(
    ("content_type", "body", "line"),
    [
        (JSON, b'{"a":', None),
        (JSON, b"", None),
        (JSON, b'{"a":1} trailing', None),
        (JSON, b'{"a":"\xff"}', None),
        (JSON, b"[" * 33 + b"]" * 33, None),
        (JSON, b"NaN", None),
        (CLOUDEVENT, b'{"specversion":"1.0","id":"1","source":"s"}', None),
        (CLOUDEVENT, EVENT.replace(b'"1.0"', b'"0.3"'), None),
        (CLOUDEVENT, EVENT.replace(b'"id":"1"', b'"id":""'), None),
        (CLOUDEVENT, b"[" + EVENT + b"]", None),
        (BATCH, b"[]", None),
        (BATCH, EVENT, None),
        (BATCH, b"[" + EVENT + b",{}]", None),
        (NDJSON, b"", None),
        (NDJSON, b'{"a":1}\n{"a":\n{"a":3}\n', 2),
        (NDJSON, b'{"a":1}\n{"a":2}\n[3]\n', 3),
    ],
)
async def test_a_broken_body_is_refused(site: Site, content_type: str, body: bytes, line: int | None) -> None:
    """JSON, CloudEvents and NDJSON that are not; the line of an NDJSON body is named."""
    async with running(site) as node:
        problem = await node.refuses(400, "malformed-event", lambda: node.say(body, content_type=content_type))
        if line is not None:
            assert problem["line"] == line


async def test_too_many_events_in_a_body(site: Site) -> None:
    """The limit passes, one more does not."""
    async with running(site, ingest={"events_per_body_max": 3}) as node:
        assert (await node.say(b"{}\n" * 3, content_type=NDJSON)).json()["count"] == 3
        problem = await node.refuses(413, "too-many-events", lambda: node.say(b"{}\n" * 4, content_type=NDJSON))
        assert problem["limit"] == 3


async def test_an_announced_body_above_the_limit_is_refused_unread(site: Site) -> None:
    """413 while not a byte of the body was sent; the limit itself passes."""
    async with running(site, ingest={"body_bytes_max": 100}) as node:
        exact = b'"' + b"a" * 98 + b'"'
        assert (await node.say(exact)).status_code == 202
        header = node.event(exact + b" ")
        head = (
            "POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Edge-Signature: {format_event_header(header)}\r\nContent-Length: 101\r\n\r\n"
        )
        problem = await node.refuses(413, "body-too-large", lambda: node.raw(head.encode()))
        assert problem["limit"] == 100


async def test_a_chunked_body_above_the_limit_is_refused(site: Site) -> None:
    """A body of unknown length is cut off where it passes the limit."""

    async def endless() -> AsyncGenerator[bytes, None]:
        for _ in range(8):
            yield b"a" * 50

    async with running(site, ingest={"body_bytes_max": 100}) as node:
        await node.refuses(413, "body-too-large", lambda: node.post(node.event(b""), endless()))


async def test_attribute_headers_are_refused(site: Site) -> None:
    """CloudEvents' binary mode puts attributes outside the signature."""
    async with running(site) as node:
        sent = {"ce-type": "t"}
        problem = await node.refuses(400, "ce-headers", lambda: node.post(node.event(b"1"), b"1", headers=sent))
        assert problem["header"] == "ce-type"


async def test_a_content_encoding_is_refused(site: Site) -> None:
    """What is signed is what is stored; `identity` says nothing and passes."""
    async with running(site) as node:
        sent = {"content-encoding": "gzip"}
        await node.refuses(415, "content-encoding", lambda: node.post(node.event(b"1"), b"1", headers=sent))
        answer = await node.post(node.event(b"1"), b"1", headers={"content-encoding": "identity"})
        assert answer.status_code == 202


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: json\r\n",
        "Content-Type:\r\n",
        f"Content-Type: text/plain; x={'y' * 300}\r\n",
        "Content-Type: text/pl\xe4in\r\n",
    ],
    ids=["missing", "double", "no media type", "empty", "too long", "not ASCII"],
)
async def test_an_unusable_content_type_is_refused(site: Site, lines: str) -> None:
    """Exactly one Content-Type, a media type that can be signed."""
    async with running(site) as node:
        header = node.event(b"1")
        head = (
            f"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
            f"Edge-Signature: {format_event_header(header)}\r\nContent-Length: 1\r\n\r\n1"
        )
        await node.refuses(415, "content-type", lambda: node.raw(head.encode("latin-1")))


async def test_a_stream_in_the_url_must_be_the_signed_one(site: Site) -> None:
    """The URL names the stream or nothing."""
    async with running(site) as node:
        problem = await node.refuses(
            400, "stream-mismatch", lambda: node.post(node.event(b"1"), b"1", path="/events/site/b")
        )
        assert (problem["url_stream"], problem["signed_stream"]) == ("site/b", "site/a")
        await node.refuses(400, "malformed-id", lambda: node.post(node.event(b"1"), b"1", path="/events/Site"))
        for path in ("/events/site/a", "/api/v1/events", "/api/v1/events/site/a", "/events/site%2Fa"):
            assert (await node.post(node.event(b"1"), b"1", path=path)).status_code == 202
        assert (await node.say(b"1", stream=StreamName("site"))).json()["stream"] == "site"


async def test_a_post_without_a_signature_is_refused(site: Site) -> None:
    """401 names the header that is missing."""
    async with running(site) as node:
        problem = await node.refuses(
            401, "signature-missing", lambda: node.client.post("/events", content=b"1", headers={"content-type": JSON})
        )
        assert problem["header"] == "Edge-Signature"


@pytest.mark.parametrize("junk", ["A" * 900, "key=," * 200, "eyJhbGciOiJub25lIn0.e30.", "key=" + "0" * 64, "", "="])
async def test_a_malformed_signature_header_is_refused(site: Site, junk: str) -> None:
    """Whatever is not exactly the header's form is refused before anything else is looked at."""
    async with running(site) as node:
        sent = {"content-type": JSON, "edge-signature": junk}
        await node.refuses(
            400, "malformed-signature-header", lambda: node.client.post("/events", content=b"1", headers=sent)
        )
