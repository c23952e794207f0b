"""The control client against a real node, under trio and asyncio alike, and against answers that are none."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from edge_node.base.limits import MIB
from edge_node.client.control import ControlClient, patience_s
from edge_node.client.errors import AnswerNotUnderstood, Conflict, NodeUnreachable, NotThere
from tests.client.rig import both_backends, run
from tests.control.process import Process, running_process


@pytest.fixture(scope="module")
def node() -> Iterator[Process]:
    with running_process() as process:
        yield process


def _accepted(listener: socket.socket) -> socket.socket:
    """The next connection that asks something: before each the client only looks whether anybody is there."""
    while True:
        connection, _ = listener.accept()
        if connection.recv(1, socket.MSG_PEEK):
            return connection
        connection.close()


@both_backends
def test_documents_lists_and_text(node: Process, backend: str) -> None:
    """One document, page after page, and what is no JSON."""

    async def main() -> None:
        async with ControlClient(node.socket) as client:
            assert (await client.get("/v1/node"))["access"] == "rw"
            pages = [page async for page in client.iterate("/v1/settings", "settings")]
            assert len(pages) == 1
            assert "edge_node_ready 1.0" in await client.get_text("/v1/metrics")
            with pytest.raises(NotThere):
                await client.get("/v1/devices/nobody")
            with pytest.raises(AnswerNotUnderstood):
                [page async for page in client.iterate("/v1/node", "nothing")]

    run(backend, main)


@both_backends
def test_commands_in_two_steps(node: Process, backend: str) -> None:
    """Planned, executed once, refused in the node's words."""

    async def main() -> None:
        async with ControlClient(node.socket) as client:
            planned = await client.plan("log.level", {"level": "info"})
            assert (planned.plan.danger, planned.plan.confirm) == (False, None)
            assert (await client.execute("log.level", planned.token, planned.plan.arguments))["level"] == "info"
            with pytest.raises(Conflict) as refusal:
                await client.execute("log.level", planned.token)
            assert (refusal.value.slug, refusal.value.status) == ("token-used", 409)
            receipt = (await client.order("stream.publish", {"stream": "test/a", "data": [1, "x"]}))["receipt"]
            assert receipt["stream"] == "test/a"

    run(backend, main)


def test_a_long_order_is_waited_for(tmp_path: Path) -> None:
    """By whoever says so: the client's own patience is for short ones."""

    def answer_late(listener: socket.socket) -> None:
        for late_s in (0.5, 0.5):
            connection = _accepted(listener)
            connection.recv(65_536)
            threading.Event().wait(late_s)
            with suppress(OSError):
                connection.sendall(OK % (13, b'{"result":{}}'))
            connection.close()

    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=answer_late, args=(listener,))
        thread.start()

        async def main() -> None:
            async with ControlClient(path, timeout_s=0.1) as client:
                with pytest.raises(NodeUnreachable):
                    await client.execute("piece.verify", "t")
                assert await client.execute("piece.verify", "t", answer_s=20) == {}

        run("trio", main)
        thread.join(30)
    assert patience_s(0) == 30
    assert patience_s(1_024 * MIB) > 200


@both_backends
def test_the_feed_is_followed_and_left(node: Process, backend: str) -> None:
    """Frames as they come; leaving leaves nothing open; on from the last one."""

    async def main() -> None:
        async with ControlClient(node.socket) as client:
            with anyio.fail_after(20):
                async with client.events(["node", "commands"]) as frames:
                    hello = await anext(frames)
                    assert hello.topic == "hello"
                    await client.order("log.level", {"level": "info"})
                    async for frame in frames:
                        if frame.topic == "commands":
                            break
                async with client.events(["commands"], frame.id) as frames:
                    assert (await anext(frames)).topic == "hello"

    run(backend, main)


@both_backends
def test_nobody_there(backend: str, tmp_path: Path) -> None:
    """No file, or one that a dead process left: said at once, nothing stays open."""
    left = tmp_path / "left"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))

    async def main(path: Path) -> None:
        async with ControlClient(path) as client:
            for _ in range(2):
                with pytest.raises(NodeUnreachable):
                    await client.get("/v1/node")
            with pytest.raises(NodeUnreachable):
                async with client.events():
                    pass

    run(backend, main, tmp_path / "none")
    run(backend, main, left)


def serve(path: Path, answers: Sequence[bytes]) -> threading.Thread:
    """Answers one request after the other on `path` with these bytes, closing each connection, and ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)
    waiting = list(answers)

    def serving() -> None:
        with listener:
            while waiting:
                peer, _ = listener.accept()
                with peer:
                    if not read_request(peer):
                        continue  # a look whether anybody is there
                    peer.sendall(waiting.pop(0))

    thread = threading.Thread(target=serving, daemon=True)  # where a client asks less than it should, the test says so
    thread.start()
    return thread


def read_request(peer: socket.socket) -> bytes:
    """All of a request: to close before its body is read would take the answer from the client."""
    request = b""
    while True:
        head, end, body = request.partition(b"\r\n\r\n")
        sizes = [
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ]
        if end and len(body) >= sum(sizes):
            return request
        more = peer.recv(65_536)
        if not more:
            return b""
        request += more


async def read_all(client: ControlClient) -> None:
    async with client.events() as frames:
        async for _ in frames:
            pass


CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", NodeUnreachable),
        (b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":', NodeUnreachable),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", AnswerNotUnderstood),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", AnswerNotUnderstood),
        (b"SSH-2.0-OpenSSH_9.2\r\n", NodeUnreachable),
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, answer: bytes, error: type[Exception]) -> None:
    """A node that ends while it speaks, or another program at the socket."""
    thread = serve(tmp_path / "s", [answer])

    async def main() -> None:
        async with ControlClient(tmp_path / "s") as client:
            with pytest.raises(error):
                await client.get("/v1/node")

    run("trio", main)
    thread.join(30)


@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
def test_a_feed_that_breaks_off_or_lies(tmp_path: Path) -> None:
    """Cut in mid-frame, or no JSON in it."""
    cut = CHUNKED + b"14\r\nevent: hello\r\ndata: {}\n\n\r\n"
    for number, (answer, error) in enumerate(
        (
            (cut, (NodeUnreachable, AnswerNotUnderstood)),
            (CHUNKED + b"d\r\ndata: no json\r\n1\r\n\n\r\n1\r\n\n\r\n", AnswerNotUnderstood),
        )
    ):
        path = tmp_path / str(number)
        thread = serve(path, [answer])

        async def main(path: Path = path, error: object = error) -> None:
            async with ControlClient(path) as client:
                with pytest.raises(error):  # type: ignore[call-overload]
                    await read_all(client)

        run("trio", main)
        thread.join(30)


OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"


@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"plan": {"command": 5}, "token": "x", "expires_ms": 0}', b"null"])
def test_a_plan_of_another_shape_is_not_understood(tmp_path: Path, body: bytes) -> None:
    """Another program at the socket, or a node of another version: an error of the client, never one of a library."""
    thread = serve(tmp_path / "s", [OK % (len(body), body)])

    async def main() -> None:
        async with ControlClient(tmp_path / "s") as client:
            with pytest.raises(AnswerNotUnderstood):
                await client.plan("node.stop")

    run("trio", main)
    thread.join(30)
