"""Reading whole connections: what our parser and h11 make of the same bytes, in comparable form."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import h11

from edge_node.wire.http1 import CLOSED, NEED_DATA, PAUSED, BodyData, ServerConnection
from edge_node.wire.http1_errors import HttpBroken
from edge_node.wire.http1_head import HeadLimits, RequestHead


@dataclass(frozen=True)
class Read:
    """A request as it was read: `complete` unless the connection ended or broke inside its body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool


@dataclass(frozen=True)
class Transcript:
    """All requests of a connection and the status of the refusal that ended it, 0 when it ended well.

    `stopped` says that a request asked for the connection to be closed, so that what follows was not read.
    """

    requests: tuple[Read, ...]
    status: int
    stopped: bool = False

    @property
    def complete(self) -> list[tuple[str, str, bytes]]:
        """Method, target and body of every request that arrived whole."""
        return [(one.method, one.target, one.body) for one in self.requests if one.complete]


def cut(raw: bytes, places: Iterable[int]) -> list[bytes]:
    """`raw` in pieces, cut at the given places."""
    edges = sorted({0, len(raw), *(place for place in places if 0 < place < len(raw))})
    return [raw[start:stop] for start, stop in itertools.pairwise(edges)]


def read_all(pieces: Sequence[bytes], limits: HeadLimits | None = None) -> Transcript:
    """Feed our connection as a server would: bytes only when it needs them, the next request after the former."""
    connection = ServerConnection(limits or HeadLimits())
    waiting = [*pieces, b""]
    heads: list[tuple[RequestHead, bytearray, list[bool]]] = []
    status, stopped = 0, False
    try:
        while (event := connection.next_event()) is not CLOSED:
            if event is NEED_DATA:
                connection.receive(waiting.pop(0))
            elif event is PAUSED:
                if stopped := not heads[-1][0].keep_alive:
                    break
                connection.start_next_cycle()
            elif isinstance(event, RequestHead):
                heads.append((event, bytearray(), []))
            elif isinstance(event, BodyData):
                heads[-1][1].extend(event.data)
            else:
                heads[-1][2].append(True)
    except HttpBroken as broken:
        status = broken.status
    return Transcript(tuple(_read(*one) for one in heads), status, stopped)


def _read(head: RequestHead, body: bytearray, ended: list[bool]) -> Read:
    headers = tuple((name, value) for name in head.fields for value in head.fields.all(name))
    return Read(head.method, head.target, headers, bytes(body), bool(ended))


def oracle_read_all(raw: bytes) -> Transcript:
    """The same through h11, answering every request so that it goes on to the next."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
    connection.receive_data(raw)
    connection.receive_data(b"")
    heads: list[tuple[h11.Request, bytearray, list[bool]]] = []
    status, stopped = 0, False
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                heads.append((event, bytearray(), []))
            elif isinstance(event, h11.Data):
                heads[-1][1].extend(event.data)
            elif isinstance(event, h11.EndOfMessage):
                heads[-1][2].append(True)
                connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if stopped := connection.our_state is not h11.DONE:
                    break
                connection.start_next_cycle()
            else:
                break
    except h11.RemoteProtocolError as broken:
        status = broken.error_status_hint
    return Transcript(tuple(_oracle_read(*one) for one in heads), status, stopped)


def _oracle_read(head: h11.Request, body: bytearray, ended: list[bool]) -> Read:
    headers = tuple((name.decode(), value.decode("latin-1")) for name, value in head.headers)
    return Read(head.method.decode(), head.target.decode(), headers, bytes(body), bool(ended))
