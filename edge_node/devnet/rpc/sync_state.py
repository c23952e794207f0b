"""`sync_state_genSyncSpec`: the chain's specification with its first state, and where its finality stands."""

from collections.abc import Mapping
from typing import Any, Final

from edge_node.chain_light.authority_changes import Scheduled, set_change_of
from edge_node.chain_light.grandpa import encode_authorities
from edge_node.chain_light.header import encode_header
from edge_node.chain_light.pending_changes import PendingChange
from edge_node.devnet.rpc.method import Method
from edge_node.devnet.rpc.params import flag, to_hex
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.system import CHAIN, properties
from edge_node.devnet.runtime import Block, Chain
from edge_node.devnet.runtime.genesis import CHILD_PREFIX
from edge_node.wire.scale import compact, uint

SPEC_ID: Final = "edge_node_devnet"


def sync_spec(served: Served, _raw: bool) -> object:  # noqa: FBT001 (a request's parameter)
    """The specification; its first state is always raw.

    `lightSyncState` holds what a light client of final blocks begins from: the header and GRANDPA's sets. BABE's part
    is left out, which only who verifies unfinalized blocks would read.
    """
    chain = served.service.chain
    return {
        "name": CHAIN,
        "id": SPEC_ID,
        "chainType": "Development",
        "bootNodes": [],
        "telemetryEndpoints": None,
        "protocolId": None,
        "properties": properties(served),
        "genesis": {"raw": _first_state(chain)},
        "lightSyncState": {
            "finalizedBlockHeader": to_hex(encode_header(served.final.header)),
            "grandpaAuthoritySet": to_hex(authority_state(chain)),
        },
    }


def authority_state(chain: Chain) -> bytes:
    """GRANDPA's sets as a node keeps them (SCALE): who votes, what is announced, the last block of each set before."""
    voters = chain.voters.current
    ended = [uint(set_id, 8) + uint(number, 4) for set_id, number in enumerate(chain.hand_overs)]
    return (
        encode_authorities(voters.authorities)
        + uint(voters.id, 8)
        + _announcements(chain)
        + b"\1"
        + uint(chain.final.number, 4)
        + compact(0)  # forced changes
        + compact(len(ended))
        + b"".join(ended)
    )


def _announcements(chain: Chain) -> bytes:
    """The tree of scheduled changes, which on a chain without forks is a line: each hangs below the one before."""
    nested = compact(0)
    for change in reversed(chain.voters.pending.changes):
        block = _announcing(chain, change)
        where = block.hash + uint(block.number, 4)
        announced = encode_authorities(change.authorities) + uint(change.number - block.number, 4)
        announced += uint(block.number, 4) + block.hash + b"\0"
        nested = compact(1) + where + announced + nested
    return nested


def _announcing(chain: Chain, change: PendingChange) -> Block:
    """The block that announced a change: no further below its set's end than its delay."""
    number = min(change.number, chain.head.number)
    while True:
        found = set_change_of(chain.block_at(number).header)
        if isinstance(found, Scheduled) and number + found.delay == change.number:
            return chain.block_at(number)
        number -= 1


def _first_state(chain: Chain) -> dict[str, Any]:
    children = {
        to_hex(CHILD_PREFIX + child): {to_hex(key): to_hex(value) for key, value in trie.pairs()}
        for child, trie in chain.children.items()
    }
    top = {
        to_hex(key): to_hex(value)
        for key, value in chain.genesis.state.pairs()
        if not key.startswith(CHILD_PREFIX)  # their roots follow from them
    }
    return {"top": top, "childrenDefault": children}


METHODS: Final[Mapping[str, Method]] = {"sync_state_genSyncSpec": Method(sync_spec, (flag,))}
