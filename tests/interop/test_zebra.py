"""ed25519-zebra, by which chains verify votes, as judge of ours: where we are stricter is known, all else is agreed."""

from collections.abc import Iterator, Sequence
from hashlib import sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_ed25519_base_noclamp

from edge_node.base.ids import PublicKey, Signature
from edge_node.chain_light.finality import message_of
from edge_node.chain_light.grandpa import Justification, decode_commit, decode_justification
from edge_node.chain_light.header import read_header
from edge_node.chain_light.justification import read_justification
from edge_node.trust.keys import SigningKey, verify_signature
from edge_node.wire.scale import Scale
from tests.chain_light.electorate import SMALL_KEY, SMALL_SIGNATURE, accepted_warp, polkadot, vector
from tests.interop.driving import Driver

pytestmark = pytest.mark.needs_judges

Case = tuple[PublicKey, bytes, Signature]
ORDER = (1 << 252) + 27742317777372353535851937790883648493
# Every key whose order divides 8 in its one canonical spelling (RFC 8032's field elements 1, -1, 0 and the roots).
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def theirs(judge: Driver, cases: Sequence[Case]) -> list[bool]:
    """What the judge says of each."""
    told: list[bool] = judge("zebra.verify", cases=[[part.hex() for part in case] for case in cases])["valid"]
    return told


def ours(cases: Sequence[Case]) -> list[bool]:
    """What we say."""
    return [verify_signature(*case) for case in cases]


def votes_of(justification: Justification, set_id: int) -> Iterator[Case]:
    """Each vote: who, what was signed, the signature."""
    for vote in justification.precommits:
        yield vote.voter, message_of(vote, justification, set_id), vote.signature


def vector_votes() -> list[Case]:
    """Every vote of every justification among the vectors: Polkadot's, Westend's, and those of the warp proof."""
    raw, voters = polkadot()
    votes = [*votes_of(decode_justification(raw), voters.id)]
    facts = vector("westend-commit-5105457")
    votes += votes_of(decode_commit(bytes.fromhex(facts["commit_scale"])).justification(), facts["set_id"])
    scale = Scale(accepted_warp()[0])
    for set_id in range(scale.compact()):
        read_header(scale)
        votes += votes_of(read_justification(scale), set_id)
    return votes


def test_every_vote_of_the_vectors_is_valid_to_both(substrate_judge: Driver) -> None:
    """Real votes and those that another client accepted."""
    votes = vector_votes()
    assert len(votes) == 5 + 7 + 3 + 5 + 7
    assert theirs(substrate_judge, votes) == ours(votes) == [True] * len(votes)


def test_any_change_to_a_vote_is_refused_by_both(substrate_judge: Driver) -> None:
    """A bit in the key, in the message or in either half of the signature; and the set id, which is signed."""
    changed = []
    for key, message, signature in vector_votes():
        flipped = bytes((message[-1] ^ 1,))
        changed += [
            (PublicKey(bytes((key[0] ^ 1,)) + key[1:]), message, signature),
            (key, message[:-1] + flipped, signature),
            (key, message, Signature(bytes((signature[0] ^ 1,)) + signature[1:])),
            (key, message, Signature(signature[:32] + bytes((signature[32] ^ 1,)) + signature[33:])),
        ]
    assert theirs(substrate_judge, changed) == ours(changed) == [False] * len(changed)


@settings(max_examples=25)
@given(
    seeds=st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(max_size=80)), min_size=1, max_size=40),
    data=st.data(),
)
def test_random_signatures_are_judged_alike(
    substrate_judge: Driver, seeds: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    """Valid ones, ones with any bit turned, and ones whose scalar is not reduced."""
    cases: list[Case] = []
    for seed, message in seeds:
        key = SigningKey(seed)
        good = key.sign(message)
        bit = data.draw(st.integers(0, 511))
        turned = int.from_bytes(good, "little") ^ 1 << bit
        above = int.from_bytes(good[32:], "little") + ORDER
        cases += [
            (key.public, message, good),
            (key.public, message, Signature(turned.to_bytes(64, "little"))),
            (key.public, message, Signature(good[:32] + above.to_bytes(32, "little"))),
        ]
    assert theirs(substrate_judge, cases) == ours(cases)
    assert ours(cases[::3]) == [True] * len(seeds)
    assert not any(ours(cases[1::3]) + ours(cases[2::3]))


def test_small_orders_are_valid_to_chains_and_never_to_us(substrate_judge: Driver) -> None:
    """The lenient rule takes a signature of nothing under a key of small order; ours refuses all of them."""
    cases = [(PublicKey(bytes.fromhex(key)), b"any vote", SMALL_SIGNATURE) for key in SMALL_ORDER]
    cases.append((SMALL_KEY, b"another", SMALL_SIGNATURE))
    assert theirs(substrate_judge, cases) == [True] * len(cases)
    assert ours(cases) == [False] * len(cases)


def mixed(secret: int, nonce: int, message: bytes, twist: bytes) -> tuple[Case, int]:
    """A vote under a key that is a good one with something of small order added, and what it is hashed to (mod 8)."""
    key = crypto_core_ed25519_add(base(secret), twist)
    point = base(nonce)
    challenge = int.from_bytes(sha512(point + key + message).digest(), "little") % ORDER
    scalar = (nonce + challenge * secret) % ORDER
    return (PublicKey(key), message, Signature(point + scalar.to_bytes(32, "little"))), challenge % 8


def base(scalar: int) -> bytes:
    """So many times the base point."""
    return crypto_scalarmult_ed25519_base_noclamp(scalar.to_bytes(32, "little"))


def test_we_are_never_the_more_lenient(substrate_judge: Driver) -> None:
    """Under keys of mixed order chains take every signature, we the eighth whose hash leaves no trace of the twist.

    So a vote may count to nodes and not to us; one that counts to us counts to nodes.
    """
    twist = bytes.fromhex(SMALL_ORDER[4])  # of order 8
    made = [mixed(7 + turn, 1_000 + turn, b"a vote", twist) for turn in range(160)]
    cases, traces = [case for case, _ in made], [trace for _, trace in made]
    assert theirs(substrate_judge, cases) == [True] * len(cases)
    assert ours(cases) == [trace == 0 for trace in traces]
    assert 0 < sum(ours(cases)) < 60
