"""What is recorded of DDC calls."""

from collections.abc import Sequence

import pytest
from blake3 import blake3
from google.protobuf.message import Message

from edge_node.activity import Action, ActivityRecord
from edge_node.base.ids import Digest
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.store.records import MULTIPART_KIND, NAME_KIND, PIECE_KIND
from edge_node.trust.access import Verb
from edge_node.wire.cid import CidKind, make_cid, raw_piece_cid
from edge_node.wire.proto import cns_pb2, dag_pb2
from edge_node.wire.proto.file_pb2 import PutMultiPartPieceRequest
from tests.gateway.ddc_rig import (
    OWNER,
    PRIVATE,
    PUT_MULTIPART,
    PUT_NAME,
    PUT_NODE,
    PUT_RAW,
    ddc_at,
    put_messages,
)
from tests.gateway.rig import CLOCK, Site
from tests.gateway.tickets import Tickets
from tests.gateway.wallet import STORE_REQUEST, text_of

PART = b"a part"
PARTS = [blake3(PART).digest()] * 2
NODE = dag_pb2.Node(data=b"a node")
NODE_RAW = NODE.SerializeToString()
NAME = OWNER.record("site/index", bytes(raw_piece_cid(PART)))


def cid_of(kind: CidKind, content: bytes) -> bytes:
    """A CID as it is recorded."""
    return bytes(make_cid(kind, Digest(blake3(content).digest())))


@pytest.mark.parametrize(
    ("method", "messages", "kinds", "again", "cid", "size"),
    [
        (PUT_RAW, put_messages(b"content"), [PIECE_KIND], [], bytes(raw_piece_cid(b"content")), 7),
        (PUT_MULTIPART, [PutMultiPartPieceRequest(bucketId=PRIVATE, partHashes=PARTS, totalSize=12, partSize=6)],
         [MULTIPART_KIND], [], cid_of(CidKind.MULTIPART, PART * 2), 12),
        (PUT_NODE, [dag_pb2.PutRequest(bucketId=PRIVATE, node=NODE)],
         [PIECE_KIND], [], cid_of(CidKind.DAG_NODE, NODE_RAW), len(NODE_RAW)),
        (PUT_NAME, [cns_pb2.PutRequest(bucketId=PRIVATE, record=NAME)],
         [NAME_KIND], [NAME_KIND], b"", len(NAME.SerializeToString())),
    ],
    ids=["piece", "multipart", "node", "name"],
)  # fmt: skip
async def test_every_store_is_recorded_in_its_own_ticket(
    site: Site, monkeypatch: pytest.MonkeyPatch, method: str, messages: Sequence[Message], kinds: Sequence[int],
    again: Sequence[int], cid: bytes, size: int,
) -> None:  # fmt: skip
    """Whoever stored, and what: never the one without the other. The same once more is recorded once more."""
    async with ddc_at(site) as node:
        await node.put(PART)
        tickets = Tickets(node.rooms.journal, monkeypatch)
        for beside in (kinds, again):
            await node.store(method, *messages)
            ((others, record),) = tickets.recorded()
            assert others == beside
            assert (record.action, record.holder, record.bucket) == (Action.STORE, bytes(OWNER.account), PRIVATE)
            assert (bytes(record.parts[0].cid), record.bytes) == (cid, size)


async def test_a_store_s_record_goes_with_it(site: Site) -> None:
    """Holder, bucket, CID and size, with the signed request as it came; a name's has no CID."""
    async with ddc_at(site) as node:
        records = DdcRecords(node.rooms.activity, CLOCK)
        request = OWNER.request(STORE_REQUEST, PRIVATE)
        admitted = await node.ddc._gate.admit(
            token=text_of(OWNER.token()),
            request_text=request,
            verb=Verb.PUT,
            bucket_id=PRIVATE,
            source="grpc 10.0.0.9",
        )
        cid = raw_piece_cid(b"x")
        for named, kept in ((False, bytes(cid)), (True, b"")):
            (draft,) = records.companions(admitted, named=named)(cid, 5)
            record = draft.item
            assert isinstance(record, ActivityRecord)
            assert (record.action, record.holder, record.bucket, record.bytes) == (
                Action.STORE, bytes(OWNER.account), PRIVATE, 5,
            )  # fmt: skip
            assert bytes(record.parts[0].cid) == kept
            assert admitted.request is not None
            assert record.parts[0].request == admitted.request.raw


async def test_a_read_is_told_what_was_sent(site: Site) -> None:
    """And joins its reader's minute."""
    async with ddc_at(site) as node:
        cid = await node.put(b"content")
        await node.get(cid)
        (window,) = node.rooms.activity.ledger._open.values()
        assert (window.reader.holder, window.reader.bucket, window.bytes) == (OWNER.account, PRIVATE, 7)
