"""From an HTTP answer to a typed value or a typed error; nothing here touches the network."""

from typing import Any, TypeVar

import httpx
import msgspec

from edge_node.client.errors import REFUSAL_PREFIX, AnswerNotUnderstood, NodeRefusal, refusal_type
from edge_node.client.models import Problem

RETRY_AFTER_MAX_S = 3_600.0  # a node that asks for more is asked again after an hour
_STANDARD = frozenset(Problem.__struct_fields__) | {"instance"}

Answer = TypeVar("Answer")


def read_answer(response: httpx.Response, body: bytes, kind: type[Answer]) -> Answer:
    """The body of a successful answer as a `kind`; AnswerNotUnderstood if it is none."""
    try:
        # Not strict: a sequence number of 2^53 or more is a decimal string.
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerNotUnderstood(response.status_code, str(error)) from error


def refusal_of(response: httpx.Response, body: bytes) -> NodeRefusal | AnswerNotUnderstood:
    """The error an unsuccessful answer stands for.

    Only a problem document of ours is the node's own word. A bare 403 of a proxy or a portal on the way says nothing
    about the request, so that nobody throws a reading away because of it.
    """
    status = response.status_code
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/problem+json":
        return AnswerNotUnderstood(status, f"content type {media_type or 'missing'!r}, not a problem document")
    return refusal_of_problem(body, status, retry_after_s(response))


def refusal_of_problem(
    body: bytes, status: int | None = None, wait_s: float | None = None
) -> NodeRefusal | AnswerNotUnderstood:
    """The error a problem document stands for; its own `status` where it came without an answer's."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
        members: dict[str, Any] = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return AnswerNotUnderstood(status or 0, str(error))
    status = problem.status if status is None else status
    if not problem.type.startswith(REFUSAL_PREFIX) or status < 400:
        return AnswerNotUnderstood(status, f"problem type {problem.type[:64]!r}")
    data = {name: value for name, value in members.items() if name not in _STANDARD}
    slug = problem.type.removeprefix(REFUSAL_PREFIX)
    return refusal_type(status)(status, slug, problem.detail or problem.title, problem.remedy, data, wait_s)


def retry_after_s(response: httpx.Response) -> float | None:
    """The Retry-After of an answer in seconds (the form a node sends), None if there is none."""
    text = response.headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return min(float(text), RETRY_AFTER_MAX_S)
