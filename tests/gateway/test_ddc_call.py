"""What every DDC method does first."""

import pytest

from edge_node.gateway.ddc_call import first_message, source_of
from edge_node.gateway.ddc_errors import CacheTakesNoStores, MessageOutOfOrder
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.trust.access import AccessDenied
from edge_node.trust.token_errors import TokenMissing
from edge_node.wire.grpc import PREFIX_BYTES
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES
from tests.gateway.ddc_rig import (
    GET_FILE,
    OWNER,
    PUT_MULTIPART,
    PUT_NODE,
    PUT_RAW,
    MemoryCall,
    ddc_at,
    put_messages,
)
from tests.gateway.rig import Site
from tests.gateway.wallet import Wallet, text_of


async def test_a_call_begins_with_a_message() -> None:
    """An empty one is one; half-closing instead is none."""
    assert await first_message(MemoryCall(GET_FILE, {}).say(b"")) == b""
    with pytest.raises(MessageOutOfOrder):
        await first_message(MemoryCall(GET_FILE, {}).half_close())


def test_the_source_names_door_and_address() -> None:
    """As the audit trail shows it."""
    assert source_of(MemoryCall(GET_FILE, {})) == "grpc 10.0.0.9"
    assert source_of(MemoryCall(GET_FILE, {}, over_web=True)) == "grpc-web 10.0.0.9"


async def test_a_cache_refuses_before_the_gate_is_asked(site: Site) -> None:
    """Whatever the bucket; the other modes go on to it."""
    async with ddc_at(site) as node:
        with pytest.raises(CacheTakesNoStores):
            await node.ask(PUT_RAW, *put_messages(b"x", 99), mode="cache")
        with pytest.raises(UnknownBucket):
            await node.ask(PUT_RAW, *put_messages(b"x", 99), mode="storage")


async def test_large_first_messages_want_somebody_who_vouches(site: Site) -> None:
    """Every method whose first message may be larger than the window that a call has anyhow asks who sends it."""
    async with ddc_at(site) as rig:
        methods = [known for name in rig.ddc.table if (known := rig.ddc.table.find(name)) is not None]
        large = [known for known in methods if known.first_max + PREFIX_BYTES > STREAM_WINDOW_BYTES]
        assert {known.name for known in large} == {PUT_NODE, PUT_MULTIPART}
        for known in large:
            await known.vouch(MemoryCall(known.name, {"token": text_of(OWNER.token())}))
            with pytest.raises(TokenMissing):
                await known.vouch(MemoryCall(known.name, {}))
            with pytest.raises(AccessDenied):
                await known.vouch(MemoryCall(known.name, {"token": text_of(Wallet("stranger").token())}))
            with pytest.raises(CacheTakesNoStores):
                await known.vouch(MemoryCall(known.name, {"token": text_of(OWNER.token())}, mode="cache"))
