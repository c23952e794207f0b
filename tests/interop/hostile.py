"""Clients that mean no good, each in a thread until it is told to stop: what the node must bear while it serves others.

`python -m tests.interop.hostile GRPC_PORT HTTP_PORT CID` is a process of its own for them: each line on its standard
input names the one to begin, an empty line ends it, and every line is answered with one.
"""

import contextlib
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from edge_node.base.limits import MIB
from edge_node.wire.cid import format_cid, read_cid
from edge_node.wire.proto import dag_pb2, file_pb2
from tests.interop.accounts import GET, READ, STORE, Account, request_of
from tests.interop.grpc_client import Client, put_messages
from tests.interop.place import EDITHS
from tests.interop.wire_client import (
    CANCEL,
    CONTINUATION,
    DATA,
    HEADERS,
    PING,
    RESET,
    SETTINGS,
    Wire,
    frame,
    message,
    read_request,
)

EDITH = Account.of(1)
GET_FILE, PUT_RAW, GET_NAME = "/file.FileApi/getFile", "/file.FileApi/putRawPiece", "/cns.CnsApi/Get"
CONNECTIONS = 8
BREATH_S = 0.01  # an attacker on another machine would not take the node's own cores


@dataclass(frozen=True)
class Target:
    """The doors, and a piece of 64 MiB in bucket 7."""

    port: int
    http: int
    cid: bytes


Attack = Callable[[Target, threading.Event], None]


def rapid_resets(target: Target, stop: threading.Event) -> None:
    """Calls that are begun and reset at once, a hundred at a time; when cut, from the start."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            while not stop.wait(BREATH_S):
                opened = [wire.open(GET_NAME, [("token", EDITH.token())]) for _ in range(100)]
                wire.send(*(head + frame(RESET, 0, at, struct.pack(">I", CANCEL)) for at, head in opened))


def header_bomb(target: Target, stop: threading.Event) -> None:
    """Header blocks without end, in continuations; and few bytes that stand for megabytes of headers."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            wire.send(frame(HEADERS, 0, 1, wire.fields(GET_NAME, [])))
            while not stop.wait(BREATH_S):
                wire.send(*[frame(CONTINUATION, 0, 1, b"\x00\x01a\x7f\x81\x7f" + b"a" * 256) for _ in range(50)])
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            wire.send(frame(HEADERS, 4, 1, wire.fields(GET_NAME, [("x", "y" * 3_000)])))
            stream = 3
            while not stop.wait(BREATH_S):
                wire.send(frame(HEADERS, 4, stream, b"\xbe" * 16_000))  # the last entry of the table, again and again
                stream += 2


