"""Subscriptions under hostile clients and crowds: each is dealt with by name, and the others go on."""

import resource
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import psutil
import pytest
import trio

from edge_node.base.counters import REGISTRY, refusals
from edge_node.base.limits import MIB
from edge_node.store.streams.catch_up import CatchUp
from edge_node.wire.websocket_frames import encode_ping, encode_text
from tests.gateway.listener import STREAM, WebSocketClient, listening, reading, upgrade
from tests.gateway.rig import RunningNode, Site, running
from tests.store.streams.test_catch_up import forget_rows
from tests.wire.websocket_rig import mask_frame

NDJSON = "application/x-ndjson"
CROWD = 5_000
CROWD_BYTES_MAX = 400 * 1024 * 1024  # both ends of every connection live in this process
WIDE = {"connections_max": 2 * CROWD, "connections_per_address_max": 2 * CROWD}


async def publish(node: RunningNode, count: int = 1, padding: int = 0) -> None:
    answer = await node.say(b'{"p":"%b"}\n' % (b"x" * padding) * count, content_type=NDJSON)
    assert answer.status_code == 202, answer.text


def open_subscriptions() -> float:
    return REGISTRY.get_sample_value("edge_node_subscriptions") or 0.0


async def all_have_left() -> None:
    with trio.fail_after(20):
        while open_subscriptions():
            await trio.sleep(0.02)


async def hears(client: WebSocketClient, node: RunningNode, offset: int) -> None:
    """The neighbour is well: what is published now arrives."""
    await publish(node)
    assert await client.take(1) == [offset]


async def test_a_wish_in_single_bytes(site: Site) -> None:
    """Wherever the client's frames are cut, the wish is read; control frames between fragments are answered."""
    async with running(site) as node:
        await publish(node, 3)
        async with listening(node, STREAM, opened=False) as client:
            for byte in mask_frame(encode_text(b'{"from":2}'), b"\x01\x02\x03\x04"):
                await client.stream.send_all(bytes((byte,)))
                await trio.sleep(0.001)
            assert await client.next() == {"open": {"from": 2}}
            assert await client.take(1) == [2]
        async with listening(node, STREAM, opened=False) as client:
            await client.send(b"\x01\x05" + b'{"fro')
            await client.send(encode_ping(b"between"))
            await client.send(b"\x80\x05" + b'm":1}')
            assert await client.receive() == (10, b"between")
            assert await client.next() == {"open": {"from": 1}}


@pytest.mark.parametrize("whole", [True, False], ids=["one-frame", "fragments"])
async def test_a_huge_message(site: Site, whole: bool) -> None:
    """Refused by its size as soon as that is known, whether it comes at once or in pieces; nothing of it is kept."""
    async with running(site) as node, listening(node) as other:
        async with listening(node, STREAM, opened=False) as client:
            if whole:
                await client.stream.send_all(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + bytes(4))
            else:
                await client.send(b"\x01\x64" + b"x" * 100)
                for _ in range(20):
                    await client.send(b"\x00\x64" + b"x" * 100)
            assert (await client.end())[1] == 1009
        await hears(other, node, 0)


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x81\x01x", 1002), (b"\xc1\x81\0\0\0\0x", 1002), (b"\x83\x80\0\0\0\0", 1002), (b"\x89\xfe\0\x80\0\0\0\0", 1002),
     (b"\x80\x80\0\0\0\0", 1002), (b"\x81\x81\0\0\0\0\xff", 1007)],
    ids=["unmasked", "reserved-bit", "reserved-opcode", "long-ping", "lone-continuation", "not-utf8"],
)  # fmt: skip
async def test_frames_that_break_the_protocol(site: Site, frame: bytes, code: int) -> None:
    """Closed with the code of RFC 6455, and the neighbour hears on."""
    async with running(site) as node, listening(node) as other, listening(node) as client:
        await client.stream.send_all(frame)
        assert (await client.end())[1] == code
        await hears(other, node, 0)


async def test_a_ping_flood(site: Site) -> None:
    """More pings than any client needs end the connection by policy; a few are answered."""
    async with running(site) as node, listening(node) as other, listening(node) as client:
        await client.send(encode_ping(b"once"))
        assert await client.receive() == (10, b"once")
        flood = b"".join(mask_frame(encode_ping(b"again"), b"abcd") for _ in range(2_000))
        async with trio.open_nursery() as nursery:

            async def pour() -> None:
                with suppress(trio.BrokenResourceError):  # the node has heard enough
                    await client.stream.send_all(flood)

            nursery.start_soon(pour)
            while (frame := await client.receive())[0] == 10:
                pass
            assert (frame[0], int.from_bytes(frame[1][:2], "big")) == (8, 1008)
        await hears(other, node, 0)


