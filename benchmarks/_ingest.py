"""What the two ingest benchmarks share: devices and their signed load, the node and the baseline as children.

The promised ratio is one of durable events on the wall: what a commit per request costs most is waiting for the disk,
which no count of CPU seconds shows. The ratio per CPU second is reported beside it.

Every request is signed before the clock starts and sent once: wrk's script reads the signatures line by line from a
file of its run and stops the benchmark when it runs out. That nothing was counted twice is seen from outside: after
each run the events in the node's streams (and the rows of the baseline) have grown by what was answered.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from blake3 import blake3

from benchmarks import _baseline_ingest
from benchmarks.frame import (
    Case,
    Measure,
    Options,
    Server,
    disk,
    free_port,
    machine,
    note,
    scratch,
    serving,
    wrk,
)
from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import Digest, Nonce, PublicKey, StreamName, VaultId
from edge_node.offline import change_devices, make_node
from edge_node.settings import Settings, load
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import read_key_file
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.trust.signed_request import sign_request

DEVICES = 16
BASELINE = "uvicorn asyncio httptools, SQLite transaction with synchronous=FULL per request"
EVENTS_URL = "http://127.0.0.1:{port}/events"

_STAMP = b"0" * 16  # the part of a body that is its own in every request, so that no two have one CID
_EVENT = (
    b'{"specversion":"1.0","id":"%s-%02d","source":"urn:site:hall-3:press-7","type":"org.example.reading",'
    b'"time":"2026-01-01T00:00:00.%03dZ","data":{"celsius":21.75,"bar":6.2,"rpm":1450}}'
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A body that differs from request to request in its first event's id only."""

    content_type: str
    events: int
    before: bytes
    after: bytes

    @property
    def size(self) -> int:
        return len(self.before) + len(_STAMP) + len(self.after)


def shape_body(events: int) -> Shape:
    """One CloudEvent, or a batch of `events`; about 190 bytes each."""
    parts = [_EVENT % (_STAMP, number, number) for number in range(events)]
    single = events == 1
    whole = parts[0] if single else b"[" + b",".join(parts) + b"]"
    before, _, after = whole.partition(_STAMP)
    return Shape("application/cloudevents+json" if single else _baseline_ingest.BATCH, events, before, after)


@dataclass(slots=True)
class Fleet:
    """The devices of one vault; `used` numbers were given out to each."""

    keys: Sequence[SigningKey]
    vault: VaultId
    used: int = 0

    def sign_load(self, path: Path, shape: Shape, count: int) -> None:
        """Write the stamp and the Edge-Signature value of `count` requests, a line each, one device after another."""
        now_ms, stamp = SystemClock().now_ms(), self.used * len(self.keys)
        with path.open("w") as file:
            for number in range(count):
                turn, device = divmod(number, len(self.keys))
                text = b"%016d" % (stamp + number)
                header = sign_event(
                    self.keys[device],
                    audience=self.vault,
                    stream=StreamName(f"bench/device-{device}"),
                    content_type=shape.content_type,
                    seq=self.used + turn + 1,
                    t_ms=now_ms,
                    quality=ClockQuality.NETWORK,
                    body=shape.before + text + shape.after,
                )
                file.write(f"{text.decode()} {format_event_header(header)}\n")
        self.used += count // len(self.keys) + 1


def replay_script(path: Path, shape: Shape, port: int) -> str:
    """The wrk script that sends each line of `path` once; it must run in one thread."""
    head = f"POST /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {shape.content_type}\r\n"
    head += f"Content-Length: {shape.size}\r\nEdge-Signature: "
    return f"""
local lines
function init(args) lines = io.lines({json.dumps(str(path))}) end
function request()
  local line = lines()
  if line == nil then error("the signed load ran out: sign more requests per second") end
  return {json.dumps(head)} .. line:sub(18) .. "\\r\\n\\r\\n"
    .. {_lua_string(shape.before)} .. line:sub(1, 16) .. {_lua_string(shape.after)}
end
"""


def _lua_string(raw: bytes) -> str:
    return '"' + raw.decode("ascii").replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Contender:
    """A server under load and a way to see, from outside, how many events it has stored."""

    server: Server
    count_stored: Callable[[], int]

    def run(self, load: Path, shape: Shape, *, connections: int, seconds: int) -> Measure:
        """Replay a load; work is counted in events. Ends the benchmark when answers and store disagree."""
        before = self.count_stored()
        script = replay_script(load, shape, self.server.port)
        url = EVENTS_URL.format(port=self.server.port)
        measure = wrk(self.server, url, script, connections=connections, seconds=seconds)
        answered, stored = measure.work * shape.events, self.count_stored() - before
        # Requests in flight when wrk stops are stored but not counted, at either end of the run.
        if not answered <= stored <= answered + 2 * connections * shape.events:
            sys.exit(f"{answered:.0f} events were answered, {stored} stored")
        return Measure(answered, measure.wall_s, measure.cpu_s, measure.notes)


