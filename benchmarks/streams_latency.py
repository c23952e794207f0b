"""From publishing an event to having it: the time between a signed post leaving and its event arriving, synced to disk
in between.

One publisher posts bodies of one event at a steady pace, whether or not the former is answered; every subscriber's
copy of every event counts, on one clock in one process. Baseline: a write and fdatasync on the same disk, the part of
it that no program can leave out.
"""

import os
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks._live import TARGET, Crowd, LiveNode, live_node, open_websocket, read_responses, take_messages
from benchmarks.frame import Case, Measure, Options, emit, interleave, machine, read_options, rounded, scratch

PER_S = 50
SUBSCRIBERS = (100, 1)
P50_MS, P99_MS = 15.0, 100.0
_ID = b'"id":"'
SETTLE_S = 5.0


def measure_node(node: LiveNode, subscribers: int, seconds: float) -> Measure:
    """Latencies of every delivery in ms, as quantiles in the notes."""
    crowd = Listeners(node, subscribers)
    publisher = socket.create_connection(("127.0.0.1", node.server.port))
    publisher.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    before, began = node.server.cpu_s(), time.monotonic()
    count = int(seconds * PER_S)
    sent, rest, answered = 0, bytearray(), 0
    crowd.selector.register(publisher, 1, publisher)
    while len(crowd.latencies) < count * subscribers and time.monotonic() < began + seconds + SETTLE_S:
        due = began + sent / PER_S
        if sent < count and time.monotonic() >= due:
            request = node.post(1)
            crowd.sent_at[node.number - 1] = time.monotonic()
            publisher.sendall(request)
            sent += 1
            continue
        for key, _ in crowd.selector.select(max(0.0, due - time.monotonic()) if sent < count else 0.1):
            if key.data is publisher:
                answered += read_responses(publisher, rest)
            else:
                crowd.take_one(key.data)
    crowd.close()
    publisher.close()
    if len(crowd.latencies) != count * subscribers:
        raise SystemExit(f"{len(crowd.latencies)} of {count * subscribers} deliveries came")
    cpu_s = node.server.cpu_s() - before
    return Measure(count * subscribers, time.monotonic() - began, cpu_s, quantiles_ms(crowd.latencies))


class Listeners(Crowd):
    """Subscribers whose every event is timed."""

    def __init__(self, node: LiveNode, count: int) -> None:
        opened = [open_websocket(node.server.port, TARGET, f"Edge-Request: {node.proof(TARGET)}") for _ in range(count)]
        super().__init__([sock for sock, _ in opened])
        self.rests = [bytearray(rest) for _, rest in opened]
        self.sent_at: dict[int, float] = {}
        self.latencies: list[float] = []

    def take_one(self, number: int) -> None:
        rest = self.rests[number]
        rest += self.sockets[number].recv(1 << 16)
        now = time.monotonic()
        for message in take_messages(rest):
            at = message.find(_ID)
            if at >= 0:  # `open` has none
                self.latencies.append(now - self.sent_at[int(message[at + 6 : at + 18])])


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": cuts[49] * 1_000, "p99": cuts[98] * 1_000, "max": max(seconds) * 1_000}


def measure_disk(directory: Path, seconds: float) -> Measure:
    """A record's write and sync, at the same pace."""
    took, began, cpu = [], time.monotonic(), time.process_time()
    descriptor = os.open(directory / "baseline", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for number in range(int(seconds * PER_S)):
            time.sleep(max(0.0, began + number / PER_S - time.monotonic()))
            start = time.monotonic()
            os.write(descriptor, bytes(600))
            os.fdatasync(descriptor)
            took.append(time.monotonic() - start)
    finally:
        os.close(descriptor)
    return Measure(len(took), time.monotonic() - began, time.process_time() - cpu, quantiles_ms(took))


def measure(options: Options) -> list[Case]:
    seconds = 3.0 if options.quick else 10.0
    with scratch(on_disk=True) as directory, live_node(directory) as node:
        contenders: dict[str, Callable[[], Measure]] = {
            str(count): partial(measure_node, node, count, seconds) for count in SUBSCRIBERS
        }
        contenders["disk"] = partial(measure_disk, directory, seconds)
        for warm in contenders.values():
            warm()
        measured = interleave(contenders, options.runs)
    return [
        report(measured, count, quantile, limit, seconds)
        for count in SUBSCRIBERS
        for quantile, limit in (("p50", P50_MS), ("p99", P99_MS))
    ]


def report(measured: dict[str, list[Measure]], count: int, quantile: str, limit_ms: float, seconds: float) -> Case:
    ours, disk = measured[str(count)], measured["disk"]
    value = statistics.median(run.notes[quantile] for run in ours)
    base = statistics.median(run.notes[quantile] for run in disk)
    worst = max(run.notes["max"] for run in ours)
    return Case(
        name="streams_latency",
        case=f"{quantile}, 1 to {count}",
        value=rounded(value),
        unit="ms from post to delivery",
        baseline="write and fdatasync of 600 bytes on the same disk",
        baseline_value=rounded(base),
        ratio=rounded(value / base) if base else None,
        promise=f"at most {limit_ms:g} ms",
        met=value <= limit_ms,
        runs=len(ours),
        conditions=(
            f"{machine()}; {seconds:g} s a run, {PER_S} events a second, each signed, durable and delivered to all;"
            f" worst of all runs {worst:.1f} ms"
        ),
    )


if __name__ == "__main__":
    chosen = read_options()
    emit(measure(chosen), chosen)