async def test_one_that_never_reads(site: Site) -> None:
    """The others are served meanwhile; it is cut after the write timeout; its stop holds nobody up."""
    async with running(site, http={"write_timeout_s": 1.0}) as node, listening(node) as other:
        sock = trio.socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await sock.connect(("127.0.0.1", node.port))
        target = f"{STREAM}?from=end"
        await sock.send(upgrade(target, [f"Edge-Request: {node.proof('GET', target)}"]))
        with trio.fail_after(20):
            while open_subscriptions() < 2:
                await trio.sleep(0.01)
        for number in range(40):
            await publish(node, 10, 20_000)
            assert await other.take(10) == list(range(10 * number, 10 * number + 10))
        with trio.fail_after(20):
            while open_subscriptions() > 1:
                await trio.sleep(0.05)
        sock.close()
        await hears(other, node, 400)


@pytest.mark.parametrize("slow", ["skip", "close", "wait"])
async def test_one_that_reads_too_slowly(site: Site, slow: str) -> None:
    """Eight megabytes behind: passed over with a gap, closed by name, or given everything, as it chose."""
    async with running(site, subscriptions={"lag_events_max": 20}) as node:
        async with dawdling(node, f"{STREAM}?from=end&slow={slow}") as client:
            assert await client.next() == {"open": {"from": 0}}
            await publish(node)
            assert await client.take(1) == [0]
            for _ in range(40):
                await publish(node, 10, 20_000)
            cursor, gaps, problem = await read_on(client, 401)
        if slow == "close":
            assert (problem, gaps) == ("urn:edge-node:problem:subscriber-slow", [])
            assert 1 < cursor < 401
        else:
            assert (cursor, problem) == (401, None)
            assert [reason for _, reason in gaps] == (["slow"] if slow == "skip" else [])


async def test_an_event_too_large_for_all_at_once(site: Site) -> None:
    """It goes to some and then to others, as there is room for it: nobody is ended for what somebody else stored."""
    async with running(site, http={"answers_bytes_max": 2 * MIB}) as node, AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(dawdling(node, f"{STREAM}?from=end")) for _ in range(12)]
        async with reading(node, f"{STREAM}?from=end") as events:
            for client in crowd:
                assert await client.next() == {"open": {"from": 0}}
            await events.next()
            await publish(node, 1, 900_000)
            await trio.sleep(0.5)
            for client in crowd:
                assert await client.take(1) == [0]
            assert (await events.take(1))[0][2] == 0
            await hears(crowd[-1], node, 1)


async def read_on(client: WebSocketClient, end: int) -> tuple[int, list[tuple[int, str]], str | None]:
    """Everything up to `end`, each offset delivered or in a gap; the gaps, and what ended it if something did."""
    cursor, gaps = 1, []
    while cursor < end:
        message = await client.next()
        if "end" in message:
            return cursor, gaps, message["end"]["type"]
        first, stop = cursor, cursor + 1
        if "gap" in message:
            first, stop = message["gap"]["from"], message["gap"]["to"]
            gaps.append((stop - first, message["gap"]["reason"]))
        else:
            assert message["offset"] == cursor
        assert first == cursor
        cursor = stop
    return cursor, gaps, None


@asynccontextmanager
async def dawdling(node: RunningNode, target: str) -> AsyncGenerator[WebSocketClient, None]:
    """A subscription whose socket takes little that is not read."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await sock.connect(("127.0.0.1", node.port))
    async with trio.SocketStream(sock) as stream:
        await stream.send_all(upgrade(target, [f"Edge-Request: {node.proof('GET', target)}"]))
        data = b""
        while b"\r\n\r\n" not in data:
            data += await stream.receive_some(4_096)
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        yield WebSocketClient(stream, head.decode(), bytearray(rest))


async def test_the_node_stops_while_nobody_reads(site: Site) -> None:
    """A subscriber that takes nothing and answers nothing does not keep the node from stopping in its time."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    with trio.fail_after(25):
        async with running(site) as node:
            for _ in range(10):
                await publish(node, 40, 20_000)
            await sock.connect(("127.0.0.1", node.port))
            target = f"{STREAM}?from=0"
            await sock.send(upgrade(target, [f"Edge-Request: {node.proof('GET', target)}"]))
            with trio.fail_after(20):
                while not open_subscriptions():
                    await trio.sleep(0.01)
    sock.close()


