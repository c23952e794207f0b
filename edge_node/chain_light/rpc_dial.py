"""From an endpoint's url to an open WebSocket: name, TCP, TLS, upgrade, each step with its name when it ends there."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final, TypeAlias, cast
from urllib.parse import SplitResult, urlsplit

import h11
import trio
from trio_websocket import ConnectionRejected, WebSocketConnection, wrap_client_stream
from wsproto.utilities import ProtocolError

from edge_node.base.limits import KIB
from edge_node.base.offload import offload
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.json_rpc import MESSAGE_MAX_BYTES
from edge_node.chain_light.rpc_frames import FrameMeter
from edge_node.chain_light.source_errors import EndpointUnreachable

DIAL_STEP_S: Final = 10.0  # each of the steps: a satellite's round trip is 0.7 s, TLS takes three of them
SEND_S: Final = 10.0  # a peer that takes in nothing for so long is gone, or wants our memory
_RECEIVE_BYTES: Final = 16 * KIB  # the library's own 4 KiB would make 4,096 turns of a large answer

Wire: TypeAlias = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class GuardedStream(trio.abc.Stream):
    """A stream that ends when its frames show that too much would come, or when nothing goes out for SEND_S.

    `ended` is set when nothing will come any more; `why` then says what was found, and `fault` whose fault it was.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._meter = FrameMeter()
        self.ended = trio.Event()
        self.why = ""
        self.fault: BadAnswer | None = None

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What came in; trio.BrokenResourceError where it is the beginning of too much."""
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
            self._meter.feed(data)
        except trio.BrokenResourceError as broken:
            self._end(f"the connection broke: {broken.__cause__ or broken}")
            raise
        except BadAnswer as wrong:
            self.fault = wrong
            self._end(str(wrong))
            raise trio.BrokenResourceError from wrong
        if not data:
            self._end("it closed the connection")
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it; trio.BrokenResourceError when that takes too long."""
        with trio.move_on_after(SEND_S) as scope:
            await self._stream.send_all(data)
        if scope.cancelled_caught:
            self._end(f"it took in nothing for {SEND_S:g} s")
            raise trio.BrokenResourceError(self.why)

    async def wait_send_all_might_not_block(self) -> None:
        """See trio.abc.SendStream."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close at once: what TLS would still say, nobody waits for."""
        self._end("it was closed")
        await trio.aclose_forcefully(self._stream)

    def _end(self, why: str) -> None:
        self.why = self.why or why
        self.ended.set()


@cache
def default_tls() -> ssl.SSLContext:
    """Certificates of the machine's authorities, names checked."""
    return ssl.create_default_context()


async def dial(url: str, tls: ssl.SSLContext | None = None) -> GuardedStream:
    """Bytes to and from the host of `url`, encrypted for wss; EndpointUnreachable with the step it ended at."""
    parts = urlsplit(url)
    with _step(url, "connecting"):
        tcp = await trio.open_tcp_stream(str(parts.hostname), _port_of(parts))
    stream: Wire = tcp
    try:
        if parts.scheme == "wss":
            # It reads a hundred certificates, the first time.
            context: ssl.SSLContext = await offload(default_tls) if tls is None else tls
            stream = trio.SSLStream(tcp, context, server_hostname=parts.hostname, https_compatible=True)
            with _step(url, "TLS"):
                await stream.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(tcp)
        raise
    return GuardedStream(stream)


async def upgrade(url: str, stream: GuardedStream, nursery: trio.Nursery) -> WebSocketConnection:
    """Make the stream a WebSocket that `nursery` reads; EndpointUnreachable.

    A server that refuses shows as an exception in `nursery`: `refusal_of` reads it.
    """
    parts = urlsplit(url)
    found: list[WebSocketConnection] = []

    async def open_socket(scope: trio.CancelScope) -> None:
        socket = await wrap_client_stream(
            nursery,
            cast("Wire", stream),
            _host_of(parts),
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            extra_headers=[(b"user-agent", b"edge-node")],
            message_queue_size=0,  # the next message is read while one is looked at, and none is kept beside these
            max_message_size=MESSAGE_MAX_BYTES,
            receive_buffer_size=_RECEIVE_BYTES,
        )
        found.append(socket)
        scope.cancel()

    # The library waits for an upgrade also when the connection has ended: here that ends the waiting.
    with trio.move_on_after(DIAL_STEP_S):
        async with trio.open_nursery() as waiting:
            waiting.start_soon(open_socket, waiting.cancel_scope)
            await stream.ended.wait()
            waiting.cancel_scope.cancel()
    if found:
        return found[0]
    why = stream.why or f"no answer for {DIAL_STEP_S:g} s"
    raise EndpointUnreachable(url, f"the upgrade to a WebSocket: {why}")


def refusal_of(url: str, error: Exception) -> EndpointUnreachable | None:
    """What an exception out of the nursery of `upgrade` says of the endpoint; None when it says something of us."""
    if isinstance(error, ExceptionGroup):
        # Who rejects closes the connection as well: what it said goes before that it is gone.
        inside = sorted(error.exceptions, key=lambda one: not isinstance(one, ConnectionRejected))
        found = [refusal_of(url, one) for one in inside]
        return found[0] if all(found) else None
    if isinstance(error, ConnectionRejected):
        return EndpointUnreachable(url, f"it answered HTTP {error.status_code} instead of opening a WebSocket")
    if isinstance(error, ProtocolError | h11.ProtocolError):  # the WebSocket's, and of the HTTP before it
        return EndpointUnreachable(url, f"it does not speak WebSocket: {error}")
    return error if isinstance(error, EndpointUnreachable) else None


def _port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "wss" else 80)


def _host_of(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    return host if parts.port is None else f"{host}:{parts.port}"


@contextmanager
def _step(url: str, step: str) -> Iterator[None]:
    try:
        with trio.fail_after(DIAL_STEP_S):
            yield
    except trio.TooSlowError:
        raise EndpointUnreachable(url, f"{step}: nothing came of it for {DIAL_STEP_S:g} s") from None
    except (OSError, trio.BrokenResourceError) as error:
        raise EndpointUnreachable(url, f"{step}: {_why(error)}") from None


def _why(error: BaseException) -> str:
    """The innermost reason: trio tells of a connection that broke, and Python of what broke it."""
    inner = error.__cause__
    while inner is not None and not isinstance(error, ssl.SSLError):
        if isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        error, inner = inner, inner.__cause__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        # The system's own words: trio's name the address once more. TLS and resolvers have other numbers.
        number = 0 if error.errno is None or isinstance(error, ssl.SSLError) else error.errno
        return os.strerror(number) if number > 0 else error.strerror
    return str(error) or type(error).__name__
