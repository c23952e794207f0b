"""Checkpoints against independent vectors, against a thief with one key, and against every old or changed document."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest, Hash256, PublicKey
from edge_node.chain_light.checkpoint import (
    AHEAD_MAX_MS,
    NO_MARKS,
    CheckpointKeys,
    Marks,
    Signers,
    merge_checkpoints,
    open_checkpoint,
    require_current,
    sign_checkpoint,
)
from edge_node.chain_light.checkpoint_errors import (
    CheckpointConflicts,
    CheckpointExpired,
    CheckpointFromFuture,
    CheckpointGoesBack,
    CheckpointMisuse,
    CheckpointNotTrusted,
    OtherNetwork,
)
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.trust.signing_key import SigningKey

FILE = json.loads((Path(__file__).parents[1] / "vectors/chain/checkpoint.json").read_text())
JUDGED, SEEN = FILE["judged"], FILE["judged"]["seen"]
RELEASE = [SigningKey.from_seed(bytes([number]) * 32) for number in (11, 12, 13)]
OPERATOR = SigningKey.from_seed(bytes([14]) * 32)
KEYS = CheckpointKeys(release=frozenset(key.public for key in RELEASE), operator=OPERATOR.public)
GENESIS, NOW = Hash256.parse(JUDGED["genesis_hex"]), JUDGED["now_ms"]
MARKS = Marks(
    counters=dict.fromkeys(Signers, (SEEN["counter"], Digest.parse(SEEN["digest_hex"]))),
    block=(SEEN["number"], Hash256.parse(SEEN["block_hex"])),
)
# These two are of other chains or of lower blocks than the marks, and say so in their names.
ELSEWHERE = {"the first block", "a forced change is in force"}
GOOD = Checkpoint.from_payload(json.loads(FILE["vectors"][0]["payload"]))


def opened(raw, *, keys=KEYS, genesis=GENESIS, now_ms=NOW, marks=NO_MARKS):
    return open_checkpoint(raw, keys=keys, genesis=genesis, now_ms=now_ms, marks=marks)


def signed(*signers, **changes):
    return sign_checkpoint(replace(GOOD, **changes), signers or RELEASE[:2])


def test_the_keys_are_the_vectors():
    """What this file signs with is what the vectors are judged by."""
    assert [key.public.hex() for key in RELEASE] == JUDGED["release_hex"]
    assert OPERATOR.public.hex() == JUDGED["operator_hex"]


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Each is believed, for whom it says and of the block it says, and our writer makes the same bytes of it."""
    elsewhere = vector["case"] in ELSEWHERE
    found = opened(
        vector["envelope"].encode(),
        genesis=None if elsewhere else GENESIS,
        marks=NO_MARKS if elsewhere else MARKS,
    )
    assert (found.by, found.digest.hex()) == (vector["by"], vector["digest_hex"])
    assert found.checkpoint.anchor.hash.hex() == vector["block_hex"]
    assert found.checkpoint.to_payload() == json.loads(vector["payload"])


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_hostile_documents_are_refused(case):
    """Each is refused for what it is refused for, and its words can be shown on any terminal."""
    with pytest.raises(Refusal) as refused:
        opened(case["envelope"].encode(), marks=MARKS)
    assert refused.value.slug == case["slug"]
    assert str(refused.value).isprintable()


def test_our_signatures_are_the_vectors():
    """Ed25519 has one signature: our document of the first vector is that vector byte for byte."""
    assert sign_checkpoint(GOOD, RELEASE[:2]) == FILE["vectors"][0]["envelope"].encode()


def test_one_stolen_release_key_convinces_nobody():
    """However often it signs and whoever signs beside it, two of the release's own keys are wanted."""
    thief = SigningKey.from_seed(bytes(32))
    for signers in ([RELEASE[0]], [RELEASE[0], thief], [thief]):
        with pytest.raises(CheckpointNotTrusted) as refused:
            opened(signed(*signers))
        assert refused.value.forged


def test_the_operators_key_is_enough_where_it_is_known():
    """A cold key stands for itself; where none is known its signature says nothing."""
    raw = signed(OPERATOR)
    assert opened(raw).by is Signers.OPERATOR
    assert opened(raw, keys=CheckpointKeys(release=frozenset(), operator=OPERATOR.public)).by is Signers.OPERATOR
    with pytest.raises(CheckpointNotTrusted, match="no cold key of an operator is known"):
        opened(raw, keys=CheckpointKeys(release=KEYS.release))
    with pytest.raises(CheckpointNotTrusted):
        opened(signed(), keys=CheckpointKeys(release=frozenset()))


def test_the_release_counts_first():
    """A document that both vouch for is the release's, and counts there."""
    assert opened(signed(OPERATOR, *RELEASE[1:])).by is Signers.RELEASE


