"""One publisher to 1 and to 100 WebSocket subscribers: what a delivery costs the node, storing included.

The publisher posts signed bodies of 100 events of 200 bytes, one after another, each durable before the next. Counted
are events delivered, over the CPU seconds of the whole node: verifying, storing, indexing, rendering, sending.
Baseline: websockets on asyncio, compression off, which gets the same events a hundred in a message and broadcasts each.
Beside the promise, without one: bodies of one event from 16 connections at once, the dearest way to publish.
"""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks._live import (
    EVENT_BYTES,
    TARGET,
    Crowd,
    LiveNode,
    await_agreement,
    check_offsets,
    event_of,
    live_node,
    open_websocket,
    read_responses,
    text_messages,
)
from benchmarks.frame import (
    Case,
    Measure,
    Options,
    Server,
    emit,
    free_port,
    interleave,
    machine,
    read_options,
    scratch,
    serving,
)
from edge_node.wire.websocket_frames import encode_text
from tests.wire.websocket_rig import mask_frame

EVENTS = 100  # in a body
SINGLES = 16  # connections that post single events
BASELINE = "websockets (PyPI) on asyncio, stores nothing"
RATES = {1: 30_000.0, 100: 60_000.0}


def measure_node(node: LiveNode, subscribers: int, seconds: float, *, events: int, connections: int) -> Measure:
    """Publish for so long, then wait until everybody has everything."""
    crowd = Crowd([_subscribe(node) for _ in range(subscribers)])
    publishers = [socket.create_connection(("127.0.0.1", node.server.port)) for _ in range(connections)]
    before, began = node.server.cpu_s(), time.monotonic()
    posted = _publish(node, publishers, crowd, began + seconds, events)
    await_agreement(crowd, posted)
    cpu_s, wall_s = node.server.cpu_s() - before, time.monotonic() - began
    messages = text_messages(crowd.kept)
    check_offsets(messages)
    for sock in publishers:
        sock.close()
    crowd.close()
    size = sum(map(len, messages)) / len(messages)
    return Measure(posted * subscribers, wall_s, cpu_s, {"bytes": size, "published_per_s": posted / wall_s})


def _subscribe(node: LiveNode) -> socket.socket:
    sock, rest = open_websocket(node.server.port, TARGET, f"Edge-Request: {node.proof(TARGET)}")
    while len(rest) < 2 or len(rest) < 2 + rest[1]:
        rest += sock.recv(1)  # `open`, which says where it begins
    return sock


def _publish(node: LiveNode, publishers: list[socket.socket], crowd: Crowd, until: float, events: int) -> int:
    """Each connection posts again as soon as it is answered; the subscribers are read in between."""
    posted, waiting, rests = 0, set(), {sock: bytearray() for sock in publishers}
    for sock in publishers:
        crowd.selector.register(sock, 1, sock)
    for sock in publishers:
        sock.sendall(node.post(events))
        waiting.add(sock)
    while waiting:
        for key, _ in crowd.selector.select(1.0):
            if not isinstance(key.data, socket.socket):
                crowd.take_one(key.data)
            elif read_responses(key.data, rests[key.data]):
                posted += events
                waiting.discard(key.data)
                if time.monotonic() < until:
                    key.data.sendall(node.post(events))
                    waiting.add(key.data)
    for sock in publishers:
        crowd.selector.unregister(sock)
    return posted


def measure_baseline(server: Server, subscribers: int, seconds: float) -> Measure:
    """The same crowd at the baseline; its publisher waits for an answer as well."""
    opened = [open_websocket(server.port, "/subscribe")[0] for _ in range(subscribers)]
    publisher, _ = open_websocket(server.port, "/publish")
    crowd = Crowd(opened)
    number, posted = 0, 0
    time.sleep(0.2)  # the last subscriber's handler has begun
    before, began = server.cpu_s(), time.monotonic()
    crowd.selector.register(publisher, 1, publisher)
    while time.monotonic() < began + seconds:
        lines = b"\n".join(event_of(number + n) for n in range(EVENTS))
        number += EVENTS
        publisher.sendall(mask_frame(encode_text(lines), os.urandom(4)))
        answered = False
        while not answered:
            for key, _ in crowd.selector.select(1.0):
                if isinstance(key.data, socket.socket):
                    answered = bool(publisher.recv(64))
                else:
                    crowd.take_one(key.data)
        posted += EVENTS
    crowd.selector.unregister(publisher)
    await_agreement(crowd, posted)
    cpu_s, wall_s = server.cpu_s() - before, time.monotonic() - began
    publisher.close()
    crowd.close()
    return Measure(posted * subscribers, wall_s, cpu_s)


@contextmanager
def baseline_server() -> Iterator[Server]:
    port = free_port()
    with serving([sys.executable, "-m", "benchmarks._baseline_fanout", str(port)], port) as server:
        yield server


def measure(options: Options) -> list[Case]:
    seconds = 2.0 if options.quick else 6.0
    contenders: dict[str, Callable[[], Measure]] = {}
    with scratch(on_disk=True) as directory, live_node(directory) as node, baseline_server() as server:
        for count in RATES:
            contenders[f"ours {count}"] = partial(measure_node, node, count, seconds, events=EVENTS, connections=1)
            contenders[f"baseline {count}"] = partial(measure_baseline, server, count, seconds)
        contenders["singles 100"] = partial(measure_node, node, 100, seconds, events=1, connections=SINGLES)
        for warm in contenders.values():
            warm()
        measured = interleave(contenders, options.runs)
    cases = [report(measured, count, seconds) for count in (100, 1)]
    singles = measured["singles 100"]
    return [
        *cases,
        Case.alone(
            name="streams_fanout",
            case=f"1 to 100, single events from {SINGLES} connections",
            unit="deliveries",
            ours=singles,
            conditions=_conditions(singles, seconds),
        ),
    ]


def report(measured: dict[str, list[Measure]], count: int, seconds: float) -> Case:
    ours = measured[f"ours {count}"]
    return Case.against(
        name="streams_fanout",
        case=f"1 to {count}",
        unit="deliveries",
        ours=ours,
        baseline=BASELINE,
        theirs=measured[f"baseline {count}"],
        promise=f"at least {RATES[count]:,.0f} deliveries per server CPU second",
        rate_min=RATES[count],
        conditions=f"{_conditions(ours, seconds)}; bodies of {EVENTS} events",
    )


def _conditions(ours: list[Measure], seconds: float) -> str:
    size, rate = ours[0].notes["bytes"], sorted(run.notes["published_per_s"] for run in ours)[len(ours) // 2]
    return (
        f"{machine()}; {seconds:g} s a run, events of {EVENT_BYTES} bytes, delivered as {size:.0f}; every one durable"
        f" and delivered; {rate:.0f} published per second"
    )


if __name__ == "__main__":
    chosen = read_options()
    emit(measure(chosen), chosen)
