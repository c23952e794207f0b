"""A development chain made to be judged: its runtime executes, its sets change often, and it is served over libp2p."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.grandpa import Authority, AuthoritySet
from edge_node.chain_light.storage_key import storage_key
from edge_node.chain_light.warp import verify_warp
from edge_node.devnet.dev_accounts import dev_validator
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime import Chain, ChangeOrder
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.voters import Voters
from edge_node.trust.keys import SigningKey
from tests.devnet.runtime.stage import Stage, make_stage
from tests.interop.judged_runtime import judged_code, read_by_runtime
from tests.interop.libp2p import host
from tests.interop.libp2p.substrate import ChainPeer
from tests.interop.smoldot import Smoldot, smoldot

SET_SIZE = 4
WITHIN_S = 120  # what the worst machine needs for what takes a second
IDENTITY = SigningKey(bytes(31) + b"\x07")


def voter(number: int) -> SigningKey:
    """One of any number of voters, always the same."""
    return SigningKey(b"voter".ljust(28, b".") + number.to_bytes(4, "big"))


def order(number: int, delay: int = 0, *, size: int = SET_SIZE) -> ChangeOrder:
    """The change to set `number`: so many voters, none of whom is in another."""
    return ChangeOrder(tuple(Authority(voter(size * number + place).public, 1) for place in range(size)), delay)


# Those who write blocks, and vote in set 0: the development phrase's, whose seals are true.
AUTHORS = tuple(dev_validator(place) for place in range(SET_SIZE))


def judged_stage(sets: int, *, state_version: int = 0, size: int = SET_SIZE, **genesis: Any) -> Stage:
    """A chain at its genesis whose runtime executes, where the voters of so many sets may vote."""
    profile = sdk_profile(state_version)
    stage = make_stage(profile, code=judged_code(Form(profile)), validators=AUTHORS, **genesis)
    keys = [voter(number) for number in range(size * (sets + 1))]
    stage.chain.voters = Voters(stage.chain.voters.current, [*(one.grandpa for one in AUTHORS), *keys])
    return stage


def grow(stage: Stage, changes: int, *, blocks_per_set: int = 10, delay: int = 0, first: int = 1) -> None:
    """`changes` changes of set, each announced in a block of its own and followed by others; all of it final."""
    for number in range(first, first + changes):
        stage.chain.schedule(order(number, delay))
        stage.skip(blocks_per_set)
    stage.chain.finalize()


def judged_chain(changes: int = 5, *, state_version: int = 0, blocks_per_set: int = 10) -> Chain:
    """A chain with so many changes of set and the blocks after them, all of it final."""
    stage = judged_stage(changes, state_version=state_version)
    grow(stage, changes, blocks_per_set=blocks_per_set)
    return stage.chain


def peer_of(chain: Chain, **how: Any) -> ChainPeer:
    """What serves a chain."""
    return ChainPeer(chain, IDENTITY, tuple(read_by_runtime(chain.form)), **how)


def anchor_of(chain: Chain) -> Anchor:
    """Where a client of it begins: block 0, and the voters of its set."""
    return Anchor(chain.genesis.header, AuthoritySet(0, tuple(one.authority for one in AUTHORS)))


def ours_after(chain: Chain, proofs: Sequence[bytes]) -> Anchor:
    """Where the proofs that were sent, one after the other, lead our own client."""
    anchor = anchor_of(chain)
    for proof in proofs:
        anchor = verify_warp(anchor, proof, fragments_max=1_000).anchor
    return anchor


def spec_of(chain: Chain, address: str) -> dict[str, Any]:
    """The chain's specification with its whole first state, and one address to go to.

    Of child tries the roots stand in it alone: smoldot reads no specification that holds more of them.
    """
    top = {f"0x{key.hex()}": f"0x{value.hex()}" for key, value in chain.genesis.state.pairs()}
    return {
        "name": "Judged",
        "id": "judged",
        "chainType": "Development",
        "bootNodes": [address],
        "telemetryEndpoints": None,
        "properties": {},
        "genesis": {"raw": {"top": top, "childrenDefault": {}}},
    }


@asynccontextmanager
async def judged_by_smoldot(peer: ChainPeer, log: Path, **how: Any) -> AsyncIterator[Smoldot]:
    """smoldot with the chain of this peer alone, served while the block lasts."""
    async with trio.open_nursery() as nursery:
        address = await nursery.start(host.serve, peer.identity, peer.handlers)
        async with smoldot(spec_of(peer.chain, address), log, **how) as judge:
            yield judge
        nursery.cancel_scope.cancel()


def key_of(chain: Chain, pallet: str, name: str, *keys: bytes) -> bytes:
    """Where a state keeps a value."""
    return storage_key(chain.form.item(pallet, name), *keys)
