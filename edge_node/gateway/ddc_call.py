"""What every DDC method does first with its call: take the message, refuse stores at a cache, ask the gate."""

from edge_node.base.ids import Cid
from edge_node.gateway.ddc_errors import CacheTakesNoStores, MessageOutOfOrder
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.serving.call import Call
from edge_node.settings.doors import Mode
from edge_node.trust.access import Verb

CACHE: Mode = "cache"


async def first_message(call: Call) -> bytes:
    """The message a call begins with; MessageOutOfOrder when the client half-closed instead."""
    message = await call.receive()
    if message is None:
        raise MessageOutOfOrder("there is none")
    return message


async def admit(
    gate: DdcGate, call: Call, verb: Verb, bucket_id: int, *, cid: Cid | None = None, names: bool = False
) -> Admitted:
    """Ask the gate by the call's metadata; CacheTakesNoStores before it is asked."""
    if verb is not Verb.GET and call.mode == CACHE:
        raise CacheTakesNoStores
    return await gate.admit(
        token=call.metadata.get("token"),
        request_text=call.metadata.get("request"),
        verb=verb,
        bucket_id=bucket_id,
        cid=cid,
        names=names,
        source=source_of(call),
        over_web=call.over_web,
    )


def source_of(call: Call) -> str:
    """Door and address, for the audit trail and the record of a read."""
    return f"{'grpc-web' if call.over_web else 'grpc'} {call.peer}"
