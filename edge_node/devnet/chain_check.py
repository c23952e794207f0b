"""What the second process of a trial proves of the chain: it asks the chain itself, over a connection of its own.

The node's word is compared with the chain's; that the node believes proofs alone is proved by the tests of its rooms.
"""

from pathlib import Path
from textwrap import shorten
from typing import Final

import msgspec
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light import rpc
from edge_node.chain_light.source import Source
from edge_node.chain_light.spec import Endpoint
from edge_node.client.local import ask_socket
from edge_node.devnet.chain_site import STALLED_S
from edge_node.devnet.chain_watch import Look
from edge_node.devnet.claim import Claim
from edge_node.devnet.layout import ChainHistory

PROVED_MIN: Final = 5
STALL_BOUND_S: Final = STALLED_S + 4.0  # the client looks once a second; the rest is a busy machine's
REASON_CHARS: Final = 160  # of a sentence that stands on a line of a terminal, or two
RETURN_BOUND_S: Final = 15.0  # an endpoint that was gone is tried again after a second, two, four


async def look_through(socket: Path) -> Look:
    """What the node says now."""
    return msgspec.json.decode(await trio.to_thread.run_sync(ask_socket, socket, "/v1/chain"), type=Look)


async def chain_claims(history: ChainHistory, now: Look) -> list[Claim]:
    """Every claim; the chain still runs, and `now` is what the node says at the end."""
    async with trio.open_nursery() as nursery:
        chain: rpc.RpcSource = await nursery.start(rpc.connect, Endpoint(url=history.url, group="check"))
        claims = [await _proved(history, now, chain), await _goes_on(history, now, chain)]
        nursery.cancel_scope.cancel()
    return [*claims, *outage_claims(history)]


async def _proved(history: ChainHistory, now: Look, chain: Source) -> Claim:
    said = history.proved | ({now.number: now.finalized.hash} if now.finalized and now.number > 0 else {})
    heights = sorted(said)
    truth = dict(zip(heights, await chain.block_hashes(heights), strict=True))
    same = sum(truth[height] == Hash256.parse(said[height]) for height in heights)
    between = f"between {heights[0]} and {heights[-1]}" if heights else ""
    return Claim(
        f"{same} of {len(said)} blocks that the node proved final {between} are the chain's own, asked there",
        PROVED_MIN <= same == len(said) and await chain.genesis() == Hash256.parse(history.genesis),
    )


async def _goes_on(history: ChainHistory, now: Look, chain: Source) -> Claim:
    before = max(history.proved, default=0)
    final = await chain.header(await chain.finalized())
    assert final is not None
    return Claim(
        f"after the kill -9 the node follows on: block {now.number} of {final.number} is proved, over {now.hand_offs}"
        " changes of who votes",
        now.state == "following" and before <= now.number <= final.number and now.hand_offs > 0,
    )


def outage_claims(history: ChainHistory) -> list[Claim]:
    """That the outage was said within its bound, with a reason, and mended itself."""
    stalled_s = _after(history.cut_ms, history.stalled_ms)
    followed_s = _after(history.restored_ms, history.followed_ms)
    further = max(history.proved, default=0) - history.stalled_at
    return [
        Claim(
            f"cut off from its endpoint the node said STALLED {_seconds(stalled_s)} later:"
            f" {shorten(history.reason, REASON_CHARS)}",
            stalled_s is not None and stalled_s <= STALL_BOUND_S and bool(history.reason),
        ),
        Claim(
            f"{_seconds(followed_s)} after the cable was back it followed by itself, {further} blocks further",
            followed_s is not None and followed_s <= RETURN_BOUND_S and further > 0,
        ),
    ]


def _after(then_ms: int, when_ms: int | None) -> float | None:
    return None if when_ms is None else (when_ms - then_ms) / 1_000


def _seconds(length_s: float | None) -> str:
    return "never" if length_s is None else f"{length_s:.1f} s"
