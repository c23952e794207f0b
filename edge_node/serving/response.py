"""What a handler answers: a status, headers and a body of bytes or of asynchronous pieces."""

from collections.abc import AsyncIterable, Callable, Sequence

import msgspec

JSON_HEADERS = (("content-type", "application/json"),)


class Response:
    """A final response.

    `headers` are the handler's own; the connection adds length, date, server and connection itself. A tuple that
    is the same object each time is encoded once per connection. An asynchronous body is sent with `length`
    (bytes, checked) or, without it, chunked. `done` is called once the response has left or was given up, whatever
    became of it: what the body holds can be given back then.
    """

    __slots__ = ("body", "done", "headers", "length", "status")

    def __init__(
        self,
        status: int,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | AsyncIterable[bytes] = b"",
        length: int | None = None,
        done: Callable[[], None] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.length = length
        self.done = done

    def __repr__(self) -> str:
        return f"Response({self.status})"


def json_response(status: int, value: object, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """`value` as JSON (msgspec's encoding: structs, mappings, sequences, str, int, bool, None)."""
    every = (*JSON_HEADERS, *headers) if headers else JSON_HEADERS
    return Response(status, every, msgspec.json.encode(value))
