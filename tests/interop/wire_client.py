"""HTTP/2 by hand, for clients that no library would be: frames as wanted, and nothing that looks after them."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from typing import Self

from hpack import Encoder

from edge_node.wire.proto import file_pb2

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = 8
WINDOW_MAX = 2**31 - 1

Field = tuple[str, str]


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def message(raw: bytes) -> bytes:
    """A gRPC message with its prefix."""
    return struct.pack(">BI", 0, len(raw)) + raw


class Wire:
    """One connection from `source`. `window` is what each stream may get without asking; `deaf` never reads a byte."""

    def __init__(self, port: int, *, window: int = 65_535, deaf: bool = False, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        self.socket.settimeout(30)
        self.encoder, self._next = Encoder(), 1
        self.send(PREFACE, frame(SETTINGS, 0, 0, struct.pack(">HI", 4, window)))
        if window > 65_535:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_MAX - 65_535)))
        if not deaf:
            threading.Thread(target=self._drop, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # closing alone waits for the thread that reads
        self.socket.close()

    def send(self, *frames: bytes) -> None:
        """Send frames; OSError when the node has ended the connection."""
        self.socket.sendall(b"".join(frames))

    def open(self, path: str, metadata: Sequence[Field] = ()) -> tuple[int, bytes]:
        """A new stream's number and its HEADERS frame, not sent yet."""
        stream, self._next = self._next, self._next + 2
        return stream, frame(HEADERS, END_HEADERS, stream, self.fields(path, metadata))

    def fields(self, path: str, metadata: Iterable[Field]) -> bytes:
        """The header block of a call."""
        fields = [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "node"),
            ("content-type", "application/grpc+proto"), ("te", "trailers"), *metadata,
        ]  # fmt: skip
        return bytes(self.encoder.encode(fields))

    def call(self, path: str, metadata: Sequence[Field], *messages: bytes, end: bool = False) -> int:
        """Open a stream and send messages on it."""
        stream, head = self.open(path, metadata)
        body = b"".join(map(message, messages))
        parts = [frame(DATA, 0, stream, body[at : at + 16_384]) for at in range(0, len(body), 16_384)]
        last = [frame(DATA, END_STREAM, stream, b"")] if end else []
        self.send(head, *parts, *last)
        return stream

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            while self.socket.recv(65_536):
                pass


def read_request(bucket: int, cid: bytes) -> bytes:
    """The first message of a getFile."""
    asked = file_pb2.GetFileRequest.Request(cid=cid, bucketId=bucket)
    return file_pb2.GetFileRequest(request=asked).SerializeToString()
