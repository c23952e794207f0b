"""A read under way: who acknowledges is sent on, who does not is stopped, and a right that ends ends it."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
import trio.testing

from edge_node.activity import AckBackwards, AckBeyondSent, AckOfAnotherRequest, AckOfAnotherSigner, AckUnasked
from edge_node.base.limits import MIB
from edge_node.gateway.ddc_errors import AcksMissing, MessageOutOfOrder
from edge_node.gateway.ddc_reading import cut_messages
from edge_node.serving.call import CallEnded
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.trust.activity_request import RequestForged, RequestMalformed
from edge_node.trust.token_errors import TokenRevoked
from edge_node.trust.token_revocations import TokenRevocation
from edge_node.wire.proto.activity_report_pb2 import ActivityAcknowledgment
from edge_node.wire.proto.file_pb2 import GetFileRequest, GetFileResponse
from tests.gateway.ddc_rig import GET_FILE, OWNER, PRIVATE, PUBLIC, STRANGER, DdcNode, MemoryCall, ddc_at, get_message
from tests.gateway.rig import ANSWER_S, CLOCK, Site
from tests.gateway.wallet import GET_REQUEST, text_of

SMALL_WINDOW = {"ddc": {"unacked_bytes_max": MIB, "ack_wait_s": 0.3}}
CONTENT = os.urandom(5 * MIB)


@dataclass
class Reader:
    """A client that reads one file, message by message."""

    call: MemoryCall
    request: str
    got: int = 0
    ended: trio.Event = field(default_factory=trio.Event)
    refusal: Exception | None = None

    async def take(self) -> int:
        """The next data message; its size."""
        with trio.fail_after(ANSWER_S):
            size = len(GetFileResponse.FromString(await self.call.answers.receive()).data)
        self.got += size
        return size

    def ack(self, delivered: int | None = None, **changed: object) -> None:
        """Acknowledge what came, or say something else."""
        ack = OWNER.ack(self.request, self.got if delivered is None else delivered)
        self.call.say(GetFileRequest(ack=ack))

    async def end(self) -> Exception | None:
        """What the read ended with; None: well."""
        with trio.fail_after(ANSWER_S):
            await self.ended.wait()
        return self.refusal


@asynccontextmanager
async def reading(node: DdcNode, cid: bytes, *, bucket: int = PRIVATE, token: str | None = None, signed: bool = True,
                  ) -> AsyncGenerator[Reader, None]:  # fmt: skip
    """A read that was begun."""
    request = OWNER.request(GET_REQUEST, bucket, cid)
    metadata = {"token": text_of(OWNER.token()) if token is None else token} | ({"request": request} if signed else {})
    reader = Reader(MemoryCall(GET_FILE, metadata).say(get_message(cid, bucket)), request)

    async def serve() -> None:
        try:
            await node.handle(reader.call)
        except Exception as error:
            reader.refusal = error
        reader.ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        yield reader
        nursery.cancel_scope.cancel()


async def test_who_acknowledges_reads_to_the_end(site: Site) -> None:
    """However small the window; the record says all of it was acknowledged."""
    async with ddc_at(site, **SMALL_WINDOW) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid) as reader:
            while reader.got < len(CONTENT):
                assert await reader.take() <= MIB
                reader.ack()
            assert await reader.end() is None


async def test_who_does_not_is_stopped_within_the_window(site: Site) -> None:
    """The headers are there, the data up to the window, and then the end in mid-stream."""
    async with ddc_at(site, **SMALL_WINDOW) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid) as reader:
            assert await reader.take() == MIB
            assert isinstance(await reader.end(), AcksMissing)
            assert reader.call.accepted.is_set()
            assert reader.got == MIB
        assert node.ddc.reads.held == 0


async def test_who_says_it_will_not_is_stopped_at_once(site: Site) -> None:
    """After its half-close no acknowledgement can come, so none is waited for."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 3_600.0}) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid) as reader:
            reader.call.half_close()
            await reader.take()
            assert isinstance(await reader.end(), AcksMissing)


