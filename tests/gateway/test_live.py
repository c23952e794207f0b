"""Subscriptions on a real node: both wires, where they begin, how they resume, bearers, and how they end."""

import msgspec
import pytest
import trio
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from edge_node.base.counters import refusals
from edge_node.base.ids import StreamName
from edge_node.gateway import live
from edge_node.gateway.errors import BadSubscription
from edge_node.gateway.live import Wish, read_wish
from edge_node.store.streams.admission import HeadKey
from edge_node.store.streams.rows import Head
from edge_node.store.streams.subscriptions import Slow, Subscriptions
from edge_node.wire.websocket import Message
from edge_node.wire.websocket_frames import encode_text
from tests.gateway.keeper import keep_access
from tests.gateway.listener import STREAM, listening, reading, upgrade
from tests.gateway.rig import CLOCK, RunningNode, Site, key_of, running
from tests.wire.websocket_rig import mask_frame

NDJSON = "application/x-ndjson"


async def publish(node: RunningNode, count: int = 1, padding: int = 0) -> None:
    answer = await node.say(b'{"p":"%b"}\n' % (b"x" * padding) * count, content_type=NDJSON)
    assert answer.status_code == 202, answer.text


async def test_events_are_those_of_a_page(site: Site) -> None:
    """Each message is the object of a page, byte for byte, whether it was stored before or comes now."""
    async with running(site) as node:
        await node.say(b'{"b": 1.50,\r\n "a":2}')
        async with listening(node, f"{STREAM}?from=0") as client:
            await node.say(b"\0\xff", content_type="image/png")
            messages = [await client.receive() for _ in range(2)]
        page = (await node.ask("GET", STREAM)).content
        for opcode, payload in messages:
            assert opcode == 1
            assert payload in page


async def test_a_message_says_where_to_begin(site: Site) -> None:
    """Without a query the client's first message counts; `end` is where the stream ended at the upgrade."""
    async with running(site) as node:
        await publish(node, 3)
        async with listening(node, STREAM, opened=False) as client:
            await client.say({"from": 1})
            assert await client.next() == {"open": {"from": 1}}
            assert await client.take(2) == [1, 2]
        async with listening(node, STREAM, opened=False) as client:
            await publish(node, 2)
            await client.say({"slow": "skip"})
            assert await client.next() == {"open": {"from": 3}}
            assert await client.take(2) == [3, 4]


async def test_a_client_that_says_nothing(site: Site) -> None:
    """After five seconds it is given what came since the upgrade."""
    async with running(site) as node, listening(node, STREAM, opened=False) as client:
        await publish(node, 2)
        assert await client.next() == {"open": {"from": 0}}
        assert await client.take(2) == [0, 1]


async def test_a_wish_that_the_disk_makes_wait_for_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client has to speak in time, not the log: what it asked for is not passed over because reading is slow."""
    head = Subscriptions.head

    async def on_a_slow_disk(self: Subscriptions, key: HeadKey) -> Head:
        await trio.sleep(3 * live.WISH_S)
        return await head(self, key)

    async with running(site) as node:
        await publish(node, 2)
        monkeypatch.setattr(live, "WISH_S", 0.3)
        async with listening(node, STREAM, opened=False) as client:
            monkeypatch.setattr(Subscriptions, "head", on_a_slow_disk)
            await client.say({"from": "start"})
            assert await client.next() == {"open": {"from": 0}}
            assert await client.take(2) == [0, 1]


async def test_server_sent_events_resume_by_id(site: Site) -> None:
    """The id of the last event leads to the next, above the query's `from`; -1 is the beginning."""
    async with running(site) as node:
        await publish(node, 4)
        async with reading(node, f"{STREAM}?from=1") as client:
            assert await client.take(3) == [("open", "0", None), ("event", "1", 1), ("event", "2", 2)]
        async with reading(node, f"{STREAM}?from=0", headers={"last-event-id": "2"}) as client:
            assert await client.take(2) == [("open", "2", None), ("event", "3", 3)]
            await publish(node)
            assert await client.take(1) == [("event", "4", 4)]
        async with reading(node, headers={"last-event-id": "-1"}) as client:
            assert (await client.take(2))[1] == ("event", "0", 0)
        async with reading(node, f"{STREAM}?from=start") as client:
            assert (await client.take(2))[1] == ("event", "0", 0)


