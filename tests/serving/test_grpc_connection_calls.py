"""Calls on a gRPC connection: the parts of an answer, and requests that are not in order."""

import pytest

from edge_node.serving.call import Call
from edge_node.wire.grpc import Status
from edge_node.wire.http2_frames import ErrorCode
from tests.serving.grpc_rig import messages, raw_client, serving, table_of


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
