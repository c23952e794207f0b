"""Windows of gRPC connections: who waits for whom, and that every wake-up arrives."""

import h2.settings
import trio

from edge_node.serving.call import Call
from edge_node.wire.grpc import message_prefix
from edge_node.wire.http2_frames import ErrorCode, FrameType, frame_head
from tests.serving.grpc_rig import MIB, messages, raw_client, serving, table_of

CONTROL = h2.settings.SettingCodes


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
