"""The facts themselves: whose fault they are, what they are called, and what they carry."""

import inspect

import pytest

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light import finality_errors
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.finality_errors import (
    BeyondHandOff,
    ConflictingFinality,
    ForcedChangeSeen,
    HeaderNeeded,
    OtherBlock,
    TooFewVotes,
    WarpBroken,
)
from tests.chain_light.electorate import genesis, justify

HERE = [
    kind
    for _, kind in inspect.getmembers(finality_errors, inspect.isclass)
    if kind.__module__ == finality_errors.__name__
]


def test_each_has_its_own_slug_and_remedy() -> None:
    """Machines tell them apart, people know what to do."""
    assert len({kind.slug for kind in HERE}) == len(HERE)
    assert all(kind.remedy for kind in HERE)


@pytest.mark.parametrize("kind", HERE)
def test_what_is_about_the_chain_is_no_bad_answer(kind: type[ChainError]) -> None:
    """An endpoint is not blamed for what the chain's authorities did, nor for a header we did not ask for."""
    of_the_chain = (ConflictingFinality, ForcedChangeSeen, HeaderNeeded)
    assert issubclass(kind, BadAnswer) is (kind not in of_the_chain)
    assert issubclass(kind, RemoteError) is (kind not in of_the_chain)


def test_what_they_say() -> None:
    """Numbers and shortened hashes, so that a status line needs nothing more."""
    one, other, anchor = Hash256(b"\x01" * 32), Hash256(b"\x02" * 32), genesis()
    votes = TooFewVotes(7, 4, 5, unknown=1, invalid=2, astray=3)
    assert str(votes) == (
        "weight 4 of 5 voted in set 7 (votes not counted: 1 by others, 2 not signed, 3 for other blocks)"
    )
    assert str(OtherBlock(one, other)) == "the votes are for block 02020202…, not for 01010101…"
    assert str(BeyondHandOff(7, 6)) == "block 7 is not this set's to finalize: its last block is 6"
    assert str(WarpBroken(anchor, 2, votes)).startswith("fragment 3 of a warp proof is refused: weight 4 of 5")
    assert str(ForcedChangeSeen(anchor, 5, 9)) == "block 5 forces another set of authorities, 9 blocks later"
    conflict = ConflictingFinality(anchor, other, justify(anchor.header, []))
    assert str(conflict).endswith(f"as {anchor.hash.hex()[:8]}… and as 02020202…")
