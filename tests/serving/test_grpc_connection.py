"""serving.grpc_connection: windows, wake-ups, and what a hostile client can do, which is little."""

import socket
from contextlib import suppress

import h2.settings
import pytest
import trio

from edge_node.base.counters import REGISTRY, refusals
from edge_node.serving.call import Call
from edge_node.serving.grpc_calls import GrpcService
from edge_node.serving.grpc_connection import GrpcConnection
from edge_node.serving.limits import FORGED_MAX, Reaper
from edge_node.serving.transport import PlainTransport
from edge_node.settings.tree import GrpcSettings
from edge_node.trust.token_errors import TokenForged
from edge_node.wire.grpc import Status, message_prefix
from edge_node.wire.http2_frames import (
    PREFACE,
    ErrorCode,
    FrameType,
    frame_head,
    header_block,
    headers_frame,
    reset_frame,
)
from tests.serving.grpc_rig import (
    GROWTH_MAX,
    MIB,
    RawClient,
    address,
    messages,
    path,
    raw_client,
    resident,
    serving,
    table_of,
)

CONTROL = h2.settings.SettingCodes


async def test_a_call_is_answered_with_headers_message_and_trailers():
    """The three parts of an answer, and no compression offered."""
    async with serving() as server, raw_client(server) as client:
        answered = await client.ask("echo", b"hello")
        assert answered.headers == {
            ":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity",
        }  # fmt: skip
        assert messages(answered.data) == [b"hello"]
        assert answered.trailers == {"grpc-status": "0"}


async def test_an_error_before_any_answer_is_trailers_only():
    """One header block with the status, and the rest of the upload is waved off."""

    async def refuse(call: Call) -> None:
        raise ValueError("secret")

    async with serving(table_of(refuse=refuse)) as server, raw_client(server) as client:
        stream = await client.begin("refuse")
        answered = await client.answer(stream)
        assert answered.headers[":status"] == "200"
        assert answered.status == Status.INTERNAL
        assert "secret" not in answered.headers["grpc-message"]
        while answered.reset is None:
            await client.read()
        assert answered.reset == ErrorCode.NO_ERROR
        assert (await client.ask("echo", b"next")).status == 0


# --- windows


async def test_a_sender_waits_for_the_streams_window_and_then_goes_on():
    """No more leaves than the window, and a WINDOW_UPDATE wakes the sender."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("download")
        client.h2.increment_flow_control_window(MIB)  # the connection's is no obstacle
        await client.message(stream, b"200000", end=True)
        while len(client.answers[stream].data) < 65_535:
            await client.read()
        with trio.move_on_after(0.1):
            await client.read()
        assert len(client.answers[stream].data) == 65_535
        client.h2.increment_flow_control_window(200_000, stream)
        await client.flush()
        answered = await client.answer(stream)
        assert (sum(map(len, messages(answered.data))), answered.status) == (200_000, 0)


async def test_a_connections_window_wakes_every_stream():
    """Ten streams that wait for the connection's window all go on with one WINDOW_UPDATE for stream 0."""
    async with serving() as server, raw_client(server) as client:
        streams = []
        for _ in range(10):
            stream = await client.begin("download")
            await client.message(stream, b"20000", end=True)
            streams.append(stream)
        with trio.move_on_after(0.2):
            while True:
                await client.read()
        assert sum(len(client.answers[stream].data) for stream in streams) == 65_535
        client.h2.increment_flow_control_window(MIB)
        await client.flush()
        for stream in streams:
            assert (await client.answer(stream)).status == 0


async def test_a_larger_initial_window_wakes_senders_too():
    """SETTINGS_INITIAL_WINDOW_SIZE changes the windows of the streams there are."""
    async with serving() as server, raw_client(server) as client:
        client.h2.increment_flow_control_window(MIB)
        stream = await client.begin("download")
        await client.message(stream, b"200000", end=True)
        while len(client.answers[stream].data) < 65_535:
            await client.read()
        client.h2.update_settings({CONTROL.INITIAL_WINDOW_SIZE: MIB})
        await client.flush()
        assert (await client.answer(stream)).status == 0


async def test_no_wake_up_is_lost():
    """Windows given in crumbs, while the sender runs: it never hangs."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("download")
        await client.message(stream, b"150000", end=True)
        answered = client.answers[stream]
        while not answered.ended:
            await client.read(credit=True)
            if answered.ended:
                break
            client.h2.increment_flow_control_window(97, stream)
            client.h2.increment_flow_control_window(97)
            await client.flush_or_lose()
        assert sum(map(len, messages(answered.data))) == 150_000


async def test_a_handler_that_does_not_take_is_sent_no_more():
    """Credit comes when the handler takes: until then a client may send 64 KiB of a call."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("stuck")
        await client.send(stream, bytes(65_535))
        with trio.move_on_after(0.2):
            while True:
                await client.read()
        assert client.h2.local_flow_control_window(stream) <= 1


