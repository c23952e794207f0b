"""Reading whole WebSocket connections in comparable form, a client's frames, and some no encoder of ours would make."""

from collections.abc import Iterable

from edge_node.wire.websocket import NEED_DATA, Closed, Event, Message, Ping, Pong, WebSocket

ZERO_KEY = bytes(4)


def read_events(pieces: Iterable[bytes], *, client: bool = False, message_max: int = 1 << 20) -> list[Event]:
    """Every event of a connection received in these pieces, which then ends."""
    socket = WebSocket(client=client, message_max=message_max)
    events: list[Event] = []
    for piece in [*pieces, b""]:
        socket.receive(piece)
        while (event := socket.next_event()) is not NEED_DATA:
            events.append(event)
            if isinstance(event, Closed):
                return events
    raise AssertionError("a connection that ended gives Closed")


def plain(events: Iterable[Event]) -> list[list[object]]:
    """Events as the vectors write them."""
    rows: list[list[object]] = []
    for event in events:
        match event:
            case Message(str(text)):
                rows.append(["text", text])
            case Message(bytes(data)):
                rows.append(["binary", data.hex()])
            case Ping(payload):
                rows.append(["ping", payload.hex()])
            case Pong(payload):
                rows.append(["pong", payload.hex()])
            case Closed(code, _, _):
                rows.append(["closed", code])
            case _:
                raise AssertionError(event)
    return rows


def mask_frame(frame: bytes, key: bytes) -> bytes:
    """A frame of ours as a client must send it: masked with 4 fresh unpredictable bytes (section 5.3)."""
    start = {126: 4, 127: 10}.get(frame[1], 2)
    size = len(frame) - start
    # One integer of the whole payload: CPython's fastest exclusive or without a C extension.
    mask = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    masked = (int.from_bytes(frame[start:], "big") ^ mask).to_bytes(size, "big")
    return bytes((frame[0], frame[1] | 0x80)) + frame[2:start] + key + masked


def raw_frame(first: int, payload: bytes, key: bytes = ZERO_KEY) -> bytes:
    """A client's short frame with any first byte: FIN, reserved bits and opcode as one likes."""
    assert len(payload) <= 125
    mask = (key * 32)[: len(payload)]
    return bytes((first, 0x80 | len(payload))) + key + bytes(a ^ b for a, b in zip(payload, mask, strict=True))
