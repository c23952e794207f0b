"""Kept anchors: each is proved again when it is read, and no change of its bytes survives."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.anchor_record import CHECKPOINT_SOURCE, AnchorRecord, Evidence, HandOff, NoAdvance
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.chain_light.checkpoint import sign_checkpoint
from edge_node.chain_light.finality_errors import ForcedChangeSeen
from edge_node.chain_light.grandpa import AuthoritySet, encode_justification
from edge_node.chain_light.kept_record import CHECK_BYTES, RecordDamaged
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from tests.chain_light.electorate import block, blocks, electorate, justify
from tests.chain_light.steps import GENESIS, NOW_MS, START, step, walk
from tests.chain_light.test_checkpoint import GOOD, OPERATOR

PLAIN = step(START, block(START.header))
ENDS = step(START, block(START.header, Scheduled(electorate(4, first=2), 0)))
ANNOUNCES = step(START, block(START.header, Scheduled(electorate(4, first=2), 5)))
SOME = {
    "a plain block": PLAIN,
    "a block that ends its set": ENDS,
    "a block that announces": ANNOUNCES,
    "votes ahead, and a boot": step(
        START, block(START.header), boot="0f2e", monotonic_ms=77, block_ms=NOW_MS - 1
    ),
}  # fmt: skip


def record_of(advanced, **changes):
    return replace(AnchorRecord.of_advance(advanced), **changes)


def resealed(raw, **changes):
    """The record with some elements of its array replaced, under a good checksum."""
    array = msgspec.msgpack.decode(raw[:-CHECK_BYTES])
    for place, value in changes.items():
        array[int(place[1:])] = value
    packed = msgspec.msgpack.encode(array)
    return packed + blake2b_256(packed)


@pytest.mark.parametrize("advanced", SOME.values(), ids=SOME)
def test_a_step_is_read_back_as_the_anchor_it_led_to(advanced):
    """With who votes next and what is pending, which do not stand in it but follow."""
    record = AnchorRecord.decode(record_of(advanced).encode())
    assert record == record_of(advanced)
    assert record.anchor() == advanced.after
    assert (record.boot, record.monotonic_ms) == (advanced.boot, advanced.monotonic_ms)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
@settings(max_examples=15, deadline=None)
def test_any_chain_of_steps_is_read_back(delays, data):
    """Announcements with any delay, seen in blocks between: each anchor of the way comes back as it was."""
    anchor = START
    for delay in delays:
        if anchor.pending.changes:
            ahead = blocks(anchor.header, anchor.pending.last_of_set - anchor.header.number)
        else:
            announcing = block(anchor.header, Scheduled(electorate(4), delay))
            ahead = [announcing, *blocks(announcing, data.draw(st.integers(0, delay)))]
        advanced = step(anchor, ahead[-1], headers=ahead[:-1])
        assert AnchorRecord.decode(record_of(advanced).encode()).anchor() == advanced.after
        anchor = advanced.after


@pytest.mark.parametrize("advanced", SOME.values(), ids=SOME)
def test_every_flipped_byte_is_refused(advanced):
    """Damage of a disk cannot become trust."""
    raw = record_of(advanced).encode()
    for place in range(len(raw)):
        with pytest.raises(RecordDamaged):
            AnchorRecord.decode(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])


def test_every_flipped_byte_of_what_proves_it_is_refused_under_a_good_checksum():
    """The checksum is the first look only: header, voters and votes prove the anchor, or they do not."""
    raw = record_of(step(START, block(START.header), range(3))).encode()
    array = msgspec.msgpack.decode(raw[:-CHECK_BYTES])
    held = []
    for place in (3, 5, 7):  # header, voters, justification
        for at in range(len(array[place])):
            value = array[place][:at] + bytes((array[place][at] ^ 1,)) + array[place][at + 1 :]
            try:
                AnchorRecord.decode(resealed(raw, **{f"_{place}": value})).anchor()
            except RecordDamaged:
                continue
            held.append((place, at))
    # Of header, votes and those who signed nothing may change. Weights of their own, and who did not sign, are held by
    # the checksum alone: that the votes reach the threshold all the same is what is asked of them.
    keys = {1 + 40 * voter + at for voter in range(3) for at in range(32)}
    assert {place for place, _ in held} == {5}
    assert not {at for _, at in held} & keys
    with pytest.raises(RecordDamaged, match="weight 0 of 3"):
        AnchorRecord.decode(resealed(raw, _4=1)).anchor()


def test_too_few_votes_are_no_proof():
    """Two of four, as if two had rotted away."""
    two = encode_justification(justify(PLAIN.after.header, range(2)))
    with pytest.raises(RecordDamaged, match="not proved"):
        record_of(PLAIN, justification=two).anchor()


def test_a_justification_of_another_block_is_no_proof():
    """Good votes, for the block beside."""
    other = encode_justification(justify(block(START.header, extra=1), range(4)))
    with pytest.raises(RecordDamaged, match="another block"):
        record_of(PLAIN, justification=other).anchor()


def test_voters_of_another_set_are_no_proof():
    """Who is put in place of the voters has not signed."""
    others = AuthoritySet(0, electorate(4, first=10))
    with pytest.raises(RecordDamaged):
        record_of(PLAIN, voters=others).anchor()


def test_what_the_block_itself_announces_cannot_be_left_out():
    """Neither the set that it hands over to, nor one that waits; nor can another be put in its place."""
    for advanced in (ENDS, ANNOUNCES):
        with pytest.raises(RecordDamaged, match="announces a change"):
            record_of(advanced, due=PendingChanges()).anchor()
        other = PendingChange(record_of(advanced).due.changes[0].number, electorate(4, first=9))
        with pytest.raises(RecordDamaged, match="announces a change"):
            record_of(advanced, due=PendingChanges((other,))).anchor()


def test_a_change_that_was_due_before_cannot_stand_open():
    """A set that ended below the block could not have signed it."""
    late = PendingChanges((PendingChange(1, electorate(4)), PendingChange(2, electorate(4))))
    with pytest.raises(RecordDamaged, match="due"):
        record_of(walk(2, every=9)[-1], due=PendingChanges(late.changes[:1])).anchor()


def test_a_forced_change_is_no_hand_off():
    """The anchor that ForcedChangeSeen came with is kept as it is: the old set still stands under it."""
    header = block(START.header, Forced(0, Scheduled(electorate(4, first=4), 0)))
    votes = justify(header, range(4))
    with pytest.raises(ForcedChangeSeen) as seen:
        advance(START, (header,), votes)
    kept = replace(PLAIN, after=seen.value.anchor, justification=encode_justification(votes))
    assert record_of(kept).anchor() == seen.value.anchor


def test_what_is_no_step_is_not_kept():
    """Sets that do not follow one another, a step to where it began, one that nothing proves."""
    far = Anchor(PLAIN.after.header, AuthoritySet(2, electorate(4)))
    for wrong in (replace(PLAIN, after=far), replace(PLAIN, after=START), replace(PLAIN, justification=b"")):
        with pytest.raises(NoAdvance):
            AnchorRecord.of_advance(wrong)


def test_a_checkpoint_is_an_anchor_with_its_document():
    """It is read back with who vouched; a document that says something else, or whose signature rotted, is none."""
    document = sign_checkpoint(GOOD, [OPERATOR])
    record = AnchorRecord.of_checkpoint(GOOD, document, NOW_MS)
    assert AnchorRecord.decode(record.encode()).anchor() == GOOD.anchor
    assert record.source == CHECKPOINT_SOURCE
    other = sign_checkpoint(replace(GOOD, counter=8, genesis=Hash256(bytes(32))), [OPERATOR])
    with pytest.raises(RecordDamaged, match="says something else"):
        replace(record, document=other).anchor()
    with pytest.raises(RecordDamaged, match="says something else"):
        replace(record, voters=AuthoritySet(41, electorate(3))).anchor()
    for place in range(0, len(document), 7):
        rotten = document[:place] + bytes((document[place] ^ 1,)) + document[place + 1 :]
        with pytest.raises(RecordDamaged):
            replace(record, document=rotten).anchor()
    with pytest.raises(RecordDamaged):
        replace(record, document=b"").anchor()


@pytest.mark.parametrize(
    "changes",
    [{"_2": bytes(31)}, {"_3": b"\0"}, {"_4": -1}, {"_4": "0"}, {"_5": b"\0"}, {"_5": bytes(1)}, {"_6": [[1, b"\0"]]},
     {"_6": [[9, b"\xff"]]}, {"_6": {}}],
    ids=str,
)  # fmt: skip
def test_wrong_elements_are_damage(changes):
    """Each element is of its form, or the record is none."""
    with pytest.raises(RecordDamaged):
        AnchorRecord.decode(resealed(record_of(ANNOUNCES).encode(), **changes)).anchor()


def test_a_hand_off_is_read_back():
    """With the id of the set that signed it, at its slot's time or at the time it was verified."""
    assert HandOff.of_advance(replace(ENDS, block_ms=5)).at_ms == 5
    kept = HandOff.of_advance(ENDS)
    assert (kept.set_id, kept.at_ms, kept.header) == (0, NOW_MS, ENDS.after.header)
    raw = kept.encode()
    assert HandOff.decode(raw) == kept
    with pytest.raises(RecordDamaged):
        HandOff.decode(resealed(raw, _3=b"\0"))
    with pytest.raises(RecordDamaged):
        HandOff.decode(record_of(ENDS).encode())


def test_evidence_is_read_back():
    """Its parts as they came; what was seen again by somebody else is the same evidence."""
    found = Evidence(
        genesis=GENESIS, kind="conflicting-finality", why="twice", source="ws://a", found_ms=NOW_MS,
        parts=(("ours", b"1"), ("theirs", b"")),
    )  # fmt: skip
    raw = found.encode()
    assert Evidence.decode(raw) == found
    assert found.identity() == replace(found, source="ws://b", found_ms=0, why="").identity()
    assert found.identity() != replace(found, parts=(("ours", b""), ("theirs", b"1"))).identity()
    with pytest.raises(RecordDamaged):
        Evidence.decode(resealed(raw, _2=b"short"))
    for place in range(len(raw)):
        with pytest.raises(RecordDamaged):
            Evidence.decode(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])


def test_a_set_beyond_all_numbers_is_damage():
    """The number of the set after it would be none that a vote can be signed over."""
    for number in ((1 << 64) - 1, 1 << 53, -1):
        with pytest.raises(RecordDamaged):
            AnchorRecord.decode(resealed(record_of(ANNOUNCES).encode(), _4=number))