async def test_a_message_larger_than_the_window_is_invited():
    """A handler that waits for a message of 4 MiB gets it."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("upload")
        await client.message(stream, b"metadata")
        for _ in range(3):
            await client.message(stream, bytes(4 * MIB))
        await client.send(stream, b"", end=True)
        assert messages((await client.answer(stream)).data) == [b"%d" % (12 * MIB)]


async def test_data_of_dead_streams_starves_nobody():
    """What arrives for calls that are over is credited to the connection: 40 MiB of it leave the next call its room."""

    async def refuse(call: Call) -> None:
        """Answer at once, without looking."""

    async with serving(table_of(refuse=refuse)) as server, raw_client(server) as client:
        for _ in range(640):
            stream = await client.begin("refuse")
            while client.h2.local_flow_control_window(stream) < 65_000:  # the connection's window comes back
                await client.read()
            await client.stream.send_all((frame_head(FrameType.DATA, 0, stream, 16_000) + bytes(16_000)) * 4)
            client.h2.outbound_flow_control_window -= 64_000
            await client.answer(stream)
        stream = await client.begin("upload")
        for _ in range(6):
            await client.message(stream, bytes(3 * MIB))
        await client.send(stream, b"", end=True)
        assert (await client.answer(stream)).status == 0


async def test_what_exceeds_a_window_ends_the_call():
    """A client that sends past its window loses the call, not the connection."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("stuck")
        for _ in range(5):
            await client.frame(FrameType.DATA, 0, stream, bytes(16_000))
        assert (await client.answer(stream)).reset == ErrorCode.FLOW_CONTROL_ERROR
        assert (await client.ask("echo", b"next")).status == 0


# --- framing of calls


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x01\x00\x00\x00\x01x", Status.UNIMPLEMENTED),
        (b"\x07\x00\x00\x00\x01x", Status.INVALID_ARGUMENT),
        (b"\x00\xff\xff\xff\xff", Status.INVALID_ARGUMENT),
        (b"\x00\x00\x00\x00\x09short", Status.INVALID_ARGUMENT),
        (b"\x00\x00", Status.INVALID_ARGUMENT),
    ],
    ids=["compressed", "unknown flag", "4 GiB", "cut short", "half a prefix"],
)
async def test_a_broken_message_ends_its_call_alone(sent, status):
    """The call is answered with a final status; the connection goes on."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("upload")
        await client.send(stream, sent, end=True)
        assert (await client.answer(stream)).status == status
        assert (await client.ask("echo", b"next")).status == 0


@pytest.mark.parametrize("content_type", ["text/plain", "application/grpc-web", "application/grpcx", ""])
async def test_another_content_type_is_415(content_type):
    """What is not gRPC gets an HTTP answer (the protocol's own rule)."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("echo", ("content-type", content_type), end=True)
        assert (await client.answer(stream)).headers[":status"] == "415"


async def test_another_method_is_415():
    """gRPC is POST."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("echo", end=True, method="GET")
        assert (await client.answer(stream)).headers[":status"] == "415"


@pytest.mark.parametrize("value", ["1", "123456789S", "1x", "-1S", "S"])
async def test_a_malformed_timeout_is_refused(value):
    """grpc-timeout is up to eight digits and a unit."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("echo", ("grpc-timeout", value), end=True)
        assert (await client.answer(stream)).status == Status.INVALID_ARGUMENT


async def test_padding_is_credited():
    """Padded frames carry their message, and what the padding took of the window comes back."""
    async with serving() as server, raw_client(server) as client:
        stream = await client.begin("upload")
        await client.message(stream, b"metadata")
        for _ in range(400):
            while client.h2.local_flow_control_window(stream) < 300:
                await client.read()
            client.h2.send_data(stream, message_prefix(1) + b"x", pad_length=250)
            await client.flush()
        await client.send(stream, b"", end=True)
        assert messages((await client.answer(stream)).data) == [b"400"]


# --- other protocols


async def first_words(server, sent: bytes) -> bytes:
    """What a stranger who says `sent` is told before the server closes."""
    async with await trio.open_tcp_stream("127.0.0.1", int(address(server).rpartition(":")[2])) as stream:
        await stream.send_all(sent)
        heard = b""
        while data := await stream.receive_some(65_536):
            heard += data
        return heard


async def test_http1_is_told_where_it_is():
    """A browser at this port reads a sentence, not noise."""
    async with serving() as server:
        heard = await first_words(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heard.startswith(b"HTTP/1.1 505 ")
        assert b"gRPC" in heard
        assert refusals("not-http2")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 30, b"SSH-2.0-x\r\n"])
async def test_other_bytes_are_closed_upon(sent):
    """TLS and whatever else is closed without a word."""
    async with serving() as server:
        assert await first_words(server, sent) == b""


async def test_the_first_frame_is_settings():
    """RFC 9113 section 3.4."""
    async with serving() as server:
        heard = await first_words(server, PREFACE + frame_head(FrameType.PING, 0, 0, 8) + bytes(8))
        assert frame_head(FrameType.GOAWAY, 0, 0, 0)[3:4] in heard


