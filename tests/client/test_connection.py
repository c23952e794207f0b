"""One connection to one node: signing, bounds, typed errors."""

import os

import anyio
import pytest

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey
from edge_node.client import connection
from edge_node.client.connection import Connection
from edge_node.client.errors import AnswerNotUnderstood, KeyMissing, NodeUnreachable, NotAuthenticated, NotThere
from edge_node.trust.keys import SigningKey
from tests.client.rig import TinyNode, both_backends, run

KEY = SigningKey.from_seed(b"c" * 32)


def connect(url: str, key: SigningKey | None = KEY, node: PublicKey | None = None) -> Connection:
    return Connection(url, key, node=node, verify=None, clock=SystemClock(), random=os.urandom)


async def fetch(
    url: str, path: str, key: SigningKey | None = KEY, node: PublicKey | None = None, signed: bool = True
) -> bytes:
    opened = connect(url, key, node)
    try:
        return (await opened.fetch("GET", path, signed=signed))[1]
    finally:
        await opened.close()


@both_backends
def test_a_request_is_signed_for_the_node_that_info_names(backend: str) -> None:
    """The target is signed as it is on the wire, query and all."""
    with TinyNode() as node:
        node.pieces["a"] = b"content"
        assert run(backend, fetch, node.url, "/api/v1/pieces/a") == b"content"
        assert run(backend, fetch, node.url + "/", "/api/v1/pieces/a") == b"content"


@both_backends
def test_a_pinned_node_key_is_not_asked_again(backend: str) -> None:
    """Signed for another node, the request is refused: an impostor cannot pass it on."""
    with TinyNode() as node, pytest.raises(NotAuthenticated):
        run(backend, fetch, node.url, "/api/v1/streams", KEY, KEY.public)


@both_backends
def test_many_at_once_ask_info_once_and_all_succeed(backend: str) -> None:
    """Every request has a nonce of its own."""

    async def main(url: str) -> list[bytes]:
        opened, answers = connect(url), list[bytes]()

        async def one() -> None:
            answers.append((await opened.fetch("GET", "/api/v1/pieces/a"))[1])

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one)
        await opened.close()
        return answers

    with TinyNode() as node:
        node.pieces["a"] = b"content"
        assert run(backend, main, node.url) == [b"content"] * 8


@both_backends
def test_no_key_no_signed_request(backend: str) -> None:
    """The error comes before anything is sent."""
    with pytest.raises(KeyMissing):
        run(backend, fetch, "http://127.0.0.1:1", "/api/v1/streams", None)


@both_backends
def test_a_refusal_is_typed(backend: str) -> None:
    """404 is NotThere, with the node's slug."""
    with TinyNode() as node, pytest.raises(NotThere) as caught:
        run(backend, fetch, node.url, "/api/v1/pieces/nope")
    assert caught.value.slug == "unknown-piece"


@both_backends
def test_nobody_there_is_unreachable(backend: str) -> None:
    """The address stands in the error."""
    node = TinyNode()
    node.start()
    node.stop()
    with pytest.raises(NodeUnreachable) as caught:
        run(backend, fetch, node.url, "/info", None, None, False)
    assert node.url in str(caught.value)


@both_backends
def test_an_endless_answer_is_cut_off(backend: str) -> None:
    """One byte over the limit is refused; the limit itself is not."""

    async def main(url: str, limit: int) -> bytes:
        opened = connect(url)
        try:
            async with opened.open("GET", "/api/v1/pieces/a") as response:
                return await connection.read_body(response, limit)
        finally:
            await opened.close()

    with TinyNode() as node:
        node.pieces["a"] = b"x" * 100
        assert run(backend, main, node.url, 100) == b"x" * 100
        with pytest.raises(AnswerNotUnderstood, match="longer than 99"):
            run(backend, main, node.url, 99)
