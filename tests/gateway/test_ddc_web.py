"""grpc-web at the HTTP door of a running node, as the SDK's browser build speaks it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import trio

from edge_node.wire.cid import raw_piece_cid
from edge_node.wire.proto.cns_pb2 import GetRequest, GetResponse, PutRequest
from edge_node.wire.websocket_frames import encode_binary
from tests.gateway.ddc_rig import BUCKETS, GET_NAME, OWNER, PRIVATE, PUT_NAME
from tests.gateway.listener import WebSocketClient, upgrade
from tests.gateway.rig import ANSWER_S, RunningNode, Site, running
from tests.gateway.wallet import GET_REQUEST, STORE_REQUEST, text_of

SUBPROTOCOL = "Sec-WebSocket-Protocol: grpc-websockets"


@asynccontextmanager
async def opened(url: str, path: str, *lines: str) -> AsyncGenerator[tuple[str, WebSocketClient], None]:
    """A WebSocket after its upgrade, with the head that answered it."""
    port = int(url.rpartition(":")[2])
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(upgrade(path, lines))
        data = b""
        with trio.fail_after(ANSWER_S):
            while b"\r\n\r\n" not in data:
                data += await stream.receive_some()
        head, _, rest = data.partition(b"\r\n\r\n")
        yield head.decode(), WebSocketClient(stream, head.decode(), bytearray(rest))


async def call(url: str, path: str, message: bytes, metadata: Mapping[str, str]) -> tuple[list[bytes], str]:
    """A unary call: its messages, and the text of its trailers."""
    async with opened(url, path, SUBPROTOCOL) as (head, client):
        assert head.startswith("HTTP/1.1 101 ")
        assert "sec-websocket-protocol: grpc-websockets" in head.lower()
        lines = "".join(f"{name}: {value}\r\n" for name, value in metadata.items())
        frame = b"\x00\x00" + len(message).to_bytes(4, "big") + message
        for one in (lines.encode(), frame, b"\x01"):
            await client.send(encode_binary(one))
        blocks: list[bytes] = []
        while (received := await client.receive())[0] != 8:
            if received[0] == 2:
                blocks.append(received[1])
    messages = [block[5:] for block in blocks if block[0] == 0]
    return messages, next(block[5:].decode() for block in reversed(blocks) if block[0] == 0x80)


def metadata_of(kind: int) -> dict[str, str]:
    """What the SDK sends."""
    return {"token": text_of(OWNER.token()), "request": OWNER.request(kind, PRIVATE), "correlation-id": "c"}


async def store_name(node: RunningNode, url: str) -> str:
    """Put a name; the trailers."""
    record = OWNER.record("web", bytes(raw_piece_cid(b"x")))
    message = PutRequest(bucketId=PRIVATE, record=record).SerializeToString()
    return (await call(url, PUT_NAME, message, metadata_of(STORE_REQUEST)))[1]


async def test_a_browser_s_calls_are_answered(site: Site) -> None:
    """By the same services, with the same refusals; a method that does not exist is told so inside the socket."""
    async with running(site, ddc={"buckets": BUCKETS}) as node:
        assert "grpc-status: 0" in await store_name(node, node.url)
        asked = GetRequest(bucketId=PRIVATE, name="web").SerializeToString()
        messages, trailers = await call(node.url, GET_NAME, asked, metadata_of(GET_REQUEST))
        assert GetResponse.FromString(messages[0]).record.name == "web"
        assert "grpc-status: 0" in trailers
        asked = GetRequest(bucketId=99, name="web").SerializeToString()
        assert await call(node.url, GET_NAME, asked, metadata_of(GET_REQUEST)) == (
            [], "grpc-status: 5\r\ngrpc-message: no bucket 99\r\n",
        )  # fmt: skip
        assert "grpc-status: 12" in (await call(node.url, "/cns.CnsApi/get", asked, {}))[1]


async def test_a_door_s_mode_is_its_calls_mode(site: Site) -> None:
    """A cache beside a full node, over the same store: it serves and stores nothing."""
    async with running(site, ddc={"buckets": BUCKETS, "doors": ("cache http=127.0.0.1:0",)}) as node:
        cache = node.urls[-1]
        assert "grpc-status: 9" in await store_name(node, cache)
        assert "grpc-status: 0" in await store_name(node, node.url)
        asked = GetRequest(bucketId=PRIVATE, name="web").SerializeToString()
        messages, _ = await call(cache, GET_NAME, asked, metadata_of(GET_REQUEST))
        assert GetResponse.FromString(messages[0]).record.name == "web"


async def test_what_is_no_grpc_web(site: Site) -> None:
    """A plain GET, another subprotocol and a page of another origin open nothing."""
    async with running(site) as node:
        assert (await node.client.get(GET_NAME)).status_code == 426
        for lines, status in (
            (["Sec-WebSocket-Protocol: graphql-ws"], 426),
            ([SUBPROTOCOL, "Origin: https://elsewhere.example"], 403),
        ):
            async with opened(node.url, GET_NAME, *lines) as (head, _):
                assert head.startswith(f"HTTP/1.1 {status} ")