async def test_a_bearer_opens_both(site: Site) -> None:
    """As a header, or as a subprotocol next to ours, which is answered alone; the subscription ends with it."""
    async with running(site) as node:
        await publish(node)
        token = (await node.ask("POST", "/api/v1/bearer", b'{"seconds":1}', "reader")).json()["bearer"]
        protocols = f"Sec-WebSocket-Protocol: edge-node.v1, bearer.{token}"
        async with listening(node, f"{STREAM}?from=0", lines=[protocols], signed=False) as client:
            assert "sec-websocket-protocol: edge-node.v1\r\n" in client.head + "\r\n"
            assert token not in client.head
            async with node.client.stream(
                "GET", STREAM, headers={"accept": "text/event-stream", "authorization": f"Bearer {token}"}
            ) as response:
                body = await response.aread()
            assert b"event: end" in body
            assert b"urn:edge-node:problem:bearer-expired" in body
            assert await client.take(1) == [0]
            problem, code, reason = await client.end()
        assert (problem["status"], code, reason) == (401, 4401, "bearer-expired")


async def test_a_client_of_another_make(site: Site) -> None:
    """The websockets library subscribes as a browser does, with a subprotocol, and closes in order."""
    async with running(site) as node:
        await publish(node, 3)
        token = (await node.ask("POST", "/api/v1/bearer", who="reader")).json()["bearer"]

        def listen() -> list[dict[str, object]]:
            url = f"ws{node.url.removeprefix('http')}{STREAM}?from=1"
            with connect(url, subprotocols=[Subprotocol("edge-node.v1"), Subprotocol("bearer." + token)]) as client:
                assert client.subprotocol == "edge-node.v1"
                return [msgspec.json.decode(client.recv(20)) for _ in range(3)]

        said = await trio.to_thread.run_sync(listen)
        assert said[0] == {"open": {"from": 1}}
        assert [message["offset"] for message in said[1:]] == [1, 2]
        await node.is_healthy()


async def test_refusals_are_plain_answers(site: Site) -> None:
    """Before anything is open, a subscription is refused as a page is, on either wire, and counted."""
    async with running(site, subscriptions={"per_key_max": 1, "open_max": 2}) as node:
        sse = {"accept": "text/event-stream"}

        def ask(target: str = STREAM, who: str = "neighbour", **more: str):
            return lambda: node.ask("GET", target, who=who, headers=sse | more)

        async def socket(target: str, *lines: str):
            signed = f"Edge-Request: {node.proof('GET', target)}"
            return await node.raw(upgrade(target, [signed, *lines]))

        await node.refuses(409, "offset-beyond-end", ask(f"{STREAM}?from=1"))
        await node.refuses(409, "offset-beyond-end", lambda: socket(f"{STREAM}?from=1"))
        await node.refuses(400, "bad-parameter", ask(f"{STREAM}?from=first"))
        await node.refuses(400, "bad-parameter", ask(f"{STREAM}?slow=never"))
        await node.refuses(400, "bad-parameter", ask(**{"last-event-id": "x"}))
        await node.refuses(400, "bad-parameter", ask(**{"last-event-id": str(2**63)}))
        await node.refuses(403, "access-denied", ask(who="device"))
        await node.refuses(401, "unknown-key", ask(who="stranger"))
        await node.refuses(401, "signature-missing", lambda: node.client.get(STREAM, headers=sse))
        await node.refuses(401, "signature-missing", lambda: node.raw(upgrade(STREAM, [])))
        async with listening(node):
            await node.refuses(429, "subscriptions-exceeded", ask())
            async with reading(node, who="reader"):
                await node.refuses(503, "subscriptions-full", ask(who="writer"))
        async with listening(node) as again:
            await publish(node)
            assert await again.take(1) == [1 - 1]


