"""Verified steps of a chain that exists in tests only, as they are kept."""

from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import advance
from edge_node.chain_light.anchor_record import Advanced
from edge_node.chain_light.authority_changes import Scheduled
from edge_node.chain_light.grandpa import encode_justification
from edge_node.chain_light.header import hash_header
from tests.chain_light.electorate import block, electorate, genesis, justify

NOW_MS = 1_790_000_000_000
START = genesis()
GENESIS = Hash256(START.hash)
DAY_MS = 86_400_000


def step(before, header, signers=range(4), *, headers=(), genesis_hash=GENESIS, **more):
    """From `before` to `header`, signed by voters of these numbers."""
    justification = justify(header, signers, set_id=before.voters.id)
    after = advance(before, (*headers, header), justification)
    facts = {"source": "ws://127.0.0.1:9944", "verified_ms": NOW_MS} | more
    return Advanced(
        genesis=genesis_hash,
        before=before,
        after=after,
        justification=encode_justification(justification),
        is_hand_off=after.voters.id != before.voters.id,
        **facts,
    )


def walk(count, *, every=3, anchor=START):
    """So many steps of one block each; each `every`th hands over to the same four voters under the next number."""
    made = []
    for number in range(1, count + 1):
        change = (Scheduled(electorate(4), 0),) if number % every == 0 else ()
        made.append(step(anchor, block(anchor.header, *change), verified_ms=NOW_MS + 6_000 * number))
        anchor = made[-1].after
    return made


def name(anchor):
    """What tells an anchor from another."""
    return anchor.header.number, hash_header(anchor.header), anchor.voters.id, anchor.pending
