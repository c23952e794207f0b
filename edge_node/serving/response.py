"""What a handler answers: a status, headers and a body of bytes or of asynchronous pieces."""

from collections.abc import AsyncIterable, Callable, Sequence

JSON_HEADERS = (("content-type", "application/json"),)
JSON_UNSTORED = (*JSON_HEADERS, ("cache-control", "no-store"))


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
