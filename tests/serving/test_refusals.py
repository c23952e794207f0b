"""What the server refuses by itself."""

import pytest

from edge_node.serving import refusals


@pytest.mark.parametrize(
    ("error", "status", "slug", "data"),
    [
        (refusals.BodyTooLarge(9), 413, "body-too-large", {"limit": 9}),
        (refusals.BodyTimeout(20.0), 408, "body-timeout", {"timeout_s": 20.0}),
        (refusals.HeadTimeout(10.0), 408, "header-timeout", {"timeout_s": 10.0}),
        (refusals.HostNotServed("x"), 421, "host-not-served", {"host": "x"}),
        (refusals.PathUnknown("/x"), 404, "no-such-path", {"path": "/x"}),
        (refusals.MethodNotAllowed("PUT", ("GET",)), 405, "method-not-allowed", {"method": "PUT", "allow": ("GET",)}),
        (refusals.OriginRefused("https://x"), 403, "origin-refused", {"origin": "https://x"}),
        (refusals.Overloaded(5), 503, "overloaded", {"limit": 5}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_refusal_has_status_slug_data_and_remedy(
    error: refusals.ServingRefusal, status: int, slug: str, data: dict[str, object]
) -> None:
    """The door needs the class alone; the data is what the text says."""
    assert (error.status, error.slug, vars(error)) == (status, slug, data)
    assert error.remedy.endswith(".")
    assert str(error)
