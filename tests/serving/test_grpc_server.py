"""serving.grpc_server: all kinds of call with a stranger's client, doors with modes, limits, and a drain."""

import grpc
import pytest
import trio

from edge_node.serving.call import Call, CallEnded
from edge_node.serving.grpc_server import GrpcServer, open_grpc_door
from edge_node.serving.listeners import AddressMalformed, PlainDoorExposed
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import Status
from edge_node.wire.http2_frames import ErrorCode
from tests.serving.grpc_rig import (
    MIB,
    address,
    as_stranger,
    messages,
    path,
    raw_client,
    refused,
    same,
    serving,
    table_of,
    unary,
)


async def test_a_unary_call_is_answered():
    """Small, empty and large messages come back as they went."""

    def play(channel: grpc.Channel) -> list[bytes]:
        return [unary(channel, "echo")(message) for message in (b"hi", b"", bytes(3 * MIB))]

    async with serving() as server:
        assert await as_stranger(server, play) == [b"hi", b"", bytes(3 * MIB)]
        assert server.table.answers == {(path("echo"), Status.OK): 3}


async def test_100_mib_go_up_and_come_down():
    """Client streaming and server streaming carry 100 MiB in messages of the SDK's size."""
    total, chunk = 100 * MIB, bytes(4_091_904)

    def play(channel: grpc.Channel) -> tuple[int, int]:
        def chunks():
            yield b"metadata"
            left = total
            while left:
                yield chunk[: min(left, len(chunk))]
                left -= min(left, len(chunk))

        up = int(channel.stream_unary(path("upload"), same, same)(chunks()))
        down = sum(map(len, channel.unary_stream(path("download"), same, same)(str(total).encode())))
        return up, down

    async with serving() as server:
        assert await as_stranger(server, play) == (total, total)


async def test_a_conversation_goes_both_ways():
    """Bidirectional streaming answers each message before the next one is sent."""

    def play(channel: grpc.Channel) -> list[bytes]:
        heard: list[bytes] = []

        def say():
            for number in range(100):
                while len(heard) < number:
                    pass
                yield b"%d" % number

        for message in channel.stream_stream(path("pong"), same, same)(say()):
            heard.append(message)
        return heard

    async with serving() as server:
        assert await as_stranger(server, play) == [b"%d" % number for number in range(100)]


async def test_headers_leave_before_the_content_comes():
    """The DDC SDK waits for response headers after its first message: they come while the client has more to say."""

    def play(channel: grpc.Channel) -> bytes:
        accepted = []

        def say():
            yield b"metadata"
            while not accepted:
                pass
            yield b"content"

        call = channel.stream_stream(path("upload"), same, same)(say())
        accepted.append(call.initial_metadata())  # returns when the headers are there
        return next(call)

    async with serving() as server:
        with trio.fail_after(10):
            assert await as_stranger(server, play) == b"7"


async def test_2000_parallel_calls_on_one_channel():
    """Far more calls than streams wait at the client and are all answered."""

    def play(channel: grpc.Channel) -> int:
        ask = unary(channel, "echo")
        futures = [ask.future(b"%d" % number) for number in range(2_000)]
        return sum(future.result() == b"%d" % number for number, future in enumerate(futures))

    async with serving() as server:
        assert await as_stranger(server, play) == 2_000
        assert server.calls == 0


async def test_5000_queued_calls_are_served_without_loss():
    """A channel may queue 5,000 calls whose handlers wait: no more than the limit are under way at once."""
    most = 0

    async def slow(call: Call) -> None:
        nonlocal most
        most = max(most, server.calls)
        message = await call.receive()
        await trio.sleep(0.005)
        await call.send(message or b"")

    def play(channel: grpc.Channel) -> int:
        ask = unary(channel, "slow")
        futures = [ask.future(b"%d" % number) for number in range(5_000)]
        return sum(future.result() == b"%d" % number for number, future in enumerate(futures))

    async with serving(table_of(slow=slow), streams_max=64) as server:
        assert await as_stranger(server, play) == 5_000
        assert most <= 64


async def test_a_deadline_ends_the_handler():
    """grpc-timeout cancels the handler, and the client is told."""
    cancelled = trio.Event()

    async def endless(call: Call) -> None:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    async with serving(table_of(endless=endless)) as server:
        code, _ = await as_stranger(
            server, lambda channel: refused(lambda: unary(channel, "endless")(b"", timeout=0.2))
        )
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        with trio.fail_after(5):
            await cancelled.wait()


async def test_a_cancelled_call_cancels_its_handler_alone():
    """RST_STREAM ends the handler; a call after it on the same channel is answered."""
    ended: list[str] = []

    async def endless(call: Call) -> None:
        await call.accept()
        try:
            await trio.sleep_forever()
        finally:
            ended.append(call.method)

    def play(channel: grpc.Channel) -> bytes:
        call = channel.unary_stream(path("endless"), same, same)(b"")
        call.initial_metadata()
        call.cancel()
        return unary(channel, "echo")(b"still here")

    async with serving(table_of(endless=endless)) as server:
        assert await as_stranger(server, play) == b"still here"
        with trio.fail_after(5):
            while not ended:
                await trio.sleep(0.01)
        assert server.table.answers[path("endless"), Status.CANCELLED] == 1


async def test_a_handler_that_takes_learns_of_the_reset():
    """A handler inside `receive` is cancelled; one that asks afterwards gets CallEnded."""
    seen: list[str] = []

    async def stubborn(call: Call) -> None:
        await call.accept()
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await call.receive()
                except CallEnded as over:
                    seen.append(str(over))

    def play(channel: grpc.Channel) -> None:
        call = channel.unary_stream(path("stubborn"), same, same)(b"")
        call.initial_metadata()
        call.cancel()

    async with serving(table_of(stubborn=stubborn)) as server:
        await as_stranger(server, play)
        with trio.fail_after(5):
            while not seen:
                await trio.sleep(0.01)


