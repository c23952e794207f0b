"""What the subscription benchmarks share: a node with a publisher and a reader, and cheap subscribers by the hundred.

A subscriber is a raw socket that counts bytes and keeps a checksum of them: parsing every frame would make the client
the bottleneck. All subscribers of one run are sent the same bytes, so one of them keeps what it got and is checked
frame by frame, and the others must agree with it in length and checksum.
"""

import contextlib
import json
import os
import selectors
import socket
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from benchmarks._ingest import enrol
from benchmarks.frame import Server, free_port, serving
from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import Digest, Nonce, PublicKey, StreamName, VaultId
from edge_node.offline import make_node
from edge_node.settings import load
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import read_key_file
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.trust.signed_request import sign_request

STREAM = StreamName("bench/live")
TARGET = f"/api/v1/streams/{STREAM}?from=end"
BATCH = "application/cloudevents-batch+json"
EVENT_BYTES = 200
GIVE_UP_S = 60.0
_READ_BYTES = 1 << 20


def event_of(number: int) -> bytes:
    """One CloudEvent of exactly 200 bytes."""
    head = b'{"specversion":"1.0","id":"%012d","source":"urn:site:hall-3:press-7","type":"org.example.reading"' % number
    head += b',"data":{"celsius":21.75,"bar":6.2,"rpm":1450,"note":"'
    return head + b"x" * (EVENT_BYTES - len(head) - 3) + b'"}}'


@dataclass(slots=True)
class LiveNode:
    """A node as `edge-node run` makes it, its one publisher and the operator who subscribes."""

    server: Server
    node: PublicKey
    operator: SigningKey
    device: SigningKey
    seq: int = 0
    number: int = 0

    def proof(self, target: str) -> str:
        """The header that opens a subscription."""
        return sign_request(
            self.operator,
            to=self.node,
            method="GET",
            target=target,
            body_digest=Digest(blake3(b"").digest()),
            t_ms=SystemClock().now_ms(),
            nonce=Nonce(os.urandom(16)),
        )

    def post(self, events: int) -> bytes:
        """A whole request that publishes so many events."""
        self.seq += 1
        body = b"[" + b",".join(event_of(self.number + n) for n in range(events)) + b"]"
        self.number += events
        header = sign_event(
            self.device,
            audience=VaultId(self.node),
            stream=STREAM,
            content_type=BATCH,
            seq=self.seq,
            t_ms=SystemClock().now_ms(),
            quality=ClockQuality.NETWORK,
            body=body,
        )
        head = f"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {BATCH}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Edge-Signature: {format_event_header(header)}\r\n\r\n".encode() + body


@contextmanager
def live_node(directory: Path) -> Iterator[LiveNode]:
    """A node on its own data directory."""
    port, data, config = free_port(), directory / "node", directory / "edge-node.toml"
    config.write_text(
        f"[node]\ndata_dir = '{data}'\n[http]\nlisten = '127.0.0.1:{port}'\nlisten_tls = ''\n"
        "[grpc]\nlisten = ''\n[log]\nlevel = 'warning'\n"
    )
    settings = load(config, {}).settings
    made = make_node(settings, SystemClock(), os.urandom, os.environ)
    device = SigningKey.generate(os.urandom)
    enrol(settings, "publisher", device.public, VaultId(made.node))
    with serving([sys.executable, "-m", "edge_node", "run", "--config", str(config)], port) as server:
        yield LiveNode(server, made.node, read_key_file(made.operator_key_file), device)


def open_websocket(port: int, target: str, *lines: str) -> tuple[socket.socket, bytes]:
    """A WebSocket after its upgrade, and the bytes that came behind it."""
    sock = socket.create_connection(("127.0.0.1", port))
    said = [
        f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *lines,
    ]  # fmt: skip
    sock.sendall("\r\n".join((*said, "", "")).encode())
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4_096)
        if not more:
            sys.exit(f"no upgrade: {data!r}")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        sys.exit(f"no upgrade: {data!r}")
    return sock, rest


@dataclass(slots=True)
class Crowd:
    """Subscribers that take what comes; the first keeps it."""

    sockets: Sequence[socket.socket]
    counts: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    kept: bytearray = field(default_factory=bytearray)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _room: bytearray = field(default_factory=lambda: bytearray(_READ_BYTES))

    def __post_init__(self) -> None:
        self.counts, self.sums = [0] * len(self.sockets), [0] * len(self.sockets)
        for number, sock in enumerate(self.sockets):
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ, number)

    def take(self, timeout_s: float) -> None:
        """Read what has arrived, waiting at most so long for anything."""
        for key, _ in self.selector.select(timeout_s):
            self.take_one(key.data)

    def take_one(self, number: int) -> None:
        """Read what one subscriber has."""
        with contextlib.suppress(BlockingIOError):
            size = self.sockets[number].recv_into(self._room)
            if size == 0:
                sys.exit("a subscriber was cut off")
            view = memoryview(self._room)[:size]
            self.counts[number] += size
            self.sums[number] = zlib.crc32(view, self.sums[number])
            if number == 0:
                self.kept += view

    def agree(self) -> bool:
        """Whether all have the same bytes."""
        return len(set(zip(self.counts, self.sums, strict=True))) == 1

    def close(self) -> None:
        """Leave."""
        self.selector.close()
        for sock in self.sockets:
            sock.close()


def text_messages(data: bytes | bytearray) -> list[bytes]:
    """The payloads of whole text frames; pings are passed over, a rest is left."""
    return take_messages(bytearray(data))


def take_messages(data: bytearray) -> list[bytes]:
    """The same, and what was read is taken out of `data`."""
    found, at, size = [], 0, len(data)
    while at + 2 <= size:
        length, start = data[at + 1], at + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[at + 2 : start], "big")
        if start > size or start + length > size:
            break
        if data[at] == 0x81:
            found.append(bytes(data[start : start + length]))
        at = start + length
    del data[:at]
    return found


def read_responses(sock: socket.socket, rest: bytearray) -> int:
    """How many whole answers have arrived on a publisher's connection; ends the benchmark at one that is no 202."""
    rest += sock.recv(65_536)
    answers = 0
    while (end := rest.find(b"\r\n\r\n")) >= 0:
        head = bytes(rest[:end]).lower()
        if not head.startswith(b"http/1.1 202 "):
            sys.exit(f"not stored: {bytes(rest[:400])!r}")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(rest) < end + 4 + length:
            break
        del rest[: end + 4 + length]
        answers += 1
    return answers


def await_agreement(crowd: Crowd, messages: int) -> None:
    """Take until every subscriber has that many messages; ends the benchmark when they do not come."""
    give_up = time.monotonic() + GIVE_UP_S
    while not (crowd.agree() and len(text_messages(crowd.kept)) >= messages):
        if time.monotonic() > give_up:
            sys.exit(
                f"of {messages} messages, {len(text_messages(crowd.kept))} came; counts {sorted(set(crowd.counts))}"
            )
        crowd.take(0.1)


def check_offsets(messages: Sequence[bytes]) -> None:
    """Each event follows the one before; ends the benchmark otherwise."""
    offsets = [json.loads(message)["offset"] for message in messages]
    if offsets != list(range(offsets[0], offsets[0] + len(offsets))):
        sys.exit("events are missing or come twice")