def many_headers(target: Target, stop: threading.Event) -> None:
    """Ten thousand headers of a byte each, and names that are no names."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            while not stop.wait(BREATH_S):
                wire.send(wire.open(GET_NAME, [(f"x{number}", "") for number in range(1_500)])[1])


def dangling_readers(target: Target, stop: threading.Event) -> None:
    """As many reads as there may be, with windows wide open, by clients that never take a byte."""
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            wire = held.enter_context(Wire(target.port, window=64 * MIB, deaf=True))
            with contextlib.suppress(OSError):
                for _ in range(100):
                    metadata = EDITH.metadata(READ, EDITHS, target.cid)
                    wire.call(GET_FILE, metadata, read_request(EDITHS, target.cid))
        stop.wait()


def closed_windows(target: Target, stop: threading.Event) -> None:
    """Reads whose windows stay shut, on connections that are otherwise alive."""
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            wire = held.enter_context(Wire(target.port, window=0))
            with contextlib.suppress(OSError):
                for _ in range(100):
                    metadata = EDITH.metadata(READ, EDITHS, target.cid)
                    wire.call(GET_FILE, metadata, read_request(EDITHS, target.cid))
        stop.wait()


def dangling_writers(target: Target, stop: threading.Event) -> None:
    """Uploads that announce a message of 4 MB and stop within it, as many as there may be."""
    head = next(put_messages(EDITHS, b"", said=128 * MIB)).SerializeToString()
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            wire = held.enter_context(Wire(target.port))
            with contextlib.suppress(OSError):
                for _ in range(100):
                    stream = wire.call(PUT_RAW, EDITH.metadata(STORE, EDITHS), head)
                    body = message(bytes(4_000_000))[:16_384]
                    wire.send(frame(DATA, 0, stream, body))
        stop.wait()


def content_cut_short(target: Target, stop: threading.Event) -> None:
    """Uploads that are going well until their connection is gone."""
    head = next(put_messages(EDITHS, b"", said=128 * MIB)).SerializeToString()
    piece = file_pb2.PutRawPieceRequest.Content(data=os.urandom(50_000))
    content = file_pb2.PutRawPieceRequest(content=piece).SerializeToString()
    while not stop.wait(BREATH_S):
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            wire.call(PUT_RAW, EDITH.metadata(STORE, EDITHS), head, content)


def base58_bombs(target: Target, stop: threading.Event) -> None:
    """Tokens of sixty thousand characters, each one new."""
    number = 0
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            while not stop.wait(BREATH_S):
                for _ in range(10):
                    number += 1
                    wire.call(GET_NAME, [("token", f"{number}".translate(_DIGITS) + "z" * 60_000)], b"", end=True)


_DIGITS = str.maketrans("0", "a")


def false_tokens(target: Target, stop: threading.Event) -> None:
    """Well-formed tokens whose signature is wrong, each one new: every one costs a verification."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            while not stop.wait(BREATH_S):
                for _ in range(10):
                    token = Account.of(9).token(bucket=EDITHS, operations=[GET])
                    wire.call(GET_NAME, [("token", token[:40] + "zz" + token[42:])], b"\x08\x07", end=True)


