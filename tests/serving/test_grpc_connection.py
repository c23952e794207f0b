"""The life of a gRPC connection: its first words, errors of ours, who is waited for and for how long, its end."""

import socket

import h2.settings
import pytest
import trio

from edge_node.base.counters import REGISTRY, refusals
from edge_node.serving.call import Call
from edge_node.serving.grpc_calls import GrpcService
from edge_node.serving.grpc_connection import GrpcConnection
from edge_node.serving.limits import Reaper
from edge_node.serving.transport import PlainTransport
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import Status
from edge_node.wire.http2_frames import PREFACE, ErrorCode, FrameType, frame_head
from tests.serving.grpc_rig import MIB, address, messages, path, raw_client, serving, table_of

CONTROL = h2.settings.SettingCodes


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
