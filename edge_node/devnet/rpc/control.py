"""`devnet_*`: faults set and lifted, and the chain moved by hand; no lie touches these."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from edge_node.devnet.rpc.json_rpc import INVALID_PARAMS, RpcError
from edge_node.devnet.rpc.method import Method
from edge_node.devnet.rpc.params import Optional, anything, flag, integer, number, text, to_hex
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.runtime import ChangeOrder
from edge_node.devnet.set_changes import rotated

PREFIX: Final = "devnet_"
BLOCKS_MAX: Final = 10_000
JUMP_MAX_MS: Final = 100 * 366 * 86_400_000


def faults(served: Served) -> object:
    """What is wrong at the moment."""
    return asdict(served.service.brakes) | {"lies": {str(lie): much for lie, much in served.lies.told.items()}}


def withhold_finality(served: Served, wanted: bool) -> object:  # noqa: FBT001 (a request's parameter)
    """Stop finality, or let it go on: what waited becomes final at once."""
    served.service.brake(replace(served.service.brakes, withhold_finality=wanted))
    return faults(served)


def stop_blocks(served: Served, wanted: bool) -> object:  # noqa: FBT001 (a request's parameter)
    """Stop blocks, or let them go on."""
    served.service.brake(replace(served.service.brakes, stop_blocks=wanted))
    return faults(served)


def jump_time(served: Served, ms: int) -> object:
    """Put the chain's time ahead by so many ms more, or back."""
    if abs(served.service.brakes.ahead_ms + ms) > JUMP_MAX_MS:
        raise RpcError(INVALID_PARAMS, "Invalid params", f"further than {JUMP_MAX_MS} ms away")
    served.service.brake(replace(served.service.brakes, ahead_ms=served.service.brakes.ahead_ms + ms))
    return faults(served)


async def schedule_change(served: Served, delay: int, turn: int | None) -> object:
    """Announce another set in the next block, in force after `delay` blocks; the id it will have."""
    return await _order(served, delay, turn, None)


async def force_change(served: Served, delay: int, median: int | None, turn: int | None) -> object:
    """The same without the old set's word: what no light client can follow."""
    return await _order(served, delay, turn, served.service.chain.final.number if median is None else median)


async def _order(served: Served, delay: int, turn: int | None, median: int | None) -> int:
    chain = served.service.chain
    following = chain.voters.current.id + len(chain.voters.pending.changes) + 1
    authorities = rotated(chain.rules.validators, following if turn is None else turn)
    await served.service.schedule(ChangeOrder(authorities, delay, median))
    return following


def forge_finality(served: Served, height: int | None) -> object:
    """A second final block of this height (the newest final one's): its hash and the justification."""
    chain = served.service.chain
    at = chain.final.number if height is None else height
    if not 0 < at <= chain.head.number:
        raise RpcError(INVALID_PARAMS, "Invalid params", f"no block {at} can be written again")
    finality = served.service.forge(at)
    return {"number": at, "hash": to_hex(finality.hash), "justification": to_hex(finality.justification)}


async def write_blocks(served: Served, count: int | None) -> object:
    """Write so many blocks (1) now; the number of the last."""
    if count is not None and count > BLOCKS_MAX:
        raise RpcError(INVALID_PARAMS, "Invalid params", f"more than {BLOCKS_MAX} blocks")
    await served.service.write_blocks(1 if count is None else count)
    return served.service.chain.head.number


def lie(served: Served, name: str, much: Any) -> object:
    """Lie about something from now on; some lies take a number."""
    if isinstance(much, bool) or not isinstance(much, int | float | None):
        raise RpcError(INVALID_PARAMS, "Invalid params", "number 2: not a number")
    served.lie(name, much)
    return faults(served)


def be_honest(served: Served, name: str | None) -> object:
    """Lie no more, about one thing or any."""
    served.be_honest(name)
    return faults(served)


METHODS: Final[Mapping[str, Method]] = {
    "devnet_faults": Method(faults),
    "devnet_withholdFinality": Method(withhold_finality, (flag,)),
    "devnet_stopBlocks": Method(stop_blocks, (flag,)),
    "devnet_jumpTime": Method(jump_time, (integer,)),
    "devnet_scheduleChange": Method(schedule_change, (number, Optional(number))),
    "devnet_forceChange": Method(force_change, (number, Optional(number), Optional(number))),
    "devnet_forgeFinality": Method(forge_finality, (Optional(number),)),
    "devnet_writeBlocks": Method(write_blocks, (Optional(number),)),
    "devnet_lie": Method(lie, (text, Optional(anything))),
    "devnet_beHonest": Method(be_honest, (Optional(text),)),
}
