"""Every refusal about buckets says what, why and what to do, and none asks the client to come back in vain."""

import pytest

from edge_node.store import bucket_errors as errors
from edge_node.store.errors import StoreRefusal
from edge_node.wire.cid import format_cid, raw_piece_cid

CID, OTHER = raw_piece_cid(b"a"), raw_piece_cid(b"b")
FINAL = {400, 404, 409}  # what a DDC client does not repeat

EVERY: list[StoreRefusal] = [
    errors.UnknownBucket(99),
    errors.PieceInUse(CID, OTHER),
    errors.EmptyMultipart(),
    errors.TooManyParts(5, 4),
    errors.MalformedPartHash(0, 31),
    errors.TotalSizeZero(),
    errors.TotalSizeMismatch(5, 4),
    errors.UnknownPart(3, CID),
    errors.NodeTooLarge(5, 4),
    errors.NotANode(CID),
    errors.InvalidPath("why"),
    errors.UnknownLink(CID, "why"),
    errors.MalformedName("why"),
    errors.NameUnsigned(),
    errors.NameForged(),
    errors.TooManyNames(4),
]


def test_the_list_is_complete() -> None:
    """No refusal of the module is left out."""
    assert {type(error) for error in EVERY} == {
        one for one in StoreRefusal.__subclasses__() if one.__module__ == errors.__name__
    }


@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.slug)
def test_a_refusal_is_whole(error: StoreRefusal) -> None:
    """A slug of its own, a final status, a message, a remedy."""
    assert [other.slug for other in EVERY].count(error.slug) == 1
    assert error.status in FINAL
    assert str(error)
    assert error.remedy.endswith(".")
    assert error.retry_after_s is None


def test_a_part_without_its_file() -> None:
    """While a file is put together it has no CID yet."""
    assert format_cid(OTHER) in str(errors.PieceInUse(CID, OTHER))
    assert errors.PieceInUse(CID, None).file is None
