"""Kept checkpoints and marks: read back as they were, and damage is named."""

from dataclasses import replace

import msgspec
import pytest

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Digest, Hash256
from edge_node.chain_light.checkpoint import NO_MARKS, Marks, Signers, sign_checkpoint
from edge_node.chain_light.checkpoint_record import (
    KeptCheckpoint,
    decode_marks,
    encode_marks,
    marks_of,
    said_by,
)
from edge_node.chain_light.kept_record import CHECK_BYTES, RecordDamaged
from tests.chain_light.test_checkpoint import GOOD, MARKS, OPERATOR, RELEASE, opened

RAW = sign_checkpoint(GOOD, RELEASE[:2])
KEPT = KeptCheckpoint(raw=RAW, by=Signers.RELEASE, accepted_ms=5)


def resealed(raw, place, value):
    array = msgspec.msgpack.decode(raw[:-CHECK_BYTES])
    array[place] = value
    packed = msgspec.msgpack.encode(array)
    return packed + blake2b_256(packed)


def test_a_document_is_read_back():
    """Byte for byte, with for whom it was believed."""
    assert KeptCheckpoint.decode(KEPT.encode()) == KEPT
    assert KEPT.checkpoint() == GOOD
    assert KEPT.digest == opened(RAW).digest


def test_signers_that_there_are_none_of_are_damage():
    """A name that this release does not know."""
    with pytest.raises(RecordDamaged, match="signers"):
        KeptCheckpoint.decode(resealed(KEPT.encode(), 3, "nobody"))


def test_a_document_whose_signatures_do_not_all_hold_says_nothing():
    """Whoever signed: keys may have changed since, bytes may not."""
    for place in range(0, len(RAW), 5):
        with pytest.raises(RecordDamaged):
            said_by(RAW[:place] + bytes((RAW[place] ^ 1,)) + RAW[place + 1 :])


def test_marks_are_read_back():
    """Those of nobody too."""
    for marks in (NO_MARKS, MARKS, NO_MARKS.after(opened(RAW))):
        assert decode_marks(encode_marks(marks)) == marks


def test_every_flipped_byte_of_marks_is_refused():
    """A mark that rotted away would let an old checkpoint in."""
    raw = encode_marks(MARKS)
    for place in range(len(raw)):
        with pytest.raises(RecordDamaged):
            decode_marks(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])
    with pytest.raises(RecordDamaged):
        decode_marks(resealed(raw, 2, [["release", 1, b"short"]]))
    with pytest.raises(RecordDamaged):
        decode_marks(resealed(raw, 3, [1, b"short"]))


def test_documents_make_the_marks_again():
    """The highest counter of each signers, and the highest block of any; a rotten document adds nothing."""
    newer = replace(GOOD, counter=9)
    own = KeptCheckpoint(raw=sign_checkpoint(GOOD, [OPERATOR]), by=Signers.OPERATOR, accepted_ms=1)
    latest = KeptCheckpoint(raw=sign_checkpoint(newer, RELEASE), by=Signers.RELEASE, accepted_ms=2)
    rotten = KeptCheckpoint(raw=RAW[:-9], by=Signers.RELEASE, accepted_ms=3)
    wanted = Marks(
        counters={Signers.OPERATOR: (7, own.digest), Signers.RELEASE: (9, latest.digest)},
        block=(GOOD.anchor.header.number, GOOD.anchor.hash),
    )
    for order in ([own, latest, rotten, KEPT], [KEPT, rotten, latest, own]):
        assert marks_of(order) == wanted
    assert marks_of([rotten]) == NO_MARKS
    assert isinstance(wanted.counters[Signers.RELEASE][1], Digest)
    assert isinstance(wanted.block[1], Hash256)