@pytest.mark.parametrize(
    "said",
    [b"[]", b'{"from":-1}', b'{"from":"now"}', b'{"from":1.5}', b'{"slow":"no"}', b'{"x":1}', b"{", b'{"from":9}'],
)
async def test_first_messages_that_are_none(site: Site, said: bytes) -> None:
    """The socket is closed with the reason, which is counted; beyond the end has its own code."""
    async with running(site) as node, listening(node, STREAM, opened=False) as client:
        slug, close = ("offset-beyond-end", 4409) if b"9" in said else ("bad-subscription", 4400)
        counted = refusals(slug)
        await client.say(msgspec.Raw(said))
        problem, code, reason = await client.end()
        assert (problem["type"], code, reason) == (f"urn:edge-node:problem:{slug}", close, slug)
        assert refusals(slug) == counted + 1


async def test_a_client_that_goes_on_talking(site: Site) -> None:
    """After the beginning only control frames are expected, also when what follows came together with the wish."""
    async with running(site) as node:
        async with listening(node) as client:
            await client.say({"from": 0})
            problem, code, _ = await client.end()
            assert (problem["type"], code) == ("urn:edge-node:problem:bad-subscription", 4400)
        async with listening(node) as client:
            await client.send(b"\x82\x01x")
            assert (await client.end())[1] == 4400
        async with listening(node, STREAM, opened=False) as client:
            wishes = [mask_frame(encode_text(b"{}"), b"abcd") for _ in range(100)]
            await client.stream.send_all(b"".join(wishes))
            assert (await client.end())[1] == 4400


async def test_revoked_while_open(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle on a quiet stream, both wires are told within a second; others go on."""
    kept = keep_access(monkeypatch)
    async with running(site) as node, listening(node, who="reader") as client, listening(node) as other:
        async with reading(node, who="reader") as events:
            await events.next()
            kept[0].revoke(key_of("reader").public, CLOCK.now_ms())
            problem, code, reason = await client.end()
            assert (problem["status"], code, reason) == (403, 4403, "device-revoked")
            end = await events.next()
            assert (end.event, msgspec.json.decode(end.data)["type"]) == ("end", "urn:edge-node:problem:device-revoked")
            with pytest.raises(EOFError):
                await events.next()
        await publish(node)
        assert await other.take(1) == [0]


async def test_the_node_stops_while_open(site: Site) -> None:
    """Every subscriber is told that the node stops, with a code that says come back, and the stop is not held up."""
    async with running(site) as node, listening(node) as client, reading(node) as events:
        await events.next()
        async with trio.open_nursery() as nursery:
            node.supervisor.stop()

            async def hear() -> None:
                problem, code, reason = await client.end()
                assert (problem["type"], code, reason) == ("urn:edge-node:problem:stopping", 1001, "stopping")
                await client.send(b"\x88\x02\x03\xe8")

            nursery.start_soon(hear)
            end = await events.next()
            assert (end.event, msgspec.json.decode(end.data)["status"]) == ("end", 503)


async def test_another_stream_and_another_vault(site: Site) -> None:
    """A subscriber hears its own stream only; a vault that is not the key's is refused."""
    async with running(site) as node, listening(node) as client:
        await node.say(b"{}", stream=StreamName("site/b"))
        await publish(node)
        assert (await client.next())["cid"] == (await node.ask("GET", STREAM)).json()["events"][0]["cid"]
        target = f"{STREAM}?vault={'ab' * 32}"
        await node.refuses(
            403, "access-denied", lambda: node.ask("GET", target, headers={"accept": "text/event-stream"})
        )


def test_the_wish() -> None:
    """Both members optional; a binary message and numbers beyond any offset are none."""
    assert read_wish(Message("{}")) == Wish()
    assert read_wish(Message('{"from":"start","slow":"close"}')) == Wish("start", Slow.CLOSE)
    for hostile in (b"{}", '{"from":9223372036854775808}', '{"from":true}', "\ud800"):
        with pytest.raises(BadSubscription):
            read_wish(Message(hostile))
