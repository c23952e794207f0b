"""Who votes: lists in every form they come in, thresholds, and lists that nobody could vote in."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey
from edge_node.chain_light.authorities import (
    AUTHORITIES_MAX,
    Authority,
    AuthoritySet,
    decode_authorities,
    decode_versioned_authorities,
    encode_authorities,
)
from edge_node.chain_light.finality_errors import UnfitAuthorities
from edge_node.wire.scale import MalformedScale, compact
from tests.chain_light.electorate import electorate, vector

LISTS = st.lists(
    st.builds(Authority, st.binary(min_size=32, max_size=32).map(PublicKey), st.integers(1, 2**60)),
    min_size=1, max_size=12, unique_by=lambda authority: authority.key,
)  # fmt: skip


@pytest.mark.parametrize("chain", ["polkadot", "westend2"])
def test_real_lists_are_read_to_the_last_byte(chain: str) -> None:
    """The lists of two live chains: their length, their keys, and the same bytes written again."""
    facts = vector("light-sync-states")["chains"][chain]
    raw = bytes.fromhex(facts["authority_list_scale"])
    authorities = decode_authorities(raw)
    assert len(authorities) == facts["authority_count"]
    assert hashlib.sha256(b"".join(key for key, _ in authorities)).hexdigest() == facts["authorities_sha256"]
    assert encode_authorities(authorities) == raw
    assert AuthoritySet(facts["set_id"], authorities).total == facts["authority_count"]


@pytest.mark.parametrize(("count", "threshold"), [(1, 1), (2, 2), (3, 3), (4, 3), (6, 5), (100, 67), (600, 401)])
def test_more_than_two_thirds_decide(count: int, threshold: int) -> None:
    """The least count such that two such groups share an honest voter."""
    assert AuthoritySet(0, electorate(count)).threshold == threshold


@settings(max_examples=60, deadline=None)
@given(LISTS)
def test_thresholds_of_weights(authorities: list[Authority]) -> None:
    """Two groups that reach the threshold share more than a third of the weight; nobody needs more than all of it."""
    voters = AuthoritySet(0, tuple(authorities))
    assert 3 * (2 * voters.threshold - voters.total) > voters.total
    assert voters.threshold <= voters.total
    assert decode_authorities(encode_authorities(authorities)) == tuple(authorities)
    assert voters.next(authorities) == AuthoritySet(1, tuple(authorities))


def test_the_list_under_the_well_known_key_has_a_version() -> None:
    """Version 1 and nothing else."""
    raw = encode_authorities(electorate(2))
    assert decode_versioned_authorities(b"\x01" + raw) == electorate(2)
    for other in (b"\x00" + raw, b"\x02" + raw, raw, b"\x01" + raw + b"\x00", b""):
        with pytest.raises(MalformedScale):
            decode_versioned_authorities(other)


@pytest.mark.parametrize(
    ("authorities", "why"),
    [
        ((), "0 of them"),
        (electorate(1) * 2, "twice"),
        ((Authority(electorate(1)[0].key, 1), Authority(electorate(1)[0].key, 2)), "twice"),
        (electorate(2, weights=(1, 0)), "no weight"),
        (electorate(2, weights=(2**63, 2**63)), "64 bits"),
        (tuple(Authority(PublicKey(n.to_bytes(32, "big")), 1) for n in range(AUTHORITIES_MAX + 1)), "10001 of them"),
    ],
)
def test_who_cannot_vote(authorities: tuple[Authority, ...], why: str) -> None:
    """Nobody, somebody twice, somebody without weight, more weight than there are numbers for, too many."""
    with pytest.raises(UnfitAuthorities, match=why):
        AuthoritySet(0, authorities)


def test_all_the_weight_there_can_be() -> None:
    """The limits themselves are fit."""
    assert AuthoritySet(0, electorate(2, weights=(2**63, 2**63 - 1))).total == 2**64 - 1
    many = tuple(Authority(PublicKey(n.to_bytes(32, "big")), 1) for n in range(AUTHORITIES_MAX))
    assert len(decode_authorities(encode_authorities(many))) == AUTHORITIES_MAX
    with pytest.raises(MalformedScale, match="10000 are the most"):
        decode_authorities(encode_authorities((*many, electorate(1)[0])))


def test_a_count_without_its_bytes_costs_nothing() -> None:
    """A huge count in few bytes is refused before anything is made of it."""
    for count in (1, 2, 10_000, 2**32 - 1):
        with pytest.raises(MalformedScale):
            decode_authorities(compact(count) + bytes(39))
