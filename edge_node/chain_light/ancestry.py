"""Which of the blocks that were voted for descend from a block, by the headers that came beside the votes."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from edge_node.base.ids import Hash256
from edge_node.chain_light.finality_errors import UnfitAncestry
from edge_node.chain_light.header import Header, hash_header


class Block(NamedTuple):
    """A block by hash and height: a vote is signed over both, so a wrong height is another block."""

    hash: Hash256
    number: int


def parents_of(headers: Iterable[Header]) -> dict[Block, Block]:
    """The parent of each header's block; UnfitAncestry for a header that came twice.

    A parent's height is what it has to be: one below. That is what ends every walk, whatever the hashes say.
    """
    parents: dict[Block, Block] = {}
    for header in headers:
        block = Block(hash_header(header), header.number)
        if block in parents:
            raise UnfitAncestry("a header stands there twice")
        parents[block] = Block(header.parent, header.number - 1)
    return parents


def descendants(base: Block, blocks: Collection[Block], parents: Mapping[Block, Block]) -> frozenset[Block]:
    """Those of `blocks` that are `base` or that `parents` lead from to it, without a gap.

    UnfitAncestry when a header lies on no way down from any of `blocks`: nodes refuse such a proof too, and nobody
    else's bytes are to be carried along. Takes one step for each header and block.
    """
    leads = {base: True}
    for block in blocks:
        way, at = [], block
        while at not in leads and at in parents:
            way.append(at)
            at = parents[at]
        leads.update(dict.fromkeys([*way, at], leads.get(at, False)))
    _require_used(parents, base, leads)
    return frozenset(block for block in blocks if leads[block])


def _require_used(parents: Mapping[Block, Block], base: Block, leads: Mapping[Block, bool]) -> None:
    """A vote for a block below the base makes nodes send the headers below it as well: those have their use."""
    below, at = set(), base
    while at in parents:
        below.add(at)
        at = parents[at]
    if unused := len(parents.keys() - leads.keys() - below):
        raise UnfitAncestry(f"{unused} of {len(parents)} are on no way from a vote to the target")