def test_time():
    """It holds from the moment it was issued, less what clocks differ by, to the moment before its end."""
    raw = signed()
    for good in (GOOD.issued_ms - AHEAD_MAX_MS, GOOD.issued_ms, GOOD.expires_ms - 1):
        assert opened(raw, now_ms=good).checkpoint == GOOD
    with pytest.raises(CheckpointExpired):
        opened(raw, now_ms=GOOD.expires_ms)
    with pytest.raises(CheckpointFromFuture):
        opened(raw, now_ms=GOOD.issued_ms - AHEAD_MAX_MS - 1)


def test_a_clock_at_1970():
    """It refuses everything, and says that the clock may be why; a clock that is not known to be right is not asked."""
    raw = signed()
    with pytest.raises(CheckpointFromFuture) as refused:
        opened(raw, now_ms=0)
    assert "Set this machine's clock" in refused.value.remedy
    found = opened(raw, now_ms=None)
    with pytest.raises(CheckpointExpired):
        require_current(found.checkpoint, GOOD.expires_ms)


def test_another_network():
    """A checkpoint of another chain is refused by name; where no chain is fixed, any is taken."""
    other = Hash256(bytes(32))
    with pytest.raises(OtherNetwork) as refused:
        opened(signed(), genesis=other)
    assert (refused.value.wanted, refused.value.found) == (other, GENESIS)
    assert opened(signed(), genesis=None).checkpoint.genesis == GENESIS


def block(number, extra=0):
    header = replace(GOOD.anchor.header, number=number, digest=(), extrinsics_root=Hash256(bytes([extra]) * 32))
    return replace(GOOD.anchor, header=header, pending=type(GOOD.anchor.pending)())


def test_a_feed_goes_forward():
    """Day after day, the last one once more, and no step back in counter or height."""
    first, second = signed(anchor=block(100), counter=3), signed(anchor=block(200), counter=4)
    marks = NO_MARKS.after(opened(first))
    assert marks.after(opened(first, marks=marks)) == marks, "the same one again changes nothing"
    later = marks.after(opened(second, marks=marks))
    for raw, what in ((first, "counter"), (signed(anchor=block(199), counter=5), "height")):
        with pytest.raises(CheckpointGoesBack) as refused:
            opened(raw, marks=later)
        assert refused.value.what == what
    still = signed(anchor=block(200), counter=5)
    assert opened(still, marks=later).checkpoint.counter == 5, "a chain that stands still is told of too"


def test_two_stories_are_a_conflict():
    """The same counter on other words, or the same height with another block: somebody's key is not theirs alone."""
    marks = NO_MARKS.after(opened(signed(anchor=block(200), counter=4)))
    for raw in (
        signed(anchor=block(201), counter=4),
        signed(anchor=block(200), counter=4, expires_ms=GOOD.expires_ms + 1),
        signed(anchor=block(200, extra=1), counter=5),
        signed(OPERATOR, anchor=block(200, extra=1), counter=1),
    ):
        with pytest.raises(CheckpointConflicts):
            opened(raw, marks=marks)


def test_each_signer_counts_alone():
    """The operator begins at 1 whatever the release has counted; height is one for both."""
    marks = NO_MARKS.after(opened(signed(anchor=block(200), counter=800)))
    found = opened(signed(OPERATOR, anchor=block(300), counter=1), marks=marks)
    both = marks.after(found)
    assert {by: counter for by, (counter, _) in both.counters.items()} == {Signers.RELEASE: 800, Signers.OPERATOR: 1}
    assert both.block == (300, found.checkpoint.anchor.hash)
    with pytest.raises(CheckpointGoesBack, match="height"):
        opened(signed(anchor=block(250), counter=801), marks=both)


def test_signed_in_two_places():
    """Two people sign the same words, each at home; joined it is the document both would have made together."""
    alone = [signed(key) for key in RELEASE[:2]]
    for raw in alone:
        with pytest.raises(CheckpointNotTrusted):
            opened(raw)
    both = merge_checkpoints(alone)
    assert opened(both).by is Signers.RELEASE
    assert merge_checkpoints([*reversed(alone), both]) == both
    with pytest.raises(CheckpointMisuse):
        merge_checkpoints([alone[0], signed(RELEASE[1], counter=8)])
    with pytest.raises(CheckpointMisuse):
        merge_checkpoints([])


@settings(max_examples=80)
@given(st.data())
def test_no_changed_byte_is_believed_as_another(data):
    """Whatever one byte of the document becomes, it is refused or says what it said."""
    raw = bytearray(signed())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = opened(bytes(raw))
    except Refusal:
        return
    assert found.checkpoint == GOOD


def test_a_large_set_of_authorities():
    """A thousand of them, eight times Cere's most, fit a document and come back."""
    authorities = tuple((PublicKey(number.to_bytes(32, "big")), 1) for number in range(1_000))
    payload = GOOD.to_payload() | {"authorities": [[key.hex(), weight] for key, weight in authorities]}
    found = opened(sign_checkpoint(Checkpoint.from_payload(payload), RELEASE[:2]))
    assert found.checkpoint.anchor.voters.total == 1_000
