"""Calls on a gRPC connection: the parts of an answer, and requests that are not in order."""

import os
from collections import Counter
from contextlib import AsyncExitStack

import pytest
import trio

from edge_node.serving.call import Call
from edge_node.serving.grpc_calls import CALLS_KEPT, CallCount
from edge_node.wire.grpc import Status
from edge_node.wire.http2_frames import ErrorCode
from tests.serving.grpc_rig import RawClient, messages, raw_client, serving, table_of


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


async def test_a_call_beyond_those_of_all_connections_is_refused():
    """To be tried again, elsewhere perhaps; with the end of one there is room."""
    async with serving() as server, raw_client(server) as client:
        server._service.count = CallCount(CALLS_KEPT + 1, CALLS_KEPT + 1)
        streams = [await client.begin("pong") for _ in range(CALLS_KEPT + 1)]
        assert (await client.answer(streams[-1])).reset == ErrorCode.REFUSED_STREAM
        await client.message(streams[0], b"", end=True)
        assert (await client.answer(streams[0])).status == 0
        assert (await client.ask("echo", b"next")).status == 0


BURST, BURSTING = 40, 8  # calls in one breath, and how many connections draw it at the same time
TOGETHER_MAX = 2  # begin between two turns of the clock, which is a task as they are
BEFORE_MAX = 6  # of the bursts' calls that begin before a single one that comes between: a few turns' worth


async def test_a_call_waits_for_few_of_those_that_came_in_bursts():
    """Of hundreds that others asked in one breath one begins each turn: who comes with one is not behind them all."""
    turn, begun, behind = 0, [], []

    async def count_turns() -> None:
        nonlocal turn
        while True:
            await trio.lowlevel.checkpoint()
            turn += 1

    async def burst(_call: Call) -> None:
        begun.append(turn)
        if len(begun) == 2 * BURST:
            speak(single)  # while the others' are under way

    async def lone(_call: Call) -> None:
        behind.append(len(begun))

    async with serving(table_of(burst=burst, lone=lone)) as server, AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(trio.open_nursery())
        nursery.start_soon(count_turns)
        crowd = [await stack.enter_async_context(raw_client(server)) for _ in range(BURSTING)]
        single = await stack.enter_async_context(raw_client(server))
        stream = single.open("lone", end=True)
        for client in crowd:
            draw(client)
        for client in crowd:
            speak(client)
        assert (await single.answer(stream)).status == 0
        assert [(await client.answer(number)).status for client in crowd for number in client.answers].count(0) == (
            BURSTING * (1 + BURST)
        )
        nursery.cancel_scope.cancel()
    assert 0 <= behind[0] - 2 * BURST <= BEFORE_MAX
    assert len(begun) == BURSTING * BURST
    assert max(Counter(begun).values()) <= TOGETHER_MAX


def draw(client: RawClient) -> None:
    """Get a burst ready."""
    client.open("echo", end=True)  # the first of a breath takes no turn
    for _ in range(BURST):
        client.open("burst", end=True)


def speak(client: RawClient) -> None:
    """Send what h2 has to say, all at once and without letting anybody else run."""
    said = client.h2.data_to_send()
    assert os.write(client.stream.socket.fileno(), said) == len(said)


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
