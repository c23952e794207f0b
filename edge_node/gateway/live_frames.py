"""Subscription frames on their two wires: WebSocket messages and server-sent events (docs/specs/subscriptions.md)."""

from typing import Protocol

import msgspec

from edge_node.base.errors import Refusal
from edge_node.serving.problems import problem_document
from edge_node.store.streams.frames import Framing, Gap
from edge_node.wire.sse import encode_event
from edge_node.wire.websocket_frames import encode_text

_ENCODER = msgspec.json.Encoder(enc_hook=str)
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


class LiveFraming(Framing, Protocol):
    """A wire's frames, those of the store and those of the door."""

    def opened(self, cursor: int) -> bytes:
        """Where the subscription begins."""
        ...

    def ended(self, refusal: Refusal) -> bytes:
        """Why the node ends it."""
        ...


class WebSocketFraming:
    """One text message each: an event's object as it is, everything else under its name."""

    def event(self, _offset: int, rendered: bytes) -> bytes:
        """See Framing."""
        return encode_text(rendered)

    def gap(self, gap: Gap) -> bytes:
        """See Framing."""
        return encode_text(_ENCODER.encode({"gap": _span(gap)}))

    def opened(self, cursor: int) -> bytes:
        """See LiveFraming."""
        return encode_text(b'{"open":{"from":%d}}' % cursor)

    def ended(self, refusal: Refusal) -> bytes:
        """See LiveFraming."""
        return encode_text(_ENCODER.encode({"end": problem_document(refusal)}))


class SseFraming:
    """One event each, named; its id is the offset before the one to resume from."""

    def event(self, offset: int, rendered: bytes) -> bytes:
        """See Framing."""
        # In JSON a line end is white space, never part of a string: a space says the same in one line.
        return b"id: %d\nevent: event\ndata: %b\n\n" % (offset, rendered.translate(_ONE_LINE))

    def gap(self, gap: Gap) -> bytes:
        """See Framing."""
        return encode_event(_ENCODER.encode(_span(gap)), id=str(gap.stop - 1), event="gap")

    def opened(self, cursor: int) -> bytes:
        """See LiveFraming."""
        return encode_event(b'{"from":%d}' % cursor, id=str(cursor - 1), event="open")

    def ended(self, refusal: Refusal) -> bytes:
        """See LiveFraming."""
        return encode_event(_ENCODER.encode(problem_document(refusal)), event="end")


def _span(gap: Gap) -> dict[str, object]:
    return {"from": gap.first, "to": gap.stop, "reason": str(gap.reason)}


# One of each for the whole node: subscribers of one wire share what was framed for any of them.
WEBSOCKET, SSE = WebSocketFraming(), SseFraming()
