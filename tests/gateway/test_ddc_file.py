"""FileApi: pieces in and out, and everything that is none."""

import os
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from blake3 import blake3

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest
from edge_node.base.limits import MIB
from edge_node.gateway.ddc_errors import (
    CacheTakesNoStores,
    EmptyPiece,
    MessageOutOfOrder,
    RangeOutside,
    SizeUnderstated,
)
from edge_node.gateway.ddc_file import PIECE_MESSAGE_BYTES
from edge_node.serving.call import CallEnded
from edge_node.settings import DdcSettings
from edge_node.store.bucket_errors import TotalSizeMismatch, UnknownBucket, UnknownPart
from edge_node.store.errors import CidMismatch, PieceTooLarge, UnknownPiece
from edge_node.trust.access import AccessDenied
from edge_node.trust.token_errors import TokenExpired, TokenRevoked
from edge_node.trust.token_revocations import TokenRevocation
from edge_node.wire.cid import CidKind, MalformedCid, make_cid, raw_piece_cid
from edge_node.wire.ddc_messages import file_data_head
from edge_node.wire.proto.file_pb2 import (
    GetFileRequest,
    GetFileResponse,
    PutMultiPartPieceRequest,
    PutMultiPartPieceResponse,
    PutRawPieceRequest,
)
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.gateway.ddc_rig import (
    GET_FILE,
    OWNER,
    PRIVATE,
    PUBLIC,
    PUT_MULTIPART,
    PUT_RAW,
    READER,
    MemoryCall,
    ddc_at,
    get_message,
    put_messages,
)
from tests.gateway.rig import CLOCK, Site
from tests.gateway.wallet import STORE_REQUEST, text_of


