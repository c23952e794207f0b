"""A libp2p peer that is called over TCP: Noise, yamux, and a handler for each protocol.

Enough of libp2p to serve a chain to another implementation, and no more: it calls nobody.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import trio
from cryptography.exceptions import InvalidTag

from edge_node.trust.keys import SigningKey
from tests.interop.libp2p import multistream, noise, yamux
from tests.interop.libp2p.bytes import Gone, PeerFault, Reader, with_length

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Channel:
    """A substream on which both sides have agreed what they speak."""

    def __init__(self, stream: yamux.Substream, reader: Reader) -> None:
        self.stream, self._reader = stream, reader

    async def receive(self) -> bytes:
        """The other side's next message; Gone at the end."""
        return await self._reader.message()

    async def send(self, message: bytes) -> None:
        """A message behind its length."""
        await self.stream.send_all(with_length(message))

    async def exactly(self, count: int) -> bytes:
        """Bytes without any form."""
        return await self._reader.exactly(count)


class Caller:
    """Who called: what may be opened back to it."""

    def __init__(self, session: yamux.Session) -> None:
        self._session = session

    async def open(self, protocol: str) -> Channel:
        """A substream of our own; PeerFault when its protocol is not taken."""
        stream = await self._session.open()
        reader = Reader(stream)
        await multistream.propose(reader, stream.send_all, protocol)
        return Channel(stream, reader)


Handler = Callable[[Caller, Channel], Awaitable[None]]


def peer_id(key: SigningKey) -> str:
    """The name of who holds this key: its public key itself, in base 58."""
    message = noise.public_key_message(key)
    raw = bytes((0, len(message))) + message
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


async def serve(
    identity: SigningKey,
    handlers: Mapping[str, Handler],
    *,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer whoever calls on a port of this machine; the address is told when it listens."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    told = f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer_id(identity)}"
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, partial(_connection, identity, handlers), listeners)
        task_status.started(told)


async def _connection(identity: SigningKey, handlers: Mapping[str, Handler], stream: trio.SocketStream) -> None:
    try:
        reader = Reader(stream)
        await multistream.choose(reader, stream.send_all, (noise.NAME,))
        secret = await noise.answer(reader, stream, identity, os.urandom)
        inner = Reader(secret)
        await multistream.choose(inner, secret.send_all, (yamux.NAME,))
        async with trio.open_nursery() as nursery:
            session = yamux.Session(_Joined(inner, secret), nursery, partial(_substream, handlers, lambda: session))
            nursery.start_soon(session.keep_alive)
            await session.run()
            nursery.cancel_scope.cancel()
    except* (Gone, PeerFault, InvalidTag, trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # whoever called has gone, or is none of ours


class _Joined:
    """Both directions of an encrypted connection of which some may have been read ahead."""

    def __init__(self, reader: Reader, stream: noise.NoiseStream) -> None:
        self.receive_some, self.send_all = reader.receive_some, stream.send_all


async def _substream(
    handlers: Mapping[str, Handler], session: Callable[[], yamux.Session], stream: yamux.Substream
) -> None:
    try:
        reader = Reader(stream)
        name = await multistream.choose(reader, stream.send_all, handlers)
        await handlers[name](Caller(session()), Channel(stream, reader))
    except (Gone, PeerFault):
        await stream.reset()
