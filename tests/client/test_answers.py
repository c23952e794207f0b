"""From an HTTP answer to a value or an error."""

import httpx
import msgspec
import pytest

from edge_node.client.answers import RETRY_AFTER_MAX_S, read_answer, refusal_of, refusal_of_problem, retry_after_s
from edge_node.client.errors import AnswerNotUnderstood, NotAllowed, SlowDown
from edge_node.client.models import Receipt

PROBLEM = {"type": "urn:edge-node:problem:device-suspended", "title": "T", "status": 403, "detail": "D", "remedy": "R"}


def answer(status: int, content_type: str = "application/problem+json", **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": content_type, **headers})


def test_a_problem_becomes_its_class_with_its_data() -> None:
    """Slug, detail, remedy and extra members come through."""
    error = refusal_of(answer(403), msgspec.json.encode(PROBLEM | {"since_ms": 5}))
    assert isinstance(error, NotAllowed)
    assert (error.slug, error.status, error.detail, error.remedy) == ("device-suspended", 403, "D", "R")
    assert error.data == {"since_ms": 5}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>log in to the hotel's network</html>"),
        ("application/problem+json", b'{"type": "about:blank", "status": 403}'),
        ("application/problem+json", b"not json"),
        ("application/problem+json", b'["type"]'),
        ("application/problem+json", b"\xff"),
        ("", b""),
    ],
)
def test_a_stranger_on_the_way_is_not_the_node(content_type: str, body: bytes) -> None:
    """A proxy's or a portal's 403 must never cost a device its reading: it is no refusal of the node."""
    assert isinstance(refusal_of(answer(403, content_type), body), AnswerNotUnderstood)


def test_a_problem_in_a_redirect_is_no_refusal() -> None:
    """Only 4xx and 5xx refuse."""
    assert isinstance(refusal_of(answer(302), msgspec.json.encode(PROBLEM)), AnswerNotUnderstood)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0", 0.0), ("99999999", RETRY_AFTER_MAX_S), ("-1", None), ("1.5", None), ("", None), ("٣", None),
     ("Fri, 31 Dec 1999 23:59:59 GMT", None)],
)  # fmt: skip
def test_retry_after_is_read_in_its_one_form(text: str, seconds: float | None) -> None:
    """Seconds, bounded to an hour; anything else is as if it were not there."""
    response = httpx.Response(503, headers=[(b"retry-after", text.encode())])
    assert retry_after_s(response) == seconds


def test_retry_after_reaches_the_error() -> None:
    """Whoever retries finds it at the refusal."""
    error = refusal_of(answer(429, **{"retry-after": "4"}), msgspec.json.encode(PROBLEM))
    assert isinstance(error, SlowDown)
    assert error.retry_after_s == 4.0


def test_a_wrong_shape_is_not_understood() -> None:
    """A 202 without a receipt is not an acknowledgement."""
    with pytest.raises(AnswerNotUnderstood) as caught:
        read_answer(answer(202), b'{"cid": 1}', Receipt)
    assert caught.value.status == 202


def test_a_problem_without_an_answer() -> None:
    """A problem that ends a stream of events brings its status itself."""
    error = refusal_of_problem(msgspec.json.encode(PROBLEM))
    assert isinstance(error, NotAllowed)
    assert (error.slug, error.retry_after_s) == ("device-suspended", None)
    assert isinstance(refusal_of_problem(b"{}"), AnswerNotUnderstood)
    assert isinstance(refusal_of_problem(msgspec.json.encode(PROBLEM | {"status": 200})), AnswerNotUnderstood)