@pytest.mark.parametrize("name", ["nothing", "Echo"])
async def test_an_unknown_method_is_unimplemented(name):
    """Names are case-sensitive, and strangers choose no label of the figures."""
    async with serving() as server:
        code, why = await as_stranger(server, lambda channel: refused(lambda: unary(channel, name)(b"")))
        assert (code, why) == (grpc.StatusCode.UNIMPLEMENTED, f"there is no method {path(name)}")
        assert server.table.answers == {("unlisted", Status.UNIMPLEMENTED): 1}


async def test_a_compressed_message_is_unimplemented():
    """No compression is spoken here, and that is said."""
    async with serving() as server:
        code, _ = await as_stranger(
            server,
            lambda channel: refused(lambda: unary(channel, "echo")(bytes(500), compression=grpc.Compression.Gzip)),
        )
        assert code is grpc.StatusCode.UNIMPLEMENTED


async def test_a_message_beyond_the_limit_is_refused():
    """A message may have 4 MiB and not a byte more."""

    def play(channel: grpc.Channel) -> tuple[int, tuple[grpc.StatusCode, str]]:
        ask = unary(channel, "echo")
        return len(ask(bytes(4 * MIB))), refused(lambda: ask(bytes(4 * MIB + 1)))

    async with serving() as server:
        size, (code, _) = await as_stranger(server, play)
        assert (size, code) == (4 * MIB, grpc.StatusCode.INVALID_ARGUMENT)


async def test_doors_tell_their_mode():
    """One server over two doors: a call knows which it came by."""

    async def tell(call: Call) -> None:
        await call.receive()
        await call.send(call.mode.encode())

    doors = [open_grpc_door("127.0.0.1:0"), open_grpc_door("127.0.0.1:0", "cache")]
    async with serving(table_of(tell=tell), doors=doors) as server:
        modes = [await as_stranger(server, lambda channel: unary(channel, "tell")(b""), door=n) for n in (0, 1)]
        assert modes == [b"full", b"cache"]


async def test_metadata_and_peer_reach_the_handler():
    """Values come under lower-case names, several joined."""
    seen: list[object] = []

    async def look(call: Call) -> None:
        await call.receive()
        seen.extend((call.metadata.get("token"), call.metadata.get("x"), call.metadata.get("none")))
        seen.extend((call.peer, call.over_web))
        await call.send(b"")

    async with serving(table_of(look=look)) as server:
        fields = (("token", "abc"), ("x", "1"), ("x", "2"))
        await as_stranger(server, lambda channel: unary(channel, "look")(b"", metadata=fields))
        assert seen == ["abc", "1, 2", None, "127.0.0.1", False]


async def test_connections_beyond_the_limit_are_closed():
    """Per address, and again possible when one has left; a live change of the limit holds at once."""
    async with serving(connections_per_address_max=1) as server, raw_client(server) as first:
        assert (await first.ask("echo", b"one")).status == 0
        async with await trio.open_tcp_stream("127.0.0.1", int(address(server).rpartition(":")[2])) as second:
            assert await second.receive_some(1) == b""
        server.apply(GrpcSettings(connections_per_address_max=2))
        async with raw_client(server) as third:
            assert (await third.ask("echo", b"three")).status == 0
            assert len(server.connections) == 2


def idle_server() -> GrpcServer:
    """A server that is not run yet."""
    return GrpcServer([open_grpc_door("127.0.0.1:0")], table_of(), GrpcSettings())


async def test_a_drain_lets_calls_finish_and_then_ends():
    """GOAWAY at once, a call under way is answered, a new one is refused, and `run` returns."""
    server = idle_server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        async with raw_client(server) as client:
            stream = await client.begin("upload")
            await client.message(stream, b"metadata")
            while not client.answers[stream].headers:
                await client.read()
            client.undying = True
            nursery.start_soon(server.drain)
            while client.gone is None:
                await client.read()
            late = await client.begin("echo", end=True)
            assert (await client.answer(late)).reset == ErrorCode.REFUSED_STREAM  # it may be asked elsewhere
            await client.message(stream, b"content", end=True)
            assert messages((await client.answer(stream)).data) == [b"7"]
            await client.until_closed()


async def test_a_drain_cuts_what_does_not_end(monkeypatch):
    """Calls that still run when the patience is over are cut."""
    monkeypatch.setattr("edge_node.serving.grpc_server.DRAIN_S", 0.2)
    server = idle_server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        async with raw_client(server) as client:
            stream = await client.begin("stuck", end=True)
            while not client.answers[stream].headers:
                await client.read()
            with trio.fail_after(5):
                await server.drain()
    assert server.table.answers[path("stuck"), Status.CANCELLED] == 1


async def test_a_drain_ends_idle_connections_at_once():
    """A connection without a call is told to go and closed."""
    server = idle_server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        async with raw_client(server) as client:
            nursery.start_soon(server.drain)
            with trio.fail_after(3):
                await client.until_closed()
            assert client.gone is not None
            assert client.gone.error_code == 0


def test_a_plain_door_stays_on_this_machine():
    """Opening gRPC, which has no TLS, to the network is an explicit setting."""
    with pytest.raises(PlainDoorExposed):
        open_grpc_door("0.0.0.0:0")
    with pytest.raises(AddressMalformed):
        open_grpc_door("somewhere:1")
    open_grpc_door("0.0.0.0:0", plain="lan").listener.close()
