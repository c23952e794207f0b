"""Responses as values."""

from edge_node.serving.response import Response


def test_a_response_is_a_value_without_defaults_to_trip_over() -> None:
    """Status alone is an empty answer."""
    response = Response(204)
    assert (response.status, response.headers, response.body, response.length) == (204, (), b"", None)
    assert repr(response) == "Response(204)"
