"""What a checkpoint must be in itself, whoever signs it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256, PublicKey
from edge_node.base.limits import U53_MAX
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import Authority, AuthoritySet
from edge_node.chain_light.checkpoint_errors import MalformedCheckpoint
from edge_node.chain_light.checkpoint_payload import PENDING_MAX, SPAN_MAX_MS, Checkpoint
from edge_node.chain_light.header import Header, genesis_header, hash_header
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges

FILE = json.loads((Path(__file__).parents[1] / "vectors/chain/checkpoint.json").read_text())
PAYLOAD = json.loads(FILE["vectors"][0]["payload"])
GOOD = Checkpoint.from_payload(PAYLOAD)
ROOT = Hash256(bytes(32))

authorities = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32).map(PublicKey), st.integers(1, 2**40)),
    min_size=1,
    max_size=5,
    unique_by=lambda voter: voter[0],
).map(lambda voters: tuple(Authority(*voter) for voter in voters))


@settings(max_examples=50)
@given(st.data())
def test_round_trip(data):
    """Every sound checkpoint is read as it was written, through JSON."""
    number = data.draw(st.integers(1, 2**31))
    steps = data.draw(st.lists(st.integers(1, 9_000), max_size=3))
    pending = PendingChanges(
        tuple(PendingChange(number + sum(steps[: n + 1]), data.draw(authorities)) for n in range(len(steps)))
    )
    voters = AuthoritySet(data.draw(st.integers(0, U53_MAX)), data.draw(authorities))
    issued = data.draw(st.integers(0, 2**50))
    checkpoint = Checkpoint(
        genesis=ROOT,
        anchor=Anchor(Header(ROOT, number, ROOT, ROOT), voters, pending),
        issued_ms=issued,
        expires_ms=issued + data.draw(st.integers(1, SPAN_MAX_MS)),
        counter=data.draw(st.integers(1, U53_MAX)),
    )
    assert Checkpoint.from_payload(json.loads(json.dumps(checkpoint.to_payload()))) == checkpoint


def test_numbers_at_their_limits():
    """What JSON holds exactly is taken, and one more refused, for a document and for our own hands."""
    assert replace(GOOD, counter=U53_MAX).counter == U53_MAX
    assert replace(GOOD, expires_ms=GOOD.issued_ms + SPAN_MAX_MS).expires_ms == GOOD.issued_ms + SPAN_MAX_MS
    high = AuthoritySet(U53_MAX + 1, GOOD.anchor.voters.authorities)
    for changes in (
        {"counter": 0},
        {"counter": U53_MAX + 1},
        {"issued_ms": -1},
        {"expires_ms": GOOD.issued_ms},
        {"expires_ms": GOOD.issued_ms + SPAN_MAX_MS + 1},
        {"issued_ms": U53_MAX, "expires_ms": U53_MAX + 1},
        {"anchor": replace(GOOD.anchor, voters=high)},
    ):
        with pytest.raises(MalformedCheckpoint):
            replace(GOOD, **changes)


def test_pending_changes_have_a_limit():
    """Sixteen may wait, and all of them above the block."""
    quiet = replace(GOOD.anchor.header, digest=())

    def waiting(numbers):
        changes = PendingChanges(tuple(PendingChange(number, GOOD.anchor.voters.authorities) for number in numbers))
        return replace(GOOD, anchor=replace(GOOD.anchor, header=quiet, pending=changes))

    first = quiet.number + 1
    assert len(waiting(range(first, first + PENDING_MAX)).anchor.pending.changes) == PENDING_MAX
    for numbers in (range(first, first + PENDING_MAX + 1), [quiet.number]):
        with pytest.raises(MalformedCheckpoint):
            waiting(numbers)


def test_a_checkpoint_at_the_first_block_is_of_its_chain():
    """The first block's hash is the chain's name, so the two cannot differ."""
    first = genesis_header(ROOT)
    anchor = Anchor(first, GOOD.anchor.voters)
    assert replace(GOOD, genesis=hash_header(first), anchor=anchor).anchor.hash == hash_header(first)
    with pytest.raises(MalformedCheckpoint, match="first block"):
        replace(GOOD, anchor=anchor)


@pytest.mark.parametrize("member", PAYLOAD)
@pytest.mark.parametrize("value", [None, True, 1.5, [], {}, "", "\x1b[2J", [[[]]], -1, 2**53])
def test_wrong_types_are_refused(member, value):
    """No member takes a value of another shape; the words are fit for a terminal."""
    if (member, value) in (("pending", []), ("issued", True), ("issued", -1)):
        value = "0"
    with pytest.raises(MalformedCheckpoint) as refused:
        Checkpoint.from_payload(PAYLOAD | {member: value})
    assert str(refused.value).isprintable()


def test_a_header_has_a_limit():
    """A header as long as no chain's is refused before it is read."""
    with pytest.raises(MalformedCheckpoint, match="length"):
        Checkpoint.from_payload(PAYLOAD | {"header": "00" * 65_537})
