"""The statuses of the DDC doors' own refusals: the SDK tries again only where that can help."""

import pytest

from edge_node.base.errors import Refusal
from edge_node.gateway import ddc_errors as errors
from edge_node.serving.call import status_of
from edge_node.wire.grpc import Status

TRIED_AGAIN = {
    Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.RESOURCE_EXHAUSTED, Status.ABORTED, Status.INTERNAL,
    Status.UNKNOWN, Status.CANCELLED,
}  # fmt: skip


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (errors.RequestMissing(), Status.UNAUTHENTICATED),
        (errors.RequestForeign(), Status.PERMISSION_DENIED),
        (errors.RequestMismatch("bucket"), Status.PERMISSION_DENIED),
        (errors.RequestReplayed(), Status.UNAUTHENTICATED),
        (errors.TokenInUrl(), Status.UNAUTHENTICATED),
        (errors.CacheTakesNoStores(), Status.FAILED_PRECONDITION),
        (errors.MessageOutOfOrder("metadata twice"), Status.INVALID_ARGUMENT),
        (errors.EmptyPiece(), Status.INVALID_ARGUMENT),
        (errors.SizeUnderstated(1), Status.INVALID_ARGUMENT),
        (errors.RangeOutside(1, 2, 2), Status.OUT_OF_RANGE),
        (errors.AcksMissing(1, 5.0), Status.RESOURCE_EXHAUSTED),
    ],
    ids=lambda value: value.slug if isinstance(value, Refusal) else value.name,
)
def test_each_has_its_status(refusal: Refusal, status: Status) -> None:
    """Final, but for the reader that may read on in ranges; and each says what to do."""
    assert status_of(refusal) is status
    assert (status in TRIED_AGAIN) is isinstance(refusal, errors.AcksMissing)
    assert refusal.remedy.endswith(".")