async def test_a_reconnect_storm(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred who come back at once, twice, from the same place: few readings of the log, everything delivered."""
    pages: list[CatchUp] = []

    class Kept(CatchUp):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            pages.append(self)

    monkeypatch.setattr("edge_node.store.streams.subscriptions.CatchUp", Kept)
    async with running(site) as node:
        for _ in range(5):
            await publish(node, 100)

        async def come(start: int) -> None:
            async with listening(node, f"{STREAM}?from={start}") as client:
                assert await client.take(500 - start) == list(range(start, 500))

        for start in (0, 250):
            async with trio.open_nursery() as nursery:
                for _ in range(200):
                    nursery.start_soon(come, start)
            await all_have_left()
        assert pages[0].reads <= 8
        await node.is_healthy()


async def test_a_resume_below_retention(site: Site) -> None:
    """Both wires say which offsets are gone, and go on with the first that is kept."""
    async with running(site) as node:
        for _ in range(3):
            await publish(node, 2)
        forget_rows(site.root, 4)
        async with listening(node, f"{STREAM}?from=1") as client:
            assert await client.next() == {"gap": {"from": 1, "to": 4, "reason": "retention"}}
            assert await client.take(2) == [4, 5]
        async with reading(node, headers={"last-event-id": "0"}) as events:
            opened, gap, first = [await events.next() for _ in range(3)]
            assert (opened.id, gap.event, gap.id, gap.data) == (
                "0",
                "gap",
                "3",
                '{"from":1,"to":4,"reason":"retention"}',
            )
            assert first.id == "4"
        async with listening(node, f"{STREAM}?from=start", opened=False) as client:
            assert await client.next() == {"open": {"from": 4}}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1"]
)
async def test_a_hostile_origin(site: Site, origin: str) -> None:
    """A page from elsewhere opens nothing, on either wire, whatever else its request carries; its browser is told."""
    async with running(site) as node:
        signed = f"Edge-Request: {node.proof('GET', STREAM)}"
        await node.refuses(403, "origin-refused", lambda: node.raw(upgrade(STREAM, [signed, f"Origin: {origin}"])))
        sse = {"accept": "text/event-stream", "origin": origin}
        await node.refuses(403, "origin-refused", lambda: node.ask("GET", STREAM, headers=sse))


async def test_origins_that_are_ours(site: Site) -> None:
    """The node's own pages, and those the operator names, may listen."""
    async with running(site, http={"origins": ("https://app.example",)}) as node:
        for origin in ("http://127.0.0.1", "https://app.example"):
            async with listening(node, lines=[f"Origin: {origin}"]):
                pass


async def test_a_hostile_host(site: Site) -> None:
    """A name that was pointed at this machine is not served, before anything else is looked at."""
    async with running(site) as node:
        request = upgrade(STREAM, [f"Edge-Request: {node.proof('GET', STREAM)}"]).replace(
            b"127.0.0.1", b"evil.example", 1
        )
        await node.refuses(421, "host-not-served", lambda: node.raw(request))


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ((b"Version: 13", b"Version: 8"), 426, "upgrade-required"),
        ((b"dGhlIHNhbXBsZSBub25jZQ==", b"short"), 400, "malformed-upgrade"),
    ],
)
async def test_handshakes_that_are_none(site: Site, change: tuple[bytes, bytes], status: int, slug: str) -> None:
    """Refused as plain HTTP, with what is missing."""
    async with running(site) as node:
        request = upgrade(STREAM, [f"Edge-Request: {node.proof('GET', STREAM)}"]).replace(*change)
        await node.refuses(status, slug, lambda: node.raw(request))


async def test_a_signature_opens_once(site: Site) -> None:
    """The same upgrade request sent again is refused: its nonce is spent."""
    async with running(site) as node:
        target = f"{STREAM}?from=end"
        line = f"Edge-Request: {node.proof('GET', target)}"
        async with listening(node, target, lines=[line], signed=False):
            await node.refuses(401, "nonce-reused", lambda: node.raw(upgrade(target, [line])))


async def test_five_thousand_subscribers(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """All are open at once, each is told of an event that comes, the memory stays small, and all can leave."""
    crowd = allowed_crowd()
    if crowd < CROWD:
        with capsys.disabled():
            print(f"\n*** ONLY {crowd} of {CROWD} subscribers: the limit of open files is too low here ***")
    live = {"open_max": CROWD, "per_key_max": CROWD}
    async with running(site, http=WIDE, subscriptions=live) as node:
        token = (await node.ask("POST", "/api/v1/bearer", who="reader")).json()["bearer"]
        request = upgrade(f"{STREAM}?from=end", [f"Authorization: Bearer {token}"])
        before, sockets = psutil.Process().memory_info().rss, []
        try:
            for _ in range(crowd):
                sock = trio.socket.socket()
                sockets.append(sock)
                await sock.connect(("127.0.0.1", node.port))
                await sock.send(request)
            with trio.fail_after(60):
                while open_subscriptions() < crowd:
                    await trio.sleep(0.05)
            await publish(node)
            with trio.fail_after(60):
                for sock in sockets:
                    data = b""
                    while b'"offset":0' not in data:
                        data += await sock.recv(65_536)
            assert psutil.Process().memory_info().rss - before < CROWD_BYTES_MAX
            await node.is_healthy()
        finally:
            for sock in sockets:
                sock.close()
        await all_have_left()
        await node.is_healthy()


def allowed_crowd() -> int:
    """As many as the limit of open files leaves room for; two descriptors each, here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(CROWD, (hard - 500) // 2)


async def test_tokens_and_subscriptions_in_a_url(site: Site) -> None:
    """A bearer in the query is refused and does not come back in the answer, for upgrades too."""
    async with running(site) as node:
        counted = refusals("bearer-in-url")
        answer: httpx.Response = await node.raw(upgrade(f"{STREAM}?bearer=secret-token", []))
        assert answer.status_code == 400
        assert b"secret-token" not in answer.content
        assert refusals("bearer-in-url") == counted + 1
