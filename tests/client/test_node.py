"""A node as its users see it, over real sockets, under both event loops."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName
from edge_node.client.errors import (
    AnswerNotUnderstood,
    ContentMismatch,
    NodeUnavailable,
    NotThere,
    ProofBroken,
    RequestInvalid,
)  # fmt: skip
from edge_node.client.node import Node
from edge_node.client.progress import Progress
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.wire.cid import format_cid, parse_cid, raw_piece_cid
from tests.client.rig import TinyNode, both_backends, run

KEY = SigningKey.from_seed(b"c" * 32)
CONTENT = bytes(range(256)) * 6_000


def signed(node: TinyNode, seq: int, body: bytes = b'{"a":1}\n{"a":2}\n') -> tuple[str, str, bytes]:
    header = sign_event(
        KEY, audience=node.vault, stream=StreamName("s/t"), content_type="application/x-ndjson", seq=seq, t_ms=1,
        quality=ClockQuality.UNSYNCED, body=body,
    )  # fmt: skip
    return format_event_header(header), header.content_type, body


def ask(backend: str, node: TinyNode, question: Callable[[Node], Any]) -> Any:
    async def main() -> Any:
        async with Node(node.url, KEY) as opened:
            return await question(opened)

    return run(backend, main)


@both_backends
def test_info_and_readiness_need_no_key(backend: str) -> None:
    """A node that is not ready says which room is the reason, and that is an answer, not an error."""

    async def main(url: str) -> None:
        async with Node(url) as opened:
            assert (await opened.info()).name == "tiny"
            readiness = await opened.ready()
            assert not readiness.ready
            assert readiness.rooms["journal"].reason == "disk full"

    with TinyNode() as node:
        run(backend, main, node.url)


@both_backends
def test_a_posted_event_is_read_back_and_verified(backend: str) -> None:
    """Receipt, page and proof fit together; a repeat is a duplicate."""

    async def question(opened: Node) -> None:
        receipt = await opened.post_event(*event)
        assert (receipt.first_offset, receipt.count, receipt.duplicate) == (0, 2, False)
        assert (await opened.post_event(*event)).duplicate
        page = await opened.read_stream("s/t", proof=True)
        assert [e.value() for e in page.events] == [{"a": 1}, {"a": 2}]
        assert [row.stream for row in await opened.list_streams()] == ["s/t"]

    with TinyNode() as node:
        event = signed(node, 1)
        ask(backend, node, question)


@both_backends
def test_a_stream_is_walked_to_its_end(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, each event once, also from the middle on."""
    monkeypatch.setattr("edge_node.client.node.PAGE_EVENTS", 3)

    async def question(opened: Node) -> list[int]:
        return [e.offset async for page in opened.iterate_stream("s/t", 1, proof=True) for e in page.events]

    with TinyNode() as node:
        for seq in range(4):
            node.post(*signed(node, seq))
        assert ask(backend, node, question) == list(range(1, 8))


@both_backends
def test_a_page_that_lies_is_not_returned(backend: str) -> None:
    """With proof, a changed event is an error; so is a page of another stream or place."""

    async def read(opened: Node) -> object:
        return await opened.read_stream("s/t", 1, proof=True)

    with TinyNode() as node:
        node.post(*signed(node, 1))
        node.spoil = lambda page: page["events"][0].update(event={"a": 3})
        with pytest.raises(ProofBroken):
            ask(backend, node, read)
        node.spoil = lambda page: page.update(stream="other")
        with pytest.raises(AnswerNotUnderstood):
            ask(backend, node, read)
        node.spoil = lambda page: page.update(next=0)
        with pytest.raises(AnswerNotUnderstood):
            ask(backend, node, read)


@both_backends
@pytest.mark.parametrize(
    ("fault", "error"),
    [("wrong-cid", ContentMismatch), ("garbage", AnswerNotUnderstood), ("portal", AnswerNotUnderstood),
     (503, NodeUnavailable), (400, RequestInvalid)],
)  # fmt: skip
def test_an_event_is_acknowledged_by_its_own_receipt_only(backend: str, fault: str | int, error: type) -> None:
    """A receipt for other bytes, a 202 without one, a portal: none is an acknowledgement."""

    async def question(opened: Node) -> object:
        return await opened.post_event(*event)

    with TinyNode() as node:
        event = signed(node, 1)
        node.misbehave(fault)
        with pytest.raises(error):
            ask(backend, node, question)


@both_backends
def test_pieces_go_and_come_whole(backend: str, tmp_path: Path) -> None:
    """Bytes and files alike; a file is streamed; what comes back hashes to its CID."""
    file, copy = tmp_path / "in", tmp_path / "out"
    file.write_bytes(CONTENT)
    cid = raw_piece_cid(CONTENT)

    async def question(opened: Node) -> None:
        receipt = await opened.put_piece(file)
        assert (parse_cid(receipt.cid), receipt.size, receipt.duplicate) == (cid, len(CONTENT), False)
        assert (await opened.put_piece(CONTENT)).duplicate
        assert await opened.get_piece(cid) == CONTENT
        assert await opened.get_piece_to_file(cid, copy) == len(CONTENT)
        assert await opened.get_piece_range(cid, 300, 10) == CONTENT[300:310]
        assert await opened.get_piece_range(cid, len(CONTENT) - 3, 10) == CONTENT[-3:]
        await opened.delete_piece(cid)
        with pytest.raises(NotThere):
            await opened.get_piece(cid)

    with TinyNode() as node:
        ask(backend, node, question)
    assert copy.read_bytes() == CONTENT


@both_backends
def test_progress_is_told_of_uploads_and_downloads(backend: str, tmp_path: Path) -> None:
    """For bytes and for files, both ways: growing, with the size, up to all of it."""
    content = bytes(3 * 2**20 + 5)
    file, copy = tmp_path / "in", tmp_path / "out"
    file.write_bytes(content)
    heard: dict[str, list[tuple[int, int | None]]] = {"put": [], "put file": [], "get": [], "get file": []}

    def listen(what: str) -> Progress:
        return lambda done, size: heard[what].append((done, size))

    async def question(opened: Node) -> None:
        await opened.put_piece(file, listen("put file"))
        await opened.put_piece(content, listen("put"))
        await opened.get_piece(raw_piece_cid(content), listen("get"))
        await opened.get_piece_to_file(raw_piece_cid(content), copy, listen("get file"))

    with TinyNode() as node:
        ask(backend, node, question)
    for told in heard.values():
        assert told == sorted(set(told))
        assert len(told) > 1
        assert told[-1] == (len(content), len(content))


@both_backends
def test_damaged_pieces_are_not_handed_on(backend: str, tmp_path: Path) -> None:
    """Neither as bytes nor as a file."""
    cid = raw_piece_cid(CONTENT)

    async def whole(opened: Node) -> object:
        return await opened.get_piece(cid)

    async def saved(opened: Node) -> object:
        return await opened.get_piece_to_file(cid, tmp_path / "out")

    with TinyNode() as node:
        node.pieces[format_cid(cid)] = CONTENT[:-1] + b"\x00"
        for question in (whole, saved):
            with pytest.raises(ContentMismatch):
                ask(backend, node, question)
    assert not list(tmp_path.iterdir())