def ack_abuse(target: Target, stop: threading.Event) -> None:
    """The same acknowledgement again and again, then one that goes back."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port, window=8 * MIB) as wire:
            metadata = EDITH.metadata(READ, EDITHS, target.cid)
            stream = wire.call(GET_FILE, metadata, read_request(EDITHS, target.cid))
            same, less = (
                message(
                    file_pb2.GetFileRequest(ack=EDITH.acknowledgment(request_of(metadata), size)).SerializeToString()
                )
                for size in (1_000, 999)
            )
            for _ in range(50):
                if stop.wait(BREATH_S):
                    return
                wire.send(*[frame(DATA, 0, stream, same) for _ in range(20)])
            wire.send(frame(DATA, 0, stream, less))


def pings_and_settings(target: Target, stop: threading.Event) -> None:
    """Frames that each want an answer, from a client that takes none."""
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port, deaf=True) as wire:
            wire.socket.settimeout(1)
            while not stop.wait(BREATH_S):
                wire.send(*[frame(PING, 0, 0, bytes(8)) + frame(SETTINGS, 0, 0, b"") for _ in range(100)])


def queued_calls(target: Target, stop: threading.Event) -> None:
    """Five thousand calls on one connection, without a look at how many there may be."""
    metadata = [("token", EDITH.token(bucket=EDITHS))]
    while not stop.is_set():
        with contextlib.suppress(OSError), Wire(target.port) as wire:
            for _ in range(5_000):
                wire.call(GET_NAME, metadata, b"\x08\x07\x12\x01x", end=True)
            stop.wait(1)


def http_readers(target: Target, stop: threading.Event) -> None:
    """The same piece by its URL, again and again, by clients that never take a byte."""
    path = f"/{EDITHS}/{format_cid(read_cid(target.cid))}?token={EDITH.token(bucket=EDITHS, operations=[GET])}"
    with contextlib.ExitStack() as held:
        for _ in range(100):
            with contextlib.suppress(OSError):
                one = held.enter_context(socket.create_connection(("127.0.0.1", target.http), 10))
                one.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{target.http}\r\n\r\n".encode())
        stop.wait()


def web_writers(target: Target, stop: threading.Event) -> None:
    """Uploads over WebSocket that stop within a message of 4 MB."""
    head = next(put_messages(EDITHS, b"", said=128 * MIB)).SerializeToString()
    with contextlib.ExitStack() as held:
        for _ in range(100):
            with contextlib.suppress(OSError):
                one = held.enter_context(socket.create_connection(("127.0.0.1", target.http), 10))
                one.settimeout(5)
                one.sendall(_upgrade(target.http))
                metadata = "".join(f"{name}: {value}\r\n" for name, value in EDITH.metadata(STORE, EDITHS))
                one.sendall(_masked(metadata.encode()) + _masked(b"\0" + message(head)))
                one.sendall(_masked(b"\0" + message(bytes(4_000_000)))[:-1_000])
        stop.wait()


def untaken_nodes(target: Target, stop: threading.Event) -> None:
    """The same large DAG node, asked for on hundreds of streams whose windows stay shut."""
    with Client(f"127.0.0.1:{target.port}", EDITH) as client:
        node = dag_pb2.PutRequest(bucketId=EDITHS, node=dag_pb2.Node(data=bytes(3_900_000)))
        cid = client.stubs.put_node(node, metadata=EDITH.metadata(STORE, EDITHS)).cid
    metadata = [("token", EDITH.token(bucket=EDITHS))]
    asked = dag_pb2.GetRequest(bucketId=EDITHS, cid=cid).SerializeToString()
    _hold(target, stop, lambda wire: wire.call("/dag.DagApi/Get", metadata, asked, end=True))


def long_lists(target: Target, stop: threading.Event) -> None:
    """Files of 16,384 parts, all of them the same piece, put by the hundred; nobody waits for the answers."""
    with Client(f"127.0.0.1:{target.port}", EDITH) as client:
        part = client.put(EDITHS, b"x")
    metadata = [("token", EDITH.token(bucket=EDITHS))]
    asked = file_pb2.PutMultiPartPieceRequest(bucketId=EDITHS, totalSize=16_384, partHashes=[part[4:]] * 16_384)
    raw = asked.SerializeToString()
    _hold(target, stop, lambda wire: wire.call("/file.FileApi/putMultipartPiece", metadata, raw, end=True), calls=10)


def half_messages(target: Target, stop: threading.Event) -> None:
    """Without a token: messages of 4 MB that stop within their first window; then all are broken off at once."""
    begun = message(bytes(4_000_000))[:16_384]

    def begin(wire: Wire) -> None:
        stream, head = wire.open("/dag.DagApi/Put", [])
        wire.send(head, frame(DATA, 0, stream, begun))

    while not stop.is_set():
        broken_off = threading.Event()
        threading.Timer(1.0, broken_off.set).start()
        _hold(target, broken_off, begin)


def _hold(target: Target, stop: threading.Event, call: Callable[[Wire], object], *, calls: int = 100) -> None:
    """Connections full of calls that nobody takes an answer of."""
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            wire = held.enter_context(Wire(target.port, window=0))
            with contextlib.suppress(OSError):
                for _ in range(calls):
                    call(wire)
        stop.wait()


def _upgrade(port: int) -> bytes:
    return (
        f"GET {PUT_RAW} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "sec-websocket-protocol: grpc-websockets\r\n\r\n"
    ).encode()


def _masked(payload: bytes) -> bytes:
    """One binary frame of a client, under the mask that changes nothing."""
    return struct.pack(">BBQ4x", 0x82, 0xFF, len(payload)) + payload


ATTACKS: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        rapid_resets,
        header_bomb,
        many_headers,
        dangling_readers,
        closed_windows,
        dangling_writers,
        content_cut_short,
        base58_bombs,
        false_tokens,
        ack_abuse,
        pings_and_settings,
        queued_calls,
        http_readers,
        web_writers,
        untaken_nodes,
        long_lists,
        half_messages,
    )
}


@contextlib.contextmanager
def under(name: str, target: Target) -> Iterator[None]:
    """One attack, in a thread, until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=ATTACKS[name], args=(target, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def main() -> None:
    port, http, cid = sys.argv[1:]
    target = Target(int(port), int(http), bytes.fromhex(cid))
    with contextlib.ExitStack() as running:
        for line in sys.stdin:
            running.close()
            if name := line.strip():
                running.enter_context(under(name, target))
            print(name, flush=True)


if __name__ == "__main__":
    main()