@pytest.mark.parametrize(("size", "chunk"), [(1, 1), (70_000, 12_345), (MIB, MIB), (9_000_001, 4_091_904)])
async def test_a_raw_piece_comes_back_as_it_went(site: Site, size: int, chunk: int) -> None:
    """Under the BLAKE3 of its bytes, however they were cut; whole and in ranges whose ends are included."""
    content = os.urandom(size)
    async with ddc_at(site) as node:
        (answer,) = await node.store(PUT_RAW, *put_messages(content, chunk=chunk))
        cid = bytes(raw_piece_cid(content))
        assert answer == b"\x0a\x24" + cid
        assert await node.get(cid) == content
        for first, last in {(0, 0), (size - 1, size - 1), (0, size - 1), (size // 3, size // 2)}:
            assert await node.get(cid, span=(first, last)) == content[first : last + 1]


async def test_messages_are_below_what_the_sdk_takes(site: Site) -> None:
    """4,000,000 bytes of content and a head; the last one is shorter."""
    async with ddc_at(site) as node:
        cid = await node.put(os.urandom(9_000_000))
        answers = await node.read(GET_FILE, get_message(cid), cid=cid)
        assert [len(answer) - len(file_data_head(len(answer) - 5)) for answer in answers[:2]] == [4_000_000] * 2
        assert sum(len(GetFileResponse.FromString(answer).data) for answer in answers) == 9_000_000


async def test_headers_leave_before_the_content_comes(site: Site) -> None:
    """The SDK sends no content until it has them."""
    content = os.urandom(100_000)
    async with ddc_at(site) as node:
        metadata = {"token": text_of(OWNER.token()), "request": OWNER.request(STORE_REQUEST, PRIVATE)}
        call = MemoryCall(PUT_RAW, metadata)
        first, *rest = put_messages(content)
        node.nursery.start_soon(node.handle, call.say(first))
        with trio.fail_after(10):
            await call.accepted.wait()
            call.say(*rest).half_close()
            assert await call.answers.receive() == b"\x0a\x24" + bytes(raw_piece_cid(content))


async def test_a_size_that_is_too_large_is_only_a_bound(site: Site) -> None:
    """The SDK's own tests announce 128 MiB for a last part of 1 MiB; none at all is fine too."""
    async with ddc_at(site) as node:
        for size in (128 * MIB, 0):
            content = os.urandom(1_000)
            assert await node.put(content) == bytes(raw_piece_cid(content))
            await node.store(PUT_RAW, *put_messages(content, size=size))


@pytest.mark.parametrize(
    ("messages", "refusal"),
    [
        ([], MessageOutOfOrder),
        (put_messages(b"x")[1:], MessageOutOfOrder),
        ([*put_messages(b"x"), put_messages(b"x")[0]], MessageOutOfOrder),
        (put_messages(b""), EmptyPiece),
        ([*put_messages(b""), PutRawPieceRequest(content=PutRawPieceRequest.Content())], EmptyPiece),
        (put_messages(bytes(10), size=9), SizeUnderstated),
        (put_messages(b"x", size=128 * MIB + 1), PieceTooLarge),
        (put_messages(b"x", cid=bytes(raw_piece_cid(b"y"))), CidMismatch),
        (put_messages(b"x", cid=bytes(make_cid(CidKind.DAG_NODE, Digest(blake3(b"x").digest())))), CidMismatch),
        (put_messages(b"x", cid=b"short"), MalformedCid),
        (put_messages(b"x", bucket=99), UnknownBucket),
        ([b"\x0a\xff"], MalformedProtobuf),
        ([b""], MalformedProtobuf),
    ],
    ids=[
        "nothing", "content first", "metadata twice", "no content", "empty content", "size understated", "size above",
        "another cid", "another kind of cid", "no cid", "no bucket", "cut message", "empty message",
    ],
)  # fmt: skip
async def test_what_is_no_upload(site: Site, messages: Any, refusal: type[Refusal]) -> None:
    """Each is refused by its own name, and nothing is kept."""
    async with ddc_at(site) as node:
        with pytest.raises(refusal):
            await node.store(PUT_RAW, *messages)
        assert node.ddc.puts.held == 0
        for content in (b"x", bytes(10), b""):
            cid = bytes(raw_piece_cid(content))
            with pytest.raises(UnknownPiece):
                await node.get(cid)


async def test_a_client_that_goes_away_leaves_nothing(site: Site) -> None:
    """Its upload ends with it, and the memory it held is given back."""
    content = os.urandom(5_000_000)
    async with ddc_at(site) as node:
        metadata = {"token": text_of(OWNER.token()), "request": OWNER.request(STORE_REQUEST, PRIVATE)}
        call = MemoryCall(PUT_RAW, metadata).say(*put_messages(content))
        call.reset()
        with pytest.raises(CallEnded):
            await node.handle(call)
        assert node.ddc.puts.held == 0
        with pytest.raises(UnknownPiece):
            await node.get(bytes(raw_piece_cid(content)))


async def test_an_upload_waits_for_room_with_its_headers(site: Site) -> None:
    """Others hold nearly all there is: what is small passes, what is large stays with its client till they are done."""
    content = os.urandom(7 * MIB)
    async with ddc_at(site, grpc={"puts_bytes_max": 16 * MIB}) as node:
        metadata = {"token": text_of(OWNER.token()), "request": OWNER.request(STORE_REQUEST, PRIVATE)}
        call = MemoryCall(PUT_RAW, metadata).say(*put_messages(content)).half_close()
        with node.ddc.puts.hold("somebody else") as held:
            held.resize(8 * MIB)
            node.nursery.start_soon(node.handle, call)
            with trio.fail_after(10):
                await call.accepted.wait()
                await node.put(b"small")
            with pytest.raises(trio.WouldBlock):
                call.answers.receive_nowait()
        with trio.fail_after(10):
            assert await call.answers.receive() == b"\x0a\x24" + bytes(raw_piece_cid(content))
        await trio.testing.wait_all_tasks_blocked()
        assert node.ddc.puts.held == 0


async def test_a_cache_serves_and_stores_nothing(site: Site) -> None:
    """Over the same store, by the door it came in by."""
    async with ddc_at(site) as node:
        cid = await node.put(b"content")
        with pytest.raises(CacheTakesNoStores):
            await node.put(b"more", mode="cache")
        with pytest.raises(CacheTakesNoStores):
            await node.store(PUT_MULTIPART, PutMultiPartPieceRequest(bucketId=PRIVATE), mode="cache")
        assert await node.get(cid, mode="cache") == b"content"
        assert await node.get(cid, mode="storage") == b"content"


@pytest.mark.parametrize("span", [(0, 7), (7, 7), (3, 2), (2**64 - 1, 2**64 - 1)])
async def test_a_range_outside_the_file(site: Site, span: tuple[int, int]) -> None:
    """Is refused before anything is sent."""
    async with ddc_at(site) as node:
        cid = await node.put(b"content")
        with pytest.raises(RangeOutside):
            await node.get(cid, span=span)


async def test_what_is_not_in_the_bucket_is_not_found(site: Site) -> None:
    """Nor what only another bucket of the same owner holds."""
    async with ddc_at(site) as node:
        cid = await node.put(b"content")
        with pytest.raises(UnknownPiece):
            await node.get(cid, bucket=PUBLIC)
        with pytest.raises(UnknownPiece):
            await node.get(bytes(raw_piece_cid(b"never")))
        with pytest.raises(AccessDenied):
            await node.get(cid, token=text_of(READER.token(bucket=PRIVATE)), request=None)


async def test_a_read_begins_with_its_request(site: Site) -> None:
    """An acknowledgement first, or nothing, is no read."""
    async with ddc_at(site) as node:
        for messages in ([], [GetFileRequest(ack=OWNER.ack(OWNER.request(1, PRIVATE), 1))]):
            with pytest.raises(MessageOutOfOrder):
                await node.read(GET_FILE, *messages) if messages else await node.ask(GET_FILE)


async def test_a_file_of_parts(site: Site) -> None:
    """Real lengths count and not the rounded one; ranges cross the seams; the CID is the hash of the whole."""
    parts = [os.urandom(size) for size in (5 * MIB, 5 * MIB, 70_001)]
    async with ddc_at(site) as node:
        hashes = [(await node.put(part))[-32:] for part in parts]
        whole = b"".join(parts)
        asked = PutMultiPartPieceRequest(bucketId=PRIVATE, totalSize=len(whole), partSize=8 * MIB, partHashes=hashes)
        (answer,) = await node.store(PUT_MULTIPART, asked)
        cid = PutMultiPartPieceResponse.FromString(answer).cid
        assert cid == bytes(make_cid(CidKind.MULTIPART, Digest(blake3(whole).digest())))
        assert await node.get(cid) == whole
        assert await node.get(cid, span=(5 * MIB - 3, 10 * MIB + 2)) == whole[5 * MIB - 3 : 10 * MIB + 3]
        asked.totalSize += 1
        with pytest.raises(TotalSizeMismatch):
            await node.store(PUT_MULTIPART, asked)
        with pytest.raises(UnknownPart):
            await node.store(PUT_MULTIPART, PutMultiPartPieceRequest(bucketId=PUBLIC, totalSize=len(whole),
                             partHashes=hashes), bucket=PUBLIC)  # fmt: skip


async def test_a_token_for_a_file_opens_its_parts(site: Site) -> None:
    """And nothing else of the bucket; what is put under it must hash to it."""
    async with ddc_at(site) as node:
        part, other = await node.put(b"part"), await node.put(b"other")
        asked = PutMultiPartPieceRequest(bucketId=PRIVATE, totalSize=4, partSize=4, partHashes=[part[-32:]])
        (answer,) = await node.store(PUT_MULTIPART, asked)
        cid = PutMultiPartPieceResponse.FromString(answer).cid
        token = text_of(OWNER.token(bucket=PRIVATE, piece=cid))
        for one, content in ((cid, b"part"), (part, b"part")):
            assert await node.get(one, token=token, request=None) == content
        with pytest.raises(AccessDenied):
            await node.get(other, token=token, request=None)
        scoped = text_of(OWNER.token(bucket=PRIVATE, piece=bytes(raw_piece_cid(b"later"))))
        with pytest.raises(CidMismatch):
            await node.put(b"something", token=scoped, request=None)
        assert await node.put(b"later", token=scoped, request=None) == bytes(raw_piece_cid(b"later"))


async def test_a_right_that_ends_during_an_upload_keeps_nothing(site: Site) -> None:
    """It is looked at again before the piece exists."""
    async with ddc_at(site) as node:
        token = OWNER.token(bucket=PRIVATE)
        call = MemoryCall(PUT_RAW, {"token": text_of(token)}).say(*put_messages(b"late"))
        refused: list[Exception] = []

        async def serve() -> None:
            try:
                await node.handle(call)
            except Refusal as refusal:
                refused.append(refusal)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await call.accepted.wait()
            chain = node.rooms.tokens.open(text_of(token), CLOCK.now_ms())
            node.rooms.revocations.apply(TokenRevocation.of_token(chain.last.digest, CLOCK.now_ms()))
            call.half_close()
        assert [type(one) for one in refused] == [TokenRevoked]
        with pytest.raises(UnknownPiece):
            await node.get(bytes(raw_piece_cid(b"late")))


@pytest.mark.parametrize(
    ("end", "refusal"), [("revoke", TokenRevoked), ("wait", TokenExpired), ("close", UnknownBucket)]
)
async def test_a_right_that_ends_while_parts_are_joined_makes_no_file(
    site: Site, end: str, refusal: type[Refusal]
) -> None:
    """It is looked at again when they have been read: refused by its own name, and nothing is written."""
    async with ddc_at(site) as node:
        part = await node.put(b"part")
        written, hashing = node.rooms.journal.stats().next_sequence, node.rooms.files._joining.hashing
        token = OWNER.token(bucket=PRIVATE, expires_ms=CLOCK.now_ms() + (300 if end == "wait" else 60_000))
        asked = PutMultiPartPieceRequest(bucketId=PRIVATE, totalSize=4, partSize=4, partHashes=[part[-32:]])
        with pytest.RaisesGroup(refusal):
            async with trio.open_nursery() as nursery, hashing:
                nursery.start_soon(partial(node.ask, PUT_MULTIPART, asked, token=text_of(token)))
                while not hashing.statistics().tasks_waiting:  # for its turn to have the part read
                    await trio.sleep(0.001)
                if end == "revoke":
                    chain = node.rooms.tokens.open(text_of(token), CLOCK.now_ms())
                    revocation = TokenRevocation.of_token(chain.last.digest, CLOCK.now_ms())
                    node.rooms.revocations.apply(revocation)
                elif end == "close":
                    node.rooms.buckets.apply(DdcSettings())
                else:
                    await trio.sleep(0.35)
        node.rooms.buckets.apply(node.settings.ddc)
        assert node.rooms.journal.stats().next_sequence == written
        assert node.ddc.puts.held == 0
        with pytest.raises(UnknownPiece):
            await node.get(bytes(make_cid(CidKind.MULTIPART, Digest(blake3(b"part").digest()))))


async def test_settings_are_followed(site: Site) -> None:
    """A smaller limit holds for the next upload."""
    async with ddc_at(site) as node:
        new = site.settings(ddc={"buckets": node.settings.ddc.buckets}, store={"piece_bytes_max": 10})
        node.ddc.apply(new)
        with pytest.raises(PieceTooLarge):
            await node.put(bytes(11))


def test_a_message_of_four_mebibytes_is_taken() -> None:
    """As clients round it, with what frames it."""
    (_, content) = put_messages(bytes(4 * MIB), chunk=4 * MIB)
    assert content.ByteSize() <= PIECE_MESSAGE_BYTES
