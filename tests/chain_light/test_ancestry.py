"""Which blocks descend from which: gaps, wrong heights, circles and headers that nothing uses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.ancestry import Block, descendants, parents_of
from edge_node.chain_light.finality_errors import UnfitAncestry
from edge_node.chain_light.header import genesis_header, hash_header
from tests.chain_light.electorate import ROOT, block, blocks

BASE_HEADER = genesis_header(ROOT)
BASE = Block(hash_header(BASE_HEADER), 0)


def named(number: int, height: int) -> Block:
    """A block that no header has: for the walk, a hash is a name."""
    return Block(Hash256(number.to_bytes(32, "big")), height)


def test_the_base_needs_no_header() -> None:
    """A vote for the block itself leads there at once; for any other nothing leads there."""
    assert descendants(BASE, {BASE, named(1, 1)}, {}) == {BASE}


def test_two_forks_above_the_base() -> None:
    """Every fork counts, and what they share is there once."""
    shared, *_ = blocks(BASE_HEADER, 1)
    forks = [block(shared, extra=1), block(shared, extra=2)]
    votes = {Block(hash_header(header), 2) for header in forks}
    assert descendants(BASE, votes, parents_of([shared, *forks])) == votes


def test_a_gap_leads_nowhere() -> None:
    """One header missing on the way: the vote is not counted. The headers above it are still its own."""
    ahead = blocks(BASE_HEADER, 4)
    vote = Block(hash_header(ahead[3]), 4)
    for missing in range(4):
        given_headers = ahead[missing + 1 :]
        assert descendants(BASE, {vote}, parents_of(given_headers)) == frozenset()


def test_a_wrong_height_is_another_block() -> None:
    """A vote that names a real block with another height, and a header that skips one, lead nowhere."""
    first = block(BASE_HEADER)
    skipping = block(first, number=3)
    right, wrong = Block(hash_header(first), 1), Block(hash_header(first), 2)
    assert descendants(BASE, {right, wrong}, parents_of([first])) == {right}
    above = Block(hash_header(skipping), 3)
    assert descendants(BASE, {right, above}, parents_of([first, skipping])) == {right}


def test_heights_end_a_circle() -> None:
    """Were there hashes that lead in a circle, heights would not: the walk ends."""
    one, two = named(1, 7), named(2, 6)
    parents = {one: two, two: Block(one.hash, 5)}
    assert descendants(BASE, {one}, parents) == frozenset()


def test_headers_that_nothing_uses_are_refused() -> None:
    """A stray header, a header above every vote, one given twice."""
    ahead = blocks(BASE_HEADER, 3)
    stray = block(BASE_HEADER, extra=9)
    vote = Block(hash_header(ahead[1]), 2)
    for headers in ([*ahead[:2], stray], ahead):
        with pytest.raises(UnfitAncestry, match="no way"):
            descendants(BASE, {vote}, parents_of(headers))
    with pytest.raises(UnfitAncestry, match="twice"):
        parents_of([ahead[0], ahead[0]])


def test_headers_below_the_target_are_used_by_a_vote_below_it() -> None:
    """Nodes send the way down to the lowest vote; the target's own header is then among them."""
    chain = blocks(BASE_HEADER, 4)
    target, low, high = (Block(hash_header(chain[place]), chain[place].number) for place in (2, 0, 3))
    assert descendants(target, {target, low, high}, parents_of(chain[1:])) == {target, high}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.sets(st.integers(1, 30), max_size=6), st.data())
def test_what_leads_to_the_base_is_what_descends_from_it(
    shape: list[int], voted: set[int], data: st.DataObject
) -> None:
    """Any tree with any of its headers missing, against a walk of one's own."""
    nodes = [BASE]
    parents: dict[Block, Block] = {}
    for number, pick in enumerate(shape, 1):
        parent = nodes[pick % len(nodes)]
        nodes.append(named(number, parent.number + 1))
        parents[nodes[-1]] = parent
    votes = {nodes[number] for number in voted if number < len(nodes)}
    missing = data.draw(st.sets(st.sampled_from(nodes[1:]), max_size=2))
    needed = set()
    for vote in votes:
        at = vote
        while at in parents and at not in missing:
            needed.add(at)
            at = parents[at]
    kept = {at: parents[at] for at in needed}

    def leads(at: Block) -> bool:
        return at == BASE or (at in kept and leads(kept[at]))

    assert descendants(BASE, votes, kept) == {vote for vote in votes if leads(vote)}