@contextmanager
def node_child(directory: Path) -> Iterator[tuple[Contender, Fleet]]:
    """A node on its own data directory, as `edge-node run` makes it, with its devices enrolled."""
    port, data = free_port(), directory / "node"
    config = directory / "edge-node.toml"
    config.write_text(
        f"[node]\ndata_dir = '{data}'\n[http]\nlisten = '127.0.0.1:{port}'\nlisten_tls = ''\n"
        "[grpc]\nlisten = ''\n[log]\nlevel = 'warning'\n"
    )
    settings = load(config, {}).settings
    made = make_node(settings, SystemClock(), os.urandom, os.environ)
    fleet = Fleet([SigningKey.generate(os.urandom) for _ in range(DEVICES)], VaultId(made.node))
    for number, key in enumerate(fleet.keys):
        enrol(settings, f"device-{number}", key.public, fleet.vault)
    with serving([sys.executable, "-m", "edge_node", "run", "--config", str(config)], port) as server:
        operator = read_key_file(made.operator_key_file)
        yield Contender(server, lambda: _count_in_streams(port, made.node, operator)), fleet


def enrol(settings: Settings, name: str, key: PublicKey, vault: VaultId) -> None:
    """Enrol a device on a node that is not running."""
    clock = SystemClock()
    change = Enrolment(key=key, name=name, roles=frozenset({Role.DEVICE}), vault=vault, t_ms=clock.now_ms())
    change_devices(settings, clock, os.urandom, lambda _: change)


def _count_in_streams(port: int, node: PublicKey, operator: SigningKey) -> int:
    target = "/api/v1/streams"
    proof = sign_request(
        operator,
        to=node,
        method="GET",
        target=target,
        body_digest=Digest(blake3(b"").digest()),
        t_ms=SystemClock().now_ms(),
        nonce=Nonce(os.urandom(16)),
    )
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{target}", headers={"Edge-Request": proof})
    with urllib.request.urlopen(asked) as answer:
        return sum(int(stream["events"]) for stream in json.load(answer)["streams"])


@contextmanager
def baseline_child(directory: Path, fleet: Fleet) -> Iterator[Contender]:
    """The baseline on a database of its own, on the same file system, knowing the same keys."""
    port, database = free_port(), directory / "baseline.db"
    _baseline_ingest.open_database(database).close()
    environ = {
        _baseline_ingest.DATABASE: str(database),
        _baseline_ingest.KEYS: ",".join(str(key.public) for key in fleet.keys),
    }
    argv = [
        sys.executable, "-m", "uvicorn", "benchmarks._baseline_ingest:app", "--port", str(port), "--loop", "asyncio",
        "--http", "httptools", "--lifespan", "off", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    os.environ |= environ
    with serving(argv, port) as server:
        yield Contender(server, lambda: _baseline_ingest.count_events(database))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is promised for bodies of `events` events. `requests_per_s`: signed ahead, more than either can take."""

    name: str
    events: int
    connections: int
    requests_per_s: int
    rate_min: float
    ratio_min: float

    def measure(self, options: Options) -> list[Case]:
        """Both cases of the trial, the headline first."""
        shape, seconds = shape_body(self.events), 3 if options.quick else 8
        with scratch(on_disk=True) as directory:
            ours, theirs = self._run_both(shape, directory, options.runs, seconds)
        p99 = f"p99 {note(ours, 'p99_ms'):.1f} ms against {note(theirs, 'p99_ms'):.1f} ms"
        conditions = (
            f"{machine()}; {disk()}; wrk, {self.connections} connections, {seconds} s a run, {self.events} events and"
            f" {shape.size} bytes a body; {p99}"
        )
        promise = f"at least {self.rate_min:,.0f} events per server CPU second and {self.ratio_min:g}x the baseline"
        against = partial(
            Case.against,
            name=self.name,
            unit="events",
            ours=ours,
            baseline=BASELINE,
            theirs=theirs,
            conditions=conditions,
        )
        return [
            against(
                case="on the wall",
                on_the_wall=True,
                promise=promise,
                rate_min=self.rate_min,
                ratio_min=self.ratio_min,
            ),
            against(case="per CPU second"),
        ]

    def _run_both(self, shape: Shape, directory: Path, runs: int, seconds: int) -> tuple[list[Measure], list[Measure]]:
        """Runs of the node and of the baseline in turns, each pair on one freshly signed load."""
        measured: list[list[Measure]] = [[], []]
        with node_child(directory) as (ours, fleet), baseline_child(directory, fleet) as baseline:
            load = directory / "load.txt"
            for run in range(runs + 1):
                warming = run == 0  # imports, caches, the first segment: not counted
                length = 1 if warming else seconds
                fleet.sign_load(load, shape, self.requests_per_s * length)
                for contender, kept in zip((ours, baseline), measured, strict=True):
                    measure = contender.run(load, shape, connections=self.connections, seconds=length)
                    if not warming:
                        kept.append(measure)
        return measured[0], measured[1]
