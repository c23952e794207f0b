"""What a handler receives: the checked head of a request and a way to read its body under a limit."""

from collections.abc import Iterator
from typing import Protocol

from edge_node.serving.refusals import BodyTooLarge
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_head import RequestHead
from edge_node.wire.http1_target import parse_query


class BodySource(Protocol):
    """Where a request's body comes from: its connection."""

    def take_whole_body(self) -> bytes | None:
        """The body if all of it has arrived, else None."""
        ...

    async def next_chunk(self) -> bytes:
        """The next bytes of the body, b"" at its end; BodyTruncated, BodyTimeout, HttpBroken."""
        ...


class Query:
    """The decoded query of a target."""

    __slots__ = ("_pairs",)

    def __init__(self, text: str) -> None:
        self._pairs = parse_query(text)

    def get(self, name: str) -> str | None:
        """The first value of that name."""
        return next((value for key, value in self._pairs if key == name), None)

    def all(self, name: str) -> list[str]:
        """Every value of that name, in order."""
        return [value for key, value in self._pairs if key == name]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)


class Request:
    """One request; it lives until its handler has returned.

    `target` is as received, `path` percent-decoded once; `params` are the router's, decoded. `peer` is the client's
    address without port, `secure` whether it came over TLS. `content_length` is None when the length is unknown
    (chunked) or no body was announced.
    """

    __slots__ = (
        "_query", "_source", "content_length", "head", "headers", "method", "params", "path", "peer", "secure",
        "target",
    )  # fmt: skip

    def __init__(self, head: RequestHead, source: BodySource, peer: str = "", *, secure: bool = False) -> None:
        self.head = head
        self.method = head.method
        self.target = head.target
        self.path = head.path
        self.headers = head.fields
        self.content_length = head.content_length
        self.peer = peer
        self.secure = secure
        self.params: dict[str, str] = {}
        self._query: Query | None = None
        self._source: BodySource = source

    @property
    def query(self) -> Query:
        """The query's pairs, decoded when first asked for; MalformedTarget when they cannot be."""
        if self._query is None:
            self._query = Query(self.head.query)
        return self._query

    async def body(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes.

        BodyTooLarge (before anything is read when the length was named), BodyTruncated when the client closed,
        BodyTimeout when it paused too long.
        """
        if self.content_length is not None and self.content_length > limit:
            raise BodyTooLarge(limit)
        whole = self._source.take_whole_body()
        if whole is not None:
            return whole
        collected = bytearray()  # not a list of parts: tiny chunks would each cost an object
        async for data in self.chunks(limit):
            collected += data
        return bytes(collected)

    def chunks(self, limit: int) -> "BodyChunks":
        """The body as it arrives, in pieces of the connection's choosing; errors as for `body`."""
        return BodyChunks(self._source, self.content_length, limit)

    def close(self) -> None:
        """The exchange is over: a body read from now on is a mistake, not the next request's bytes."""
        self._source = _SPENT


class BodyChunks:
    """Asynchronous iterator over a body; it holds nothing that would need closing."""

    __slots__ = ("_limit", "_seen", "_source")

    def __init__(self, source: BodySource, length: int | None, limit: int) -> None:
        if length is not None and length > limit:
            raise BodyTooLarge(limit)
        self._source = source
        self._limit = limit
        self._seen = 0

    def __aiter__(self) -> "BodyChunks":
        return self

    async def __anext__(self) -> bytes:
        data = await self._source.next_chunk()
        if not data:
            raise StopAsyncIteration
        self._seen += len(data)
        if self._seen > self._limit:
            raise BodyTooLarge(self._limit)
        return data


class _Spent:
    def take_whole_body(self) -> bytes | None:
        raise HttpMisuse("the request is over; its body cannot be read any more")

    async def next_chunk(self) -> bytes:
        raise HttpMisuse("the request is over; its body cannot be read any more")


_SPENT = _Spent()
