"""What is recorded of DDC calls."""

from edge_node.activity import Action, ActivityRecord
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.trust.access import Verb
from edge_node.wire.cid import raw_piece_cid
from tests.gateway.ddc_rig import OWNER, PRIVATE, ddc_at
from tests.gateway.rig import CLOCK, Site
from tests.gateway.wallet import STORE_REQUEST, text_of


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
