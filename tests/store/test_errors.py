"""Every refusal of the store says what, why and what to do, in HTTP terms."""

import pytest

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, StreamName
from edge_node.store import errors
from edge_node.wire.cid import format_cid, raw_piece_cid

CID, OTHER, KEY = raw_piece_cid(b"a"), raw_piece_cid(b"b"), PublicKey(bytes(32))

EVERY: list[errors.StoreRefusal] = [
    errors.UnknownPiece(CID),
    errors.PieceIsEventBody(CID),
    errors.CidMismatch(CID, OTHER),
    errors.PieceTooLarge(5),
    errors.PieceDamaged(CID, "why"),
    errors.PieceGone(CID),
    errors.PieceVanished(CID),
    errors.UnknownStream(StreamName("site/a")),
    errors.BadSignature(KEY),
    errors.WrongAudience(KEY),
    errors.SequenceConflict(7, CID),
    errors.SequenceTooOld(7, 5_000),
    errors.SequenceJump(7, 5),
    errors.TimeAhead(7, 5),
    errors.TimeTooLate(7, 5),
    errors.QueueFull(7),
    errors.RateExceeded(0.5),
    errors.QuotaExceeded("owner", 7, 5),
    errors.BodyFault(ValueError("secret")),
    errors.StoreUnreadable(),
    errors.Stopping(),
]


def test_the_list_is_complete() -> None:
    """No refusal of the store is left out below."""
    assert {type(error) for error in EVERY} == {
        one for one in errors.StoreRefusal.__subclasses__() if one.__module__ == errors.__name__
    }


@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.slug)
def test_a_refusal_is_whole(error: errors.StoreRefusal) -> None:
    """A slug of its own, a status, a message, a remedy; where waiting helps, how long."""
    assert isinstance(error, Refusal)
    assert [other.slug for other in EVERY].count(error.slug) == 1
    assert 400 <= error.status < 600
    assert str(error)
    assert error.remedy.endswith(".")
    assert (error.retry_after_s is not None) == (error.status in {429, 503})


def test_identifiers_are_written_out() -> None:
    """CIDs stand in their text form, so that a client can use them."""
    conflict = errors.SequenceConflict(7, CID)
    assert (conflict.seq, conflict.first_cid) == (7, format_cid(CID))
    mismatch = errors.CidMismatch(CID, OTHER)
    assert (mismatch.want, mismatch.got) == (format_cid(CID), format_cid(OTHER))


def test_our_own_fault_says_nothing_of_its_cause() -> None:
    """What broke inside is for the log alone."""
    assert "secret" not in str(errors.BodyFault(ValueError("secret")))
