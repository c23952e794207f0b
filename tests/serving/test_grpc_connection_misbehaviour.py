"""What a hostile gRPC client can do, which is little: each flood ends its own connection alone and holds no memory."""

from contextlib import suppress

import h2.settings
import pytest
import trio

from edge_node.base.counters import REGISTRY
from edge_node.serving.call import Call
from edge_node.serving.limits import FORGED_MAX
from edge_node.trust.token_errors import TokenForged
from edge_node.wire.grpc import Status, message_prefix
from edge_node.wire.http2_budget import LARGE_BLOCKS
from edge_node.wire.http2_frames import ErrorCode, FrameType, frame_head, header_block, headers_frame, reset_frame
from tests.serving.grpc_rig import GROWTH_MAX, MIB, RawClient, messages, path, raw_client, resident, serving, table_of

CONTROL = h2.settings.SettingCodes


async def told_to_calm_down(client: RawClient) -> None:
    """The connection ends with GOAWAY and that code."""
    await client.until_closed()
    assert client.gone is not None
    assert client.gone.error_code == ErrorCode.ENHANCE_YOUR_CALM


async def flood(client: RawClient, raw: bytes) -> None:
    """Send without reading until the server has had enough."""
    client.mute = True
    try:
        for _ in range(200):
            await client.stream.send_all(raw)
    except trio.BrokenResourceError:
        pass


FLOODS = {
    "ping": frame_head(FrameType.PING, 0, 0, 8) + bytes(8),
    "settings": frame_head(FrameType.SETTINGS, 0, 0, 0),
    "priority": frame_head(FrameType.PRIORITY, 0, 1, 5) + b"\x00\x00\x00\x00\x01",
    "unknown": frame_head(0x77, 0, 0, 8) + bytes(8),
    "empty data": frame_head(FrameType.DATA, 0, 1, 0),
    "window update": frame_head(FrameType.WINDOW_UPDATE, 0, 0, 4) + b"\x00\x00\x00\x01",
    "reset": frame_head(FrameType.RST_STREAM, 0, 1, 4) + b"\x00\x00\x00\x08",
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_ends_its_connection(kind):
    """Frames that cost us work and bring nothing forward, by the ten thousand."""
    async with serving() as server, raw_client(server) as client, raw_client(server) as other:
        before = resident()
        await client.begin("stuck")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood, client, FLOODS[kind] * 1_000)
            assert (await other.ask("echo", b"still served")).status == 0
            await told_to_calm_down(client)
        assert resident() - before <= GROWTH_MAX
        assert (await other.ask("echo", b"still served")).status == 0


async def test_rapid_resets_end_the_connection():
    """HEADERS and RST_STREAM again and again (CVE-2023-44487): some hundreds are borne, no more."""
    began = 0

    async def counted(call: Call) -> None:
        nonlocal began
        began += 1
        await trio.sleep_forever()

    async with serving(table_of(counted=counted)) as server, raw_client(server) as client:
        before = resident()
        try:
            for _ in range(100):
                for _ in range(20):
                    stream = client.open("counted", end=True)
                    client.h2.reset_stream(stream, ErrorCode.CANCEL)
                await client.flush()
        except trio.BrokenResourceError:
            pass
        await client.until_closed()
        assert began <= 700
        assert resident() - before <= GROWTH_MAX
        assert server.calls == 0


async def test_a_header_bomb_ends_the_connection():
    """One byte that stands for 4,000, sixty thousand times: the list's limit stops it."""
    block = (
        b"\x83\x86" + b"\x44\x01/" + b"\x40\x01x\x7f\xa1\x1e" + b"y" * 4_000 + b"\xbe" * 12_000
    )  # the entry goes to index 62
    async with serving() as server, raw_client(server) as client:
        before = resident()
        await client.frame(FrameType.HEADERS, 0x4, 1, block)
        await told_to_calm_down(client)
        assert resident() - before <= GROWTH_MAX


async def test_endless_continuations_end_the_connection():
    """A header block that never ends (CVE-2024-27316) is bounded in bytes."""
    async with serving() as server, raw_client(server) as client:
        before = resident()
        await client.frame(FrameType.HEADERS, 0, 1, b"\x83")
        client.mute = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood, client, frame_head(FrameType.CONTINUATION, 0, 1, 8_000) + b"\x40" * 8_000)
            await told_to_calm_down(client)
        assert resident() - before <= GROWTH_MAX


