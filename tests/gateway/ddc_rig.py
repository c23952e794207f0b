"""The DDC services of a real node's rooms without its doors: calls are made in memory, message by message."""

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio
from google.protobuf.message import Message

from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.room import Room
from edge_node.identity import load_public_key
from edge_node.journal import open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.node.ddc import Ddc
from edge_node.node.rooms import Rooms, build_rooms, make_clock
from edge_node.serving.call import CallEnded, Metadata
from edge_node.settings import Settings
from edge_node.wire.proto.file_pb2 import GetFileRequest, GetFileResponse, PutRawPieceRequest, PutRawPieceResponse
from tests.gateway.rig import ANSWER_S, Site
from tests.gateway.wallet import GET_REQUEST, STORE_REQUEST, Wallet, text_of

OWNER, READER, STRANGER = Wallet("owner"), Wallet("the reader"), Wallet("stranger")
PUBLIC, PRIVATE = 1, 2
BUCKETS = (f"{PUBLIC} owner={OWNER.account.hex()} public", f"{PRIVATE} owner={OWNER.account.hex()}")
PUT_RAW, PUT_MULTIPART, GET_FILE = (
    "/file.FileApi/putRawPiece",
    "/file.FileApi/putMultipartPiece",
    "/file.FileApi/getFile",
)
PUT_NODE, GET_NODE, PUT_NAME, GET_NAME = "/dag.DagApi/Put", "/dag.DagApi/Get", "/cns.CnsApi/Put", "/cns.CnsApi/Get"


class MemoryCall:
    """A call whose client is the test: see serving.call.Call."""

    def __init__(self, method: str, metadata: Mapping[str, str], *, mode: str = "full", over_web: bool = False) -> None:
        self.method, self.peer, self.over_web, self.mode = method, "10.0.0.9", over_web, mode
        self.metadata = Metadata([(name.encode(), value.encode()) for name, value in metadata.items()])
        self._to_node, self._inbox = trio.open_memory_channel[bytes | None](1_000)
        self._outbox, self.answers = trio.open_memory_channel[bytes](0)
        self.accepted = trio.Event()
        self._reset = trio.CancelScope()

    def say(self, *messages: Message | bytes) -> "MemoryCall":
        """Send messages."""
        for message in messages:
            raw = message if isinstance(message, bytes) else message.SerializeToString(deterministic=True)
            self._to_node.send_nowait(raw)
        return self

    def half_close(self) -> "MemoryCall":
        """Say no more."""
        self._to_node.send_nowait(None)
        return self

    def reset(self) -> None:
        """Go away."""
        self._to_node.close()
        self.answers.close()

    async def receive(self) -> bytes | None:
        try:
            return await self._inbox.receive()
        except trio.EndOfChannel:
            raise CallEnded("reset") from None

    async def accept(self) -> None:
        self.accepted.set()

    async def send(self, *parts: bytes | memoryview) -> None:
        self.accepted.set()
        try:
            await self._outbox.send(b"".join(parts))
        except trio.BrokenResourceError:
            raise CallEnded("reset") from None

    def end(self) -> None:
        """The handler is done."""
        self._outbox.close()