async def test_patience_begins_anew_with_every_acknowledgement(site: Site) -> None:
    """One that leaves too little room still counts as a sign of life."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 0.5}) as node:
        cid = await node.put(CONTENT[: 2 * MIB])
        async with reading(node, cid) as reader:
            await reader.take()
            for part in (1, 2, 3):
                await trio.sleep(0.3)
                reader.ack(part * MIB // 4)
            reader.ack()
            await reader.take()
            reader.ack()
            assert await reader.end() is None


async def test_a_small_file_needs_no_acknowledgement(site: Site) -> None:
    """Nor a request, and its end is held back for a moment at most."""
    async with ddc_at(site, ddc={"ack_wait_s": 3_600.0}) as node:
        cid = await node.put(b"small")
        for signed, token in ((True, OWNER.token()), (False, OWNER.token(bucket=PRIVATE))):
            async with reading(node, cid, signed=signed, token=text_of(token)) as reader:
                await reader.take()
                assert await reader.end() is None


async def test_the_last_acknowledgement_is_waited_for_and_not_for_long(site: Site) -> None:
    """Of a reader that has acknowledged before; without it the read ends well all the same."""
    async with ddc_at(site, **SMALL_WINDOW) as node:
        cid = await node.put(CONTENT[: 2 * MIB])
        async with reading(node, cid) as reader:
            await reader.take()
            reader.ack()
            await reader.take()
            await trio.testing.wait_all_tasks_blocked()
            assert not reader.ended.is_set()
            assert await reader.end() is None


async def test_the_only_message_of_a_read_is_acknowledged(site: Site) -> None:
    """Most reads are one message: their trailers wait for the acknowledgement, and it is taken."""
    async with ddc_at(site) as node:
        cid = await node.put(b"small")
        async with reading(node, cid) as reader:
            await reader.take()
            await trio.testing.wait_all_tasks_blocked()
            assert not reader.ended.is_set()
            reader.ack(len(b"small") + 1)
            assert isinstance(await reader.end(), AckBeyondSent)
        async with reading(node, cid) as reader:
            await reader.take()
            await trio.testing.wait_all_tasks_blocked()
            reader.ack()
            assert await reader.end() is None


async def test_a_reader_is_waited_for_once_in_vain(site: Site) -> None:
    """Who does not acknowledge loses a moment with the first read and none with the next."""
    async with ddc_at(site) as node:
        cid = await node.put(b"small")
        for waits in (True, False):
            async with reading(node, cid) as silent:
                await silent.take()
                await trio.testing.wait_all_tasks_blocked()
                assert silent.ended.is_set() is not waits
                assert await silent.end() is None


def forged(reader: Reader) -> ActivityAcknowledgment:
    """An acknowledgement whose number was changed after it was signed."""
    ack = OWNER.ack(reader.request, 1)
    ack.bytesStoredOrDelivered = 2
    return ack


@pytest.mark.parametrize(
    ("acks", "refusal"),
    [
        (lambda _: [OWNER.ack(OWNER.request(GET_REQUEST, PRIVATE), 1)], AckOfAnotherRequest),
        (lambda reader: [STRANGER.ack(reader.request, 1)], AckOfAnotherSigner),
        (lambda reader: [OWNER.ack(reader.request, MIB + 1)], AckBeyondSent),
        (lambda reader: [OWNER.ack(reader.request, 2), OWNER.ack(reader.request, 1)], AckBackwards),
        (lambda reader: [forged(reader)], RequestForged),
        (lambda _: [ActivityAcknowledgment()], RequestMalformed),
    ],
    ids=["another request", "another signer", "over", "backwards", "forged", "empty"],
)
async def test_an_acknowledgement_that_does_not_hold_ends_the_read(
    site: Site, acks: Callable[[Reader], Sequence[ActivityAcknowledgment]], refusal: type[Exception]
) -> None:
    """With a status that no client tries again on."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 3_600.0}) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid) as reader:
            await reader.take()
            await trio.testing.wait_all_tasks_blocked()
            reader.call.say(*(GetFileRequest(ack=ack) for ack in acks(reader)))
            assert isinstance(await reader.end(), refusal)
        assert node.ddc.reads.held == 0