async def test_large_metadata_ends_its_own_call_alone():
    """An upload on the same connection goes on, and calls after it; what both keep of the headers still agrees."""
    async with serving() as server, raw_client(server) as client:
        client.h2.encoder.header_table_size = 4_096
        upload = await client.begin("echo")
        for number, end in ((1, True), (2, False)):
            large = await client.begin("echo", ("token", "5" * 40_000), ("tag", f"kept {number}"), end=end)
            refused = await client.answer(large)
            assert (refused.status, refused.headers[":status"]) == (Status.INVALID_ARGUMENT, "200")
            assert f"is larger than {16 * 1_024}" in refused.headers["grpc-message"]
        await client.message(upload, b"still under way", end=True)
        assert (await client.answer(upload)).status == 0
        again = await client.begin("echo", ("tag", "kept 1"), ("tag", "kept 2"))
        await client.message(again, b"x", end=True)
        assert (await client.answer(again)).status == 0


async def test_metadata_beyond_the_hard_bound_ends_the_connection():
    """What would have to be read for it is too much, packed or not."""
    for fields in ([("token", "5" * 90_000)], [("a", "b" * 4_000)] * 17):
        async with serving() as server, raw_client(server) as client:
            await client.begin("echo", *fields, end=True)
            await told_to_calm_down(client)


async def test_many_large_blocks_end_the_connection():
    """Each costs the loop milliseconds, as headers or as trailers; a few are borne."""
    fields = [(f"name-{number}", "x") for number in range(1_000)]
    async with serving() as server, raw_client(server) as client:
        streams = [client.open("echo", *fields, end=True) for _ in range(int(LARGE_BLOCKS[1]) // 2)]
        await client.flush()
        for stream in streams:
            assert (await client.answer(stream)).status == Status.INVALID_ARGUMENT
        with suppress(trio.BrokenResourceError):
            for _ in range(2 * int(LARGE_BLOCKS[1])):
                stream = client.open("echo")
                client.h2.send_headers(stream, fields, end_stream=True)
            await client.flush()
        await told_to_calm_down(client)


async def test_a_header_block_is_not_interrupted():
    """Between HEADERS and its last CONTINUATION nothing else may stand."""
    async with serving() as server, raw_client(server) as client:
        await client.frame(FrameType.HEADERS, 0, 1, b"\x83")
        await client.frame(FrameType.DATA, 0, 1, b"x")
        await client.until_closed()
        assert client.gone is not None
        assert client.gone.error_code == ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize(
    "raw",
    [
        frame_head(FrameType.DATA, 0, 9, 1) + b"x",
        frame_head(FrameType.DATA, 0, 0, 1) + b"x",
        frame_head(FrameType.DATA, 8, 1, 1) + b"\x05",
        frame_head(FrameType.DATA, 8, 1, 0),
        frame_head(FrameType.DATA, 0, 1, 2 << 20),
        frame_head(FrameType.PING, 0, 0, 7) + bytes(7),
        frame_head(FrameType.PING, 0, 1, 8) + bytes(8),
        frame_head(FrameType.WINDOW_UPDATE, 0, 0, 4) + bytes(4),
        frame_head(FrameType.WINDOW_UPDATE, 0, 0, 3) + bytes(3),
        frame_head(FrameType.WINDOW_UPDATE, 0, 7, 4) + b"\x00\x00\x00\x01",
        frame_head(FrameType.WINDOW_UPDATE, 0, 0, 4) + b"\x7f\xff\xff\xff",
        frame_head(FrameType.CONTINUATION, 4, 1, 1) + b"\x83",
        frame_head(FrameType.PUSH_PROMISE, 4, 1, 5) + b"\x00\x00\x00\x02\x83",
        frame_head(FrameType.HEADERS, 4, 2, 1) + b"\x83",
        frame_head(FrameType.HEADERS, 4, 3, 1) + b"\xff",
        frame_head(FrameType.SETTINGS, 0, 0, 5) + bytes(5),
        frame_head(FrameType.SETTINGS, 0, 0, 1 << 20),
        frame_head(FrameType.HEADERS, 4, 3, 5) + b"\x82\x86\x44\x01/",
    ],
)
async def test_broken_frames_end_the_connection_with_a_goaway(raw):
    """Whatever breaks HTTP/2 is told so, and reaches nobody else."""
    async with serving() as server, raw_client(server) as client, raw_client(server) as other:
        await client.begin("stuck")
        await client.stream.send_all(raw)
        if raw[3] == FrameType.HEADERS and raw.endswith(b"/"):  # a GET without authority: refused by itself
            await client.stream.aclose()
        else:
            await client.until_closed()
            assert client.gone is not None
        assert (await other.ask("echo", b"next")).status == 0


async def test_streams_beyond_the_limit_are_refused_not_fatal():
    """A client that does not wait is refused (and may ask again); the calls it has go on."""
    async with serving(streams_max=4) as server, raw_client(server) as client:
        client.h2.remote_settings.acknowledge()
        client.h2.remote_settings[CONTROL.MAX_CONCURRENT_STREAMS] = 100
        client.h2.remote_settings.acknowledge()
        streams = [await client.begin("pong") for _ in range(6)]
        assert [(await client.answer(stream)).reset for stream in streams[4:]] == [ErrorCode.REFUSED_STREAM] * 2
        await client.message(streams[0], b"x", end=True)
        assert (await client.answer(streams[0])).status == 0
        assert (await client.ask("echo", b"next")).status == 0


async def test_endless_refused_streams_end_the_connection():
    """A client that goes on opening what is refused is told to calm down."""
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path("stuck").encode())]
    block = header_block([*fields, (b":authority", b"x"), (b"content-type", b"application/grpc")])
    async with serving(streams_max=1) as server, raw_client(server) as client:

        async def insist() -> None:
            with suppress(trio.BrokenResourceError):
                for begin in range(1, 16_001, 200):
                    await client.stream.send_all(
                        b"".join(headers_frame(stream, block, end=True) for stream in range(begin, begin + 200, 2))
                    )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(insist)
            heard = b""
            with suppress(trio.BrokenResourceError):
                while data := await client.stream.receive_some(65_536):
                    heard += data
        refused = reset_frame(7, ErrorCode.REFUSED_STREAM)
        assert refused in heard
        assert 4_999 <= heard.count(refused[:5]) <= 6_000
        assert b"too many streams" in heard
        assert server.calls == 0


