"""GET on the operator's door while the node takes in 5,000 events a second: what a screen waits for.

A publisher in a process of its own posts bodies of ten signed events, 500 a second, at a steady pace. Meanwhile one
client asks the control socket, a hundred times a second, for the node, the streams, the devices and the refusals in
turn, each on one open connection. Latency is from the first byte sent to the last received. Baseline: the same
questions to the same node at rest.
"""

import multiprocessing
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks._ingest import DEVICES, Contender, Fleet, Shape, node_child, shape_body
from benchmarks._live import read_responses
from benchmarks.frame import Case, Options, disk, emit, machine, read_options, rounded, scratch
from edge_node.paths import Paths

EVENTS, BODIES_PER_S, ASKS_PER_S = 10, 500, 100
TARGETS = ("/v1/node", "/v1/streams", "/v1/devices", "/v1/refusals")
P50_MS, P99_MS = 2.0, 20.0
SHARE_MIN = 0.95  # of the promised events: a node that did not take them was not measured under them


class Asker:
    """One connection to the control socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))

    def ask(self, target: str) -> float:
        """Seconds for one answer, which must be a 200."""
        began = time.perf_counter()
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: node\r\n\r\n".encode())
        data = bytearray()
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65_536) or sys.exit("the control door closed")
        head, _, body = bytes(data).partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        size = len(body)
        while size < length:
            size += len(self.socket.recv(1 << 20) or sys.exit("half an answer"))
        took = time.perf_counter() - began
        if not head.startswith(b"HTTP/1.1 200 "):
            sys.exit(f"the control door answered {head[:60]!r}")
        return took


def ask_steadily(path: Path, seconds: float) -> dict[str, list[float]]:
    """Latencies by target."""
    asker, found = Asker(path), {target: list[float]() for target in TARGETS}
    began = time.monotonic()
    for number in range(int(seconds * ASKS_PER_S)):
        time.sleep(max(0.0, began + number / ASKS_PER_S - time.monotonic()))
        target = TARGETS[number % len(TARGETS)]
        found[target].append(asker.ask(target))
    asker.socket.close()
    return found


def publish(load: Path, shape: Shape, port: int, seconds: float, told: Connection) -> None:
    """Send the signed load at its pace over a connection per device; tell how many events were answered."""
    selector, free = selectors.DefaultSelector(), []
    for _ in range(DEVICES):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ, bytearray())
        free.append(sock)
    began, sent, answered = time.monotonic(), 0, 0
    head = f"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {shape.content_type}\r\n"
    head += f"Content-Length: {shape.size}\r\nEdge-Signature: "
    with load.open() as lines:
        while (now := time.monotonic()) < began + seconds:
            due = began + sent / BODIES_PER_S
            if now >= due and free:
                stamp, signature = lines.readline().rstrip("\n").split(" ", 1)
                body = shape.before + stamp.encode() + shape.after
                free.pop().sendall(f"{head}{signature}\r\n\r\n".encode() + body)
                sent += 1
                continue
            for key, _ in selector.select(max(0.0, due - now) if free else 0.1):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if done := read_responses(ready, key.data):
                    answered += done
                    free.append(ready)
    told.send(answered * shape.events)


def measure_busy(node: Contender, fleet: Fleet, directory: Path, path: Path, seconds: float) -> dict[str, list[float]]:
    """Latencies while the publisher publishes."""
    shape, load = shape_body(EVENTS), directory / "load.txt"
    fleet.sign_load(load, shape, int((seconds + 2) * BODIES_PER_S))
    heard, told = multiprocessing.Pipe(duplex=False)
    arguments = (load, shape, node.server.port, seconds + 1, told)
    publisher = multiprocessing.get_context("fork").Process(target=publish, args=arguments)
    publisher.start()
    time.sleep(0.5)
    found = ask_steadily(path, seconds)
    publisher.join()
    events = heard.recv() / (seconds + 1)
    if events < SHARE_MIN * EVENTS * BODIES_PER_S:
        sys.exit(f"only {events:.0f} events a second were taken in")
    return found


def quantile_ms(runs: Sequence[dict[str, list[float]]], percent: int, target: str | None = None) -> float:
    """The median over the runs of one percentile, over one target or all."""
    each = [[value for name, values in run.items() if target in {None, name} for value in values] for run in runs]
    return statistics.median(statistics.quantiles(values, n=100)[percent - 1] for values in each) * 1_000


def measure(options: Options) -> list[Case]:
    """Both quantiles over all targets, then p99 of each."""
    seconds = 4.0 if options.quick else 10.0
    busy: list[dict[str, list[float]]] = []
    rest: list[dict[str, list[float]]] = []
    with scratch(on_disk=True) as directory, node_child(directory) as (node, fleet):
        path = Paths(directory / "node").control_socket
        measure_busy(node, fleet, directory, path, 1.0)
        for _ in range(options.runs):
            rest.append(ask_steadily(path, seconds))
            busy.append(measure_busy(node, fleet, directory, path, seconds))
    conditions = (
        f"{machine()}; {disk()}; {ASKS_PER_S} questions a second for {seconds:.0f} s,"
        f" {EVENTS * BODIES_PER_S} events a second in bodies of {EVENTS}"
    )
    cases = [
        case(f"p{percent}", busy, rest, percent, None, limit, conditions)
        for percent, limit in ((50, P50_MS), (99, P99_MS))
    ]
    return cases + [case(f"p99 {target}", busy, rest, 99, target, None, conditions) for target in TARGETS]


def case(
    name: str,
    busy: Sequence[dict[str, list[float]]],
    rest: Sequence[dict[str, list[float]]],
    percent: int,
    target: str | None,
    limit_ms: float | None,
    conditions: str,
) -> Case:
    """One line."""
    value, base = quantile_ms(busy, percent, target), quantile_ms(rest, percent, target)
    return Case(
        name="control_get",
        case=name,
        value=rounded(value),
        unit="ms",
        baseline="the same node at rest",
        baseline_value=rounded(base),
        ratio=rounded(value / base),
        promise=None if limit_ms is None else f"at most {limit_ms:g} ms",
        met=None if limit_ms is None else value <= limit_ms,
        runs=len(busy),
        conditions=conditions,
    )


if __name__ == "__main__":
    chosen = read_options()
    emit(measure(chosen), chosen)
