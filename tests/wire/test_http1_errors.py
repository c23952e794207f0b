"""What a peer can do wrong: statuses, slugs and data."""

import pytest

from edge_node.base.errors import LocalError, RemoteError
from edge_node.wire import http1_errors as errors

TABLE = [
    (errors.MalformedRequest("x"), 400, "malformed-request"),
    (errors.AmbiguousLength("x"), 400, "malformed-request"),
    (errors.MalformedHost("x"), 400, "malformed-request"),
    (errors.MalformedTarget("x"), 400, "malformed-request"),
    (errors.MalformedChunk("x"), 400, "malformed-request"),
    (errors.HeadTruncated(), 400, "malformed-request"),
    (errors.BodyTruncated(7), 400, "body-truncated"),
    (errors.TargetTooLong(8192), 414, "target-too-long"),
    (errors.HeadTooLarge("too many headers", 100), 431, "headers-too-large"),
    (errors.VersionNotSupported("HTTP/2.0"), 505, "http-version"),
    (errors.MethodNotImplemented("BREW"), 501, "method-not-implemented"),
    (errors.ExpectationNotMet(), 417, "expectation"),
]


@pytest.mark.parametrize(("error", "status", "slug"), TABLE, ids=lambda value: type(value).__name__)
def test_every_fault_has_a_status_a_slug_and_a_remedy(error: errors.HttpBroken, status: int, slug: str) -> None:
    """A door can answer from the class alone."""
    assert isinstance(error, RemoteError)
    assert (error.status, error.slug) == (status, slug)
    assert error.remedy.endswith(".")


def test_every_fault_is_in_the_table() -> None:
    """No refusal of this room goes unstated."""
    named = {type(error) for error, _, _ in TABLE} | {errors.HttpBroken}
    found = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RemoteError)}
    assert found - {RemoteError} == named


def test_our_own_misuse_is_nobody_elses_fault() -> None:
    """HttpMisuse is a LocalError and never a refusal."""
    assert issubclass(errors.HttpMisuse, LocalError)
    assert not issubclass(errors.HttpMisuse, RemoteError)
