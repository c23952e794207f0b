"""Responses as values."""

from edge_node.serving.response import JSON_HEADERS, Response, json_response


def test_a_response_is_a_value_without_defaults_to_trip_over() -> None:
    """Status alone is an empty answer."""
    response = Response(204)
    assert (response.status, response.headers, response.body, response.length) == (204, (), b"", None)
    assert repr(response) == "Response(204)"


def test_json_is_compact_and_typed() -> None:
    """Content type first, further headers after it; the plain case shares one tuple."""
    response = json_response(202, {"a": [1, "ä", None]})
    assert response.body == '{"a":[1,"ä",null]}'.encode()
    assert response.headers is JSON_HEADERS
    assert json_response(200, 1, [("x", "y")]).headers == (("content-type", "application/json"), ("x", "y"))