async def test_an_acknowledgement_without_a_request_is_nobody_s(site: Site) -> None:
    """A second request is no acknowledgement either."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 3_600.0}) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid, signed=False, token=text_of(OWNER.token(bucket=PRIVATE))) as reader:
            await reader.take()
            reader.ack()
            assert isinstance(await reader.end(), AckUnasked)
        async with reading(node, cid) as reader:
            await reader.take()
            reader.call.say(get_message(cid))
            assert isinstance(await reader.end(), MessageOutOfOrder)


async def test_a_right_that_ends_ends_the_read(site: Site) -> None:
    """A token that is revoked, a bucket that is gone: within a second, also while nothing is sent."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 3_600.0}) as node:
        cid = await node.put(CONTENT)
        token = OWNER.token(bucket=PRIVATE)
        async with reading(node, cid, token=text_of(token)) as revoked, reading(node, cid) as closed:
            await revoked.take()
            chain = node.rooms.tokens.open(text_of(token), CLOCK.now_ms())
            node.rooms.revocations.apply(TokenRevocation.of_token(chain.last.digest, CLOCK.now_ms()))
            assert isinstance(await revoked.end(), TokenRevoked)
            await closed.take()
            for follow in node.rooms.followers():
                follow(site.settings(ddc={"buckets": ()}))
            assert isinstance(await closed.end(), UnknownBucket)


async def test_a_reader_that_goes_away_holds_nothing(site: Site) -> None:
    """Whether it was being sent something or waited for."""
    async with ddc_at(site, ddc={"unacked_bytes_max": MIB, "ack_wait_s": 3_600.0}) as node:
        cid = await node.put(CONTENT)
        for messages in (0, 1):
            async with reading(node, cid) as reader:
                for _ in range(messages):
                    await reader.take()
                with trio.fail_after(ANSWER_S):
                    while not node.ddc.reads.held:
                        await trio.sleep(0.01)
                reader.call.reset()
                ended = await reader.end()
                assert isinstance(ended, CallEnded | ExceptionGroup)
            assert node.ddc.reads.held == 0


async def test_reads_wait_for_room(site: Site) -> None:
    """What readers may hold together is bounded: the next one is served when another has gone."""
    async with ddc_at(site, grpc={"reads_bytes_max": 8 * MIB}, **SMALL_WINDOW) as node:
        cid = await node.put(CONTENT)
        async with reading(node, cid) as first:
            await first.take()
            async with reading(node, cid) as second:
                await second.call.accepted.wait()
                with trio.move_on_after(0.2):
                    await second.take()
                assert second.got == 0
                assert isinstance(await first.end(), AcksMissing)
                await second.take()


async def test_what_was_read_is_recorded(site: Site) -> None:
    """The reader's minute says what was sent and what was acknowledged."""
    async with ddc_at(site, **SMALL_WINDOW) as node:
        cid = await node.put(CONTENT[:MIB])
        async with reading(node, cid) as reader:
            await reader.take()
            reader.ack()
            await reader.end()
        assert await node.get(await node.put(b"public", bucket=PUBLIC), bucket=PUBLIC, token=None, request=None)
        windows = list(node.rooms.activity.ledger._open.values())
        assert sorted(window.bytes for window in windows) == [len(b"public"), MIB]


async def test_messages_are_cut_without_copies() -> None:
    """Chunks of any size become messages of one size, as views of what came."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        for size in (3, 0, 7, 1, 10):
            yield bytes(range(size))

    cut = [(b"".join(parts), size) async for parts, size in cut_messages(chunks(), 8)]
    assert [size for _, size in cut] == [8, 8, 5]
    assert b"".join(part for part, _ in cut) == b"".join(bytes(range(size)) for size in (3, 0, 7, 1, 10))