async def test_a_client_that_keeps_forging_loses_its_connection():
    """Each is answered up to the last; good calls between them change nothing."""

    async def refuse(call: Call) -> None:
        raise TokenForged(1)

    async with serving(table_of(refuse=refuse)) as server, raw_client(server) as client:
        for _ in range(FORGED_MAX - 1):
            assert (await client.ask("refuse", b"")).headers["grpc-status"] == "16"
            assert messages((await client.ask("echo", b"x")).data) == [b"x"]
        assert (await client.ask("refuse", b"")).headers["grpc-status"] == "16"
        await client.until_closed()
        assert client.gone is not None
        assert client.gone.error_code == ErrorCode.ENHANCE_YOUR_CALM


async def test_messages_that_never_end_hold_little():
    """128 calls that each begin 4 MiB and stop: what is held is bounded, and another client is served."""
    async with serving() as server, raw_client(server) as client, raw_client(server) as other:
        before = resident()
        client.h2.remote_settings.acknowledge()
        streams = [await client.begin("upload") for _ in range(128)]
        for stream in streams:
            await client.send(stream, message_prefix(4 * MIB))
        with trio.move_on_after(3):
            while True:
                for stream in streams:
                    room = min(client.h2.local_flow_control_window(stream), 16_384)
                    if room > 0:
                        client.h2.send_data(stream, bytes(room))
                        await client.flush()
                with trio.move_on_after(0.2):
                    await client.read()
        assert resident() - before <= GROWTH_MAX
        assert (await other.ask("echo", bytes(60_000))).status == 0


async def test_answers_nobody_reads_hold_little():
    """A client that asks and never reads is read no further, and its connection ends in time."""
    expired = REGISTRY.get_sample_value("edge_node_http_connections_expired_total") or 0
    async with serving(stream_idle_timeout_s=1.0) as server, raw_client(server) as client:
        before = resident()
        client.h2.update_settings({CONTROL.INITIAL_WINDOW_SIZE: 2**31 - 1})
        client.h2.increment_flow_control_window(2**30)
        for _ in range(100):
            stream = client.open("download")
            client.h2.send_data(stream, message_prefix(9) + b"100000000", end_stream=True)
        await client.flush()
        while server.connections:
            await trio.sleep(0.1)
            assert resident() - before <= GROWTH_MAX
        assert (REGISTRY.get_sample_value("edge_node_http_connections_expired_total") or 0) > expired
