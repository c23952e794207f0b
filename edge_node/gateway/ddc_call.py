"""What every DDC method does first with its call: take the message, refuse stores at a cache, ask the gate."""

from collections.abc import Hashable

from edge_node.base.ids import Cid
from edge_node.gateway.answer_room import AnswerRoom, Held
from edge_node.gateway.ddc_errors import CacheTakesNoStores, MessageOutOfOrder
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.serving.call import Call
from edge_node.settings.doors import Mode
from edge_node.trust.access import Verb
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES

CACHE: Mode = "cache"


async def first_message(call: Call) -> bytes:
    """The message a call begins with; MessageOutOfOrder when the client half-closed instead."""
    message = await call.receive()
    if message is None:
        raise MessageOutOfOrder("there is none")
    return message


async def vouch_for(gate: DdcGate, call: Call) -> None:
    """Ask the gate by the metadata alone, before a large first message has room; see serving.call.Method."""
    if call.mode == CACHE:
        raise CacheTakesNoStores
    await gate.vouch(token=call.metadata.get("token"), source=source_of(call), over_web=call.over_web)


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


def payer_of(admitted: Admitted, peer: str) -> Hashable:
    """Whose share of the memory it is: what anybody may read is shared out by address, for keys cost nothing."""
    return peer if admitted.public else admitted.access.holder


async def take_room(room: AnswerRoom, held: Held, size: int) -> None:
    """Hold `size` bytes, once there is room."""
    # Waiting costs the node nothing: the client has its headers, and what it sends stays in its window. A refusal
    # would have the SDK turn to a node that has not got the file, and give up after five. What fits into the window
    # that every call has needs no other room: stuck calls of an account hold up its large ones, not all.
    while size > STREAM_WINDOW_BYTES and not held.may_resize(size):
        await room.wait()


def source_of(call: Call) -> str:
    """Door and address, for the audit trail and the record of a read."""
    return f"{'grpc-web' if call.over_web else 'grpc'} {call.peer}"
