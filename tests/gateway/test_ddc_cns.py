"""CnsApi: names and their signed records."""

from typing import Any

import pytest

from edge_node.base.errors import Refusal
from edge_node.gateway.ddc_errors import CacheTakesNoStores, RequestMismatch
from edge_node.store.bucket_errors import MalformedName, NameForged, NameUnsigned, UnknownBucket
from edge_node.trust.access import AccessDenied
from edge_node.wire.cid import MalformedCid, raw_piece_cid
from edge_node.wire.proto.cns_pb2 import GetRequest, PutRequest, Record
from edge_node.wire.protobuf_fields import MalformedProtobuf, field_head
from tests.gateway.ddc_rig import GET_NAME, OWNER, PRIVATE, PUBLIC, PUT_NAME, READER, STRANGER, ddc_at
from tests.gateway.rig import Site
from tests.gateway.wallet import GET_REQUEST, text_of

CID, OTHER = bytes(raw_piece_cid(b"one")), bytes(raw_piece_cid(b"other"))


def put(record: Record, bucket: int = PRIVATE) -> PutRequest:
    """The message that stores it."""
    return PutRequest(bucketId=bucket, record=record)


def get(name: str = "site/index", bucket: int = PRIVATE) -> GetRequest:
    """The message that asks for it."""
    return GetRequest(bucketId=bucket, name=name)


async def test_a_record_comes_back_byte_for_byte(site: Site) -> None:
    """In whatever order its fields came; the last one of a name counts."""
    async with ddc_at(site) as rig:
        record = OWNER.record("site/index", CID)
        assert await rig.store(PUT_NAME, put(record)) == [b""]
        assert (await rig.read(GET_NAME, get()))[0].endswith(record.SerializeToString())
        later = OWNER.record("site/index", OTHER)
        fields = [record_field(later, number) for number in (3, 2)]
        signature = later.signature.SerializeToString()
        backwards = b"".join([*fields, field_head(1, len(signature)) + signature])
        # Signed as it stands: the same fields in the SDK's order would be other bytes.
        resigned = b"".join(fields)
        value = bytes(OWNER.key.sign(resigned))
        backwards = backwards.replace(later.signature.value, value)
        await rig.store(PUT_NAME, b"\x08\x02" + field_head(2, len(backwards)) + backwards)
        assert await rig.read(GET_NAME, get()) == [field_head(1, len(backwards)) + backwards]


def record_field(record: Record, number: int) -> bytes:
    """One field of a record as it is encoded."""
    value = {2: record.cid, 3: record.name.encode()}[number]
    return field_head(number, len(value)) + value


async def test_a_missing_name_is_an_empty_answer(site: Site) -> None:
    """And no error, as the SDK wants it; in the other bucket it is missing too."""
    async with ddc_at(site) as rig:
        assert await rig.read(GET_NAME, get("nobody")) == [b""]
        await rig.store(PUT_NAME, put(OWNER.record("site/index", CID)))
        assert await rig.read(GET_NAME, get(bucket=PUBLIC), bucket=PUBLIC) == [b""]


def forged() -> Record:
    """A record changed after it was signed."""
    record = OWNER.record("n", CID)
    record.name = "m"
    return record


def cut() -> Record:
    """A record whose signature is too short."""
    record = OWNER.record("n", CID)
    record.signature.value = record.signature.value[:-1]
    return record


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (put(Record(cid=CID, name="n")), NameUnsigned),
        (put(cut()), NameUnsigned),
        (put(forged()), NameForged),
        (put(OWNER.record("", CID)), MalformedName),
        (put(OWNER.record("n" * 256, CID)), MalformedName),
        (put(OWNER.record("n", b"no cid")), MalformedCid),
        (PutRequest(bucketId=PRIVATE), MalformedProtobuf),
        (put(OWNER.record("n", CID), bucket=99), UnknownBucket),
    ],
    ids=["unsigned", "cut signature", "forged", "no name", "long name", "no cid", "no record", "no bucket"],
)
async def test_what_is_no_record(site: Site, message: PutRequest, refusal: type[Refusal]) -> None:
    """Each is refused by its own name."""
    async with ddc_at(site) as rig:
        with pytest.raises(refusal):
            await rig.store(PUT_NAME, message)


async def test_who_may_name(site: Site) -> None:
    """The bucket's owner and who it lets; anybody reads the names of a public bucket; a cache takes none."""
    async with ddc_at(site) as rig:
        record = READER.record("n", CID)
        grant = READER.accept(OWNER.token(bucket=PRIVATE, subject=READER))
        await rig.store(PUT_NAME, put(record), token=text_of(grant), request=None)
        with pytest.raises(AccessDenied):
            await rig.store(PUT_NAME, put(record), token=text_of(STRANGER.token(bucket=PRIVATE)), request=None)
        piece = text_of(OWNER.token(bucket=PRIVATE, piece=CID))
        with pytest.raises(AccessDenied):
            await rig.read(GET_NAME, get("n"), token=piece, request=None)
        with pytest.raises(CacheTakesNoStores):
            await rig.store(PUT_NAME, put(record), mode="cache")
        with pytest.raises(RequestMismatch):
            await rig.read(GET_NAME, get("n"), request=OWNER.request(GET_REQUEST, PRIVATE, CID))
        await rig.store(PUT_NAME, put(OWNER.record("n", CID), PUBLIC), bucket=PUBLIC)
        answers: list[Any] = await rig.ask(GET_NAME, get("n", PUBLIC))
        assert len(answers[0]) > len(CID)
