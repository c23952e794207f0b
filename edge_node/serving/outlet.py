"""What leaves on one connection: responses in HTTP's form, each wait for the reader under a deadline."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, nullcontext

import trio

from edge_node.base.errors import Refusal
from edge_node.base.limits import KIB
from edge_node.base.log import get_log
from edge_node.serving.askers import asker_of
from edge_node.serving.counters import REQUESTS_BROKEN
from edge_node.serving.limits import NEVER, Expiring
from edge_node.serving.problems import note_refusal
from edge_node.serving.response import Response
from edge_node.serving.service import Service
from edge_node.serving.sse_stream import EventStream
from edge_node.serving.stay import Stay
from edge_node.serving.transport import PeerGone, Transport
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_head import RequestHead
from edge_node.wire.http1_response import (
    CHUNKED,
    CLOSE,
    KEEP_ALIVE,
    LAST_CHUNK,
    UPGRADE,
    bodiless,
    encode_chunk,
    encode_head,
    header_lines,
    length_line,
)

JOIN_MAX_BYTES = 64 * KIB  # up to here copying a body behind its head is cheaper than a second send

log = get_log("serving")


class Outlet:
    """The sending half of a connection."""

    __slots__ = ("_host", "_known_headers", "_known_lines", "_service", "_stay", "_transport")

    def __init__(self, host: Expiring, service: Service, transport: Transport, stay: Stay) -> None:
        self._host, self._service, self._transport, self._stay = host, service, transport, stay
        self._known_headers: object = None
        self._known_lines = ""

    async def send(self, data: bytes) -> None:
        """Send bytes as they are; PeerGone. The deadline is pushed back with every step a slow reader takes."""
        if not self._transport.offer(data):
            self._note_progress()
            await self._transport.flush(self._note_progress)
            self._host.deadline = NEVER

    def _note_progress(self) -> None:
        self._host.deadline = self._service.reaper.after(self._service.settings.write_timeout_s)

    def encode_head(self, head: RequestHead, response: Response, *, keep: bool) -> bytes:
        """The head of the response to `head`; HttpMisuse when HTTP cannot carry it. `keep`: the connection goes on."""
        headers = response.headers
        if headers is not self._known_headers:
            self._known_lines = header_lines(headers)
            self._known_headers = headers if isinstance(headers, tuple) else None
        framing = self._service.standing + self._known_lines + _framing(head, response)
        if not keep:
            framing += CLOSE
        elif head.minor == 0:
            framing += KEEP_ALIVE
        return encode_head(response.status, framing)

    async def send_response(self, head: RequestHead, prefix: bytes, response: Response) -> bool:
        """Send the encoded head and the body; False when the body broke off, which the client sees by its framing."""
        body = response.body
        if not isinstance(body, bytes):
            await self.send(prefix)
            return await self._send_pieces(head, response, body)
        if head.method == "HEAD" or not body:
            await self.send(prefix)
        elif len(body) <= JOIN_MAX_BYTES:
            await self.send(prefix + body)
        else:
            await self.send(prefix)
            await self.send(body)
        return True

    async def send_last(self, response: Response) -> None:
        """Send a response to what is no request, after which nothing follows."""
        lines = self._service.standing + header_lines(response.headers)
        body = response.body if isinstance(response.body, bytes) else b""
        await self.send(encode_head(response.status, lines + length_line(len(body)) + CLOSE) + body)

    async def _send_pieces(self, head: RequestHead, response: Response, body: AsyncIterable[bytes]) -> bool:
        owned = aclosing(body) if isinstance(body, AsyncGenerator) else nullcontext()
        try:
            async with owned:
                if isinstance(response, EventStream) and head.method != "HEAD":
                    await self._stay.stream(response, body, chunked=head.minor == 1)
                elif head.method != "HEAD" and not bodiless(response.status):
                    await self._send_each(body, response.length, chunked=response.length is None and head.minor == 1)
        except PeerGone:
            raise
        except Refusal as refusal:  # a fact about what was asked for, not a fault of ours
            transport = self._transport
            note_refusal(refusal, asker_of(transport.peer, secure=transport.secure, fields=head.fields))
            log.warning("response.cut", method=head.method, path=head.path, reason=str(refusal))
            return False
        except Exception:
            REQUESTS_BROKEN.inc()
            log.exception("response.cut", method=head.method, path=head.path)
            return False
        return True

    async def _send_each(self, body: AsyncIterable[bytes], length: int | None, *, chunked: bool) -> None:
        sent = 0
        async for data in body:
            sent += len(data)
            if length is not None and sent > length:
                raise HttpMisuse(f"the body is longer than its length of {length} bytes")
            if data:
                await self.send(encode_chunk(data) if chunked else data)
            await trio.lowlevel.checkpoint()  # a fast reader must not keep the loop to itself
        if length is not None and sent < length:
            raise HttpMisuse(f"the body ended at {sent} of {length} bytes")
        if chunked:
            await self.send(LAST_CHUNK)


def _framing(head: RequestHead, response: Response) -> str:
    """The header that says where the body ends."""
    body = response.body
    upgrade = UPGRADE if response.status == 426 else ""
    if bodiless(response.status):
        if body:
            raise HttpMisuse(f"a response with status {response.status} has no body")
        return ""
    if isinstance(body, bytes):
        return length_line(len(body)) + upgrade
    if response.length is not None:
        return length_line(response.length)
    return CHUNKED if head.minor == 1 else ""