@dataclass
class DdcNode:
    """The services, the rooms they stand on, and what they hold."""

    settings: Settings
    rooms: Rooms
    ddc: Ddc
    bodies: Room
    answers: AnswerRoom
    nursery: trio.Nursery
    ended: dict[MemoryCall, BaseException | None] = field(default_factory=dict)

    async def handle(self, call: MemoryCall) -> None:
        """Let the node answer; raises what refuses the call."""
        method = self.ddc.table.find(call.method)
        assert method is not None
        try:
            await method.handler(call)
        finally:
            call.end()

    async def ask(
        self,
        method: str,
        *messages: Message | bytes,
        token: str | None = None,
        request: str | None = None,
        mode: str = "full",
        over_web: bool = False,
    ) -> list[bytes]:
        """Make a call, half-close it, and take every answer; raises what refuses it."""
        metadata = {name: text for name, text in (("token", token), ("request", request)) if text is not None}
        call = MemoryCall(method, metadata, mode=mode, over_web=over_web).say(*messages).half_close()
        taken: list[bytes] = []

        async def take() -> None:
            async for answer in call.answers:
                taken.append(answer)

        refused: list[Exception] = []
        with trio.fail_after(ANSWER_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(take)
                try:
                    await self.handle(call)
                except Exception as error:
                    refused.append(error)
        if refused:
            raise refused[0]
        return taken

    async def store(self, method: str, *messages: Message | bytes, bucket: int = PRIVATE, **said: Any) -> list[bytes]:
        """Ask as the owner does: with an ordinary token and its request."""
        credentials = {"token": text_of(OWNER.token()), "request": OWNER.request(STORE_REQUEST, bucket)}
        return await self.ask(method, *messages, **(credentials | said))

    async def read(
        self, method: str, message: Message, *, bucket: int = PRIVATE, cid: bytes = b"", **said: Any
    ) -> list[bytes]:
        """As `store`, to read."""
        credentials = {"token": text_of(OWNER.token()), "request": OWNER.request(GET_REQUEST, bucket, cid)}
        return await self.ask(method, message, **(credentials | said))

    async def put(self, content: bytes, *, bucket: int = PRIVATE, **said: Any) -> bytes:
        """Store a raw piece; its CID."""
        (answer,) = await self.store(PUT_RAW, *put_messages(content, bucket), bucket=bucket, **said)
        return PutRawPieceResponse.FromString(answer).cid

    async def get(
        self, cid: bytes, *, bucket: int = PRIVATE, span: tuple[int, int] | None = None, **said: Any
    ) -> bytes:
        """Read a file, or the range from and to these bytes."""
        answers = await self.read(GET_FILE, get_message(cid, bucket, span), bucket=bucket, cid=cid, **said)
        return b"".join(GetFileResponse.FromString(answer).data for answer in answers)


def put_messages(content: bytes, bucket: int = PRIVATE, *, size: int | None = None, chunk: int = 4_000_000,
                 cid: bytes | None = None) -> Sequence[PutRawPieceRequest]:  # fmt: skip
    """What a client sends to store a raw piece."""
    metadata = PutRawPieceRequest.Metadata(bucketId=bucket, size=len(content) if size is None else size)
    if cid is not None:
        metadata.cid = cid
    parts = [content[at : at + chunk] for at in range(0, len(content), chunk)]
    contents = [PutRawPieceRequest(content=PutRawPieceRequest.Content(data=part)) for part in parts]
    return [PutRawPieceRequest(metadata=metadata), *contents]


def get_message(cid: bytes, bucket: int = PRIVATE, span: tuple[int, int] | None = None) -> GetFileRequest:
    """What a client sends first to read."""
    request = GetFileRequest.Request(cid=cid, bucketId=bucket)
    if span is not None:
        request.range.start, request.range.end = span
    return GetFileRequest(request=request)


@asynccontextmanager
async def ddc_at(site: Site, **sections: Mapping[str, object]) -> AsyncGenerator[DdcNode, None]:
    """The services of a node at `site`, whose journal and activity run."""
    settings = site.settings(**({"ddc": {"buckets": BUCKETS} | dict(sections.pop("ddc", {}))} | sections))
    clock, paths = make_clock(settings.clock), site.paths
    journal = await trio.to_thread.run_sync(
        lambda: open_journal(paths, settings.journal, NODE_KINDS, random=os.urandom, clock=clock)
    )
    node_key = load_public_key(settings.node, paths, os.environ)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        rooms = await build_rooms(settings, paths, clock, node_key, journal)
        await nursery.start(rooms.activity.run)
        await rooms.horizons.begin()
        bodies, answers = Room(settings.http.bodies_bytes_max), AnswerRoom(settings.http.answers_bytes_max)
        yield DdcNode(settings, rooms, Ddc(settings, rooms, bodies, answers), bodies, answers, nursery)
        await rooms.activity.close()
        nursery.cancel_scope.cancel()
    await journal.flush_and_close()