# --- floods: each ends the connection with ENHANCE_YOUR_CALM, holds no memory, and leaves others alone


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


async def test_an_error_of_ours_ends_one_connection_alone():
    """Whatever breaks inside a connection is logged, counted, and reaches nobody else."""

    class Faulty(PlainTransport):
        async def receive(self, size: int) -> bytes:
            raise RuntimeError("ours")

    before = REGISTRY.get_sample_value("edge_node_http_connections_broken_total") or 0
    reaper = Reaper([])
    ours, theirs = socket.socketpair()
    connection = GrpcConnection(GrpcService(table_of(), GrpcSettings(), reaper), Faulty(ours, "192.0.2.1"))
    with theirs:
        await connection.run()
        assert theirs.recv(1) == b""
    assert REGISTRY.get_sample_value("edge_node_http_connections_broken_total") == before + 1


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


async def test_a_reader_that_takes_nothing_is_ended():
    """A stream whose window never opens ends after `stream_idle_timeout_s`; the connection goes on."""
    async with serving(stream_idle_timeout_s=0.5) as server, raw_client(server) as client:
        stream = await client.begin("download")
        await client.message(stream, b"1000000", end=True)
        answered = await client.answer(stream)
        assert answered.reset == ErrorCode.CANCEL  # in the middle of a message there is no place for trailers
        assert server.table.answers[path("download"), Status.CANCELLED] == 1
        client.h2.increment_flow_control_window(MIB)
        assert (await client.ask("echo", b"next")).status == 0


async def test_a_sender_that_says_nothing_is_ended():
    """A handler that waits for a message for `stream_idle_timeout_s` is not kept waiting."""
    async with serving(stream_idle_timeout_s=0.5) as server, raw_client(server) as client:
        stream = await client.begin("pong")
        assert (await client.answer(stream)).status == Status.CANCELLED


async def test_a_handler_at_work_is_not_idle():
    """Time that the node takes for itself counts against nobody."""

    async def busy(call: Call) -> None:
        await call.receive()
        await trio.sleep(2)
        await call.send(b"done")

    async with serving(table_of(busy=busy), stream_idle_timeout_s=0.3) as server, raw_client(server) as client:
        assert (await client.ask("busy", b"")).status == 0


async def test_acknowledgements_that_never_come_end_no_download():
    """A handler that waits for messages in one task and sends in another is not idle while bytes flow."""

    async def both(call: Call) -> None:
        async def listen() -> None:
            while await call.receive() is not None:
                pass

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            for _ in range(30):
                await call.send(bytes(1_000))
                await trio.sleep(0.1)
            nursery.cancel_scope.cancel()

    async with serving(table_of(both=both), stream_idle_timeout_s=0.5) as server, raw_client(server) as client:
        answered = await client.answer(await client.begin("both"))
        assert (answered.status, len(messages(answered.data))) == (0, 30)


async def test_an_idle_connection_is_told_to_go():
    """Without a call it gets GOAWAY after `idle_timeout_s` and is closed; pings do not keep it."""
    async with serving(idle_timeout_s=0.5) as server, raw_client(server) as client:
        client.h2.ping(b"12345678")
        await client.flush()
        await client.until_closed()
        assert client.pings == 1
        assert client.gone is not None
        assert client.gone.error_code == 0


async def test_a_client_that_says_goodbye_gets_its_answers():
    """After the client's GOAWAY the calls there are go on, and then the connection ends."""
    async with serving() as server, raw_client(server) as client:
        client.undying = True
        stream = await client.begin("pong")
        await client.frame(FrameType.GOAWAY, 0, 0, bytes(8))
        await client.message(stream, b"late", end=True)
        answered = await client.answer(stream)
        assert (messages(answered.data), answered.status) == ([b"late"], 0)
        await client.until_closed()


async def test_a_connection_that_goes_cancels_its_handlers():
    """Handlers of a client that is gone end, whatever they wait for."""
    ended: list[str] = []

    async def waits(call: Call) -> None:
        await call.accept()
        try:
            await trio.sleep_forever()
        finally:
            ended.append("waits")

    async with serving(table_of(waits=waits)) as server:
        async with raw_client(server) as client:
            stream = await client.begin("waits")
            while not client.answers[stream].headers:
                await client.read()
        with trio.fail_after(10):
            while not ended or server.connections:
                await trio.sleep(0.01)
        assert ended == ["waits"]


async def test_a_limited_header_table_is_acknowledged():
    """A client that shrinks our table is told so in the next block (RFC 7541 section 4.2), and can read it."""
    async with serving() as server, raw_client(server) as client:
        client.h2.update_settings({CONTROL.HEADER_TABLE_SIZE: 0})
        await client.flush()
        assert (await client.ask("echo", b"x")).status == 0
        assert (await client.ask("echo", b"y")).status == 0
