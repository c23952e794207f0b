"""An answer of known size and content: whole, one range of it, or that the asker has it already."""

from collections.abc import AsyncIterable, Callable, Sequence

from edge_node.serving import Request, Response, problem_response
from edge_node.wire.http_range import (
    RangeNotSatisfiable,
    is_known,
    parse_range,
    range_applies,
    unsatisfied_content_range,
)

Headers = Sequence[tuple[str, str]]


def ranged_answer(
    request: Request,
    etag: str,
    size: int,
    standing: Headers,
    of_content: Headers,
    read: Callable[[int, int], AsyncIterable[bytes]],
) -> Response:
    """200, 206, 304 or 416. `read(start, stop)` gives the bytes; a 304 has no headers `of_content`."""
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(304, standing)
    applies = range_applies(request.headers.get("if-range"), etag)
    try:
        span = parse_range(request.headers.get("range"), size) if applies else None
    except RangeNotSatisfiable as refusal:
        problem = problem_response(refusal)
        return Response(416, (*problem.headers, ("content-range", unsatisfied_content_range(size))), problem.body)
    if span is None:
        return Response(200, (*standing, *of_content), read(0, size), size)
    headers = (*standing, *of_content, ("content-range", span.content_range()))
    return Response(206, headers, read(span.start, span.stop), span.length)
