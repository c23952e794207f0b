"""What every DDC method does first."""

import pytest

from edge_node.gateway.ddc_call import first_message, source_of
from edge_node.gateway.ddc_errors import CacheTakesNoStores, MessageOutOfOrder
from edge_node.store.bucket_errors import UnknownBucket
from tests.gateway.ddc_rig import GET_FILE, PUT_RAW, MemoryCall, ddc_at, put_messages
from tests.gateway.rig import Site


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
