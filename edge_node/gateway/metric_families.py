"""Every metric family of a node that is read from its rooms when somebody scrapes (docs/metrics.md is made from it)."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Literal, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from edge_node.activity import Capture
from edge_node.base import offload
from edge_node.chain_light.status import ChainState, ChainStatus, Verdict
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.room import Room
from edge_node.journal import Journal, Mode
from edge_node.paths import Paths
from edge_node.serving.grpc_server import GrpcServer
from edge_node.store.pieces import Pieces
from edge_node.store.streams.ingest import Ingest
from edge_node.supervise import Beat, Health, RoomState
from edge_node.trust.audit import AuditLog
from edge_node.trust.device import DeviceStatus
from edge_node.trust.devices import DeviceTable


class DoorCount(Protocol):
    """One door on TCP; `name`, `mode` and `address` together are its own."""

    @property
    def name(self) -> str:
        """`http`, `https` or `grpc`."""
        ...

    @property
    def mode(self) -> str | None:
        """What its pair of doors is."""
        ...

    @property
    def address(self) -> str:
        """As it is bound, with its port."""
        ...

    @property
    def connections(self) -> int:
        """Open ones."""
        ...


class DoorsFigures(Protocol):
    """What is counted at the doors, and what the HTTP servers of all pairs count together."""

    def figures(self) -> Sequence[DoorCount]:
        """Every door on TCP as it is now."""
        ...

    @property
    def connections(self) -> Sized:
        """The connections there are now."""
        ...

    @property
    def answers(self) -> Mapping[int, int]:
        """Responses since the start, by status."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The rooms that are asked; every call is cheap and made when somebody scrapes. `uptime_s` is seconds."""

    version: str
    paths: Paths
    journal: Journal
    ingest: Ingest
    pieces: Pieces
    activity: Capture
    devices: DeviceTable
    audit: AuditLog
    http: DoorsFigures
    grpc: GrpcServer
    puts: AnswerRoom
    reads: AnswerRoom
    bodies: Room
    answers: AnswerRoom
    health: Callable[[], Health | None]
    beats: Callable[[], Mapping[str, Beat]]
    clock_quality: Callable[[], int]
    uptime_s: Callable[[], float]
    chain: Callable[[], ChainStatus | None]
    """None of a node that follows no chain: then no family of it has a value."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What lies on the disk of one segment class."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Moment:
    """The sources at one scrape, with what had to be asked of the disk."""

    sources: Sources
    segments: Mapping[str, Segments]


Values = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family: what it is called, what it means, and where its values come from."""

    name: str
    kind: Literal["gauge", "counter"]
    about: str
    labels: tuple[str, ...]
    read: Callable[[Moment], Values]


def _one(read: Callable[[Sources], float]) -> Callable[[Moment], Values]:
    return lambda moment: [((), read(moment.sources))]


def _gauge(name: str, about: str, read: Callable[[Sources], float]) -> Family:
    return Family(name, "gauge", about, (), _one(read))


def _counter(name: str, about: str, read: Callable[[Sources], float]) -> Family:
    return Family(name, "counter", about, (), _one(read))


def _room_states(moment: Moment) -> Iterator[tuple[tuple[str, ...], float]]:
    health = moment.sources.health()
    for name, room in health.rooms.items() if health is not None else ():
        for state in RoomState:
            yield (name, str(state)), float(room.state is state)


def _journal_modes(moment: Moment) -> Values:
    return [((str(mode),), float(moment.sources.journal.state.mode is mode)) for mode in Mode]


def _devices(moment: Moment) -> Values:
    statuses = [device.status for device in moment.sources.devices.list()]
    return [((str(status),), statuses.count(status)) for status in DeviceStatus]


def _threads(_moment: Moment) -> Values:
    limiters = {
        "cpu": offload.CPU,
        "db_read": offload.DB_READ,
        "file": offload.FILE,
        "bulk": offload.BULK,
        "writer": offload.WRITER,
    }
    return [((name,), limiter.borrowed_tokens) for name, limiter in limiters.items()]


def _doors(moment: Moment) -> Values:
    return [((one.name, one.mode or "", one.address), one.connections) for one in moment.sources.http.figures()]


def _calls(moment: Moment) -> Values:
    answers = moment.sources.grpc.table.answers
    return [((method, status.name), count) for (method, status), count in sorted(answers.items())]


def _chain(read: Callable[[ChainStatus], float | None]) -> Callable[[Moment], Values]:
    """A figure of the chain; no value where there is no chain, or it has none yet."""

    def values(moment: Moment) -> Values:
        status = moment.sources.chain()
        value = None if status is None else read(status)
        return [] if value is None else [((), value)]

    return values


def _chain_states(moment: Moment) -> Values:
    status = moment.sources.chain()
    return [] if status is None else [((str(one),), float(status.state is one)) for one in ChainState]


def _chain_endpoints(moment: Moment) -> Values:
    status = moment.sources.chain()
    verdicts = None if status is None else [one.verdict for one in status.endpoints]
    return [] if verdicts is None else [((str(one),), verdicts.count(one)) for one in Verdict]


def _is_ready(sources: Sources) -> float:
    health = sources.health()
    return float(health is not None and health.ready)


FAMILIES: tuple[Family, ...] = (
    Family(
        "edge_node_build_info",
        "gauge",
        "Always 1; the labels say what runs.",
        ("version", "python"),
        lambda moment: [((moment.sources.version, platform.python_version()), 1)],
    ),
    _gauge("edge_node_uptime_seconds", "Since the node was started.", lambda of: of.uptime_s()),
    _gauge("edge_node_ready", "1 while the node takes writes, as /readyz says.", _is_ready),
    Family("edge_node_room_state", "gauge", "1 for the state a room is in.", ("room", "state"), _room_states),
    Family(
        "edge_node_room_heartbeat_age_seconds",
        "gauge",
        "Since the last heartbeat of a room that promised one.",
        ("room",),
        lambda moment: [((name,), beat.age_s) for name, beat in moment.sources.beats().items()],
    ),
    _gauge(
        "edge_node_clock_quality",
        "How far the wall clock is believed: 0 unsynced, 1 manual, 2 network, 3 precise.",
        lambda of: of.clock_quality(),
    ),
    Family("edge_node_journal_mode", "gauge", "1 for the mode the journal is in.", ("mode",), _journal_modes),
    _counter("edge_node_journal_rounds_total", "Write rounds made durable.", lambda of: of.journal.stats().rounds),
    _counter("edge_node_journal_records_total", "Records made durable.", lambda of: of.journal.stats().records),
    _counter(
        "edge_node_journal_payload_bytes_total",
        "Payload made durable.",
        lambda of: of.journal.stats().payload_bytes,
    ),
    _gauge(
        "edge_node_journal_queued_records",
        "Records that wait for the write stage.",
        lambda of: of.journal.stats().queued_records,
    ),
    _gauge(
        "edge_node_journal_queued_bytes",
        "Bytes that wait for the write stage.",
        lambda of: of.journal.stats().queued_bytes,
    ),
    _gauge(
        "edge_node_journal_free_bytes",
        "Free space as the journal reckons with it.",
        lambda of: of.journal.stats().free_bytes,
    ),
    Family(
        "edge_node_journal_segments",
        "gauge",
        "Segment files on the disk.",
        ("class",),
        lambda moment: [((name,), found.files) for name, found in moment.segments.items()],
    ),
    Family(
        "edge_node_journal_segment_bytes",
        "gauge",
        "Size of the segment files on the disk.",
        ("class",),
        lambda moment: [((name,), found.bytes) for name, found in moment.segments.items()],
    ),
    _counter("edge_node_store_bodies_total", "Event bodies stored.", lambda of: of.ingest.traffic.bodies),
    _counter("edge_node_store_events_total", "Events stored.", lambda of: of.ingest.traffic.events),
    _counter("edge_node_store_body_bytes_total", "Bytes of event bodies stored.", lambda of: of.ingest.traffic.bytes),
    _gauge("edge_node_store_waiting_bodies", "Bodies taken in and not yet answered.", lambda of: of.ingest.waiting),
    _counter("edge_node_store_puts_total", "Uploads of pieces acknowledged.", lambda of: of.pieces.figures.puts),
    _counter(
        "edge_node_store_duplicate_puts_total",
        "Uploads acknowledged that brought nothing new.",
        lambda of: of.pieces.figures.duplicates,
    ),
    _counter("edge_node_store_put_bytes_total", "Bytes of uploads.", lambda of: of.pieces.figures.put_bytes),
    _counter("edge_node_store_read_bytes_total", "Bytes of pieces read.", lambda of: of.pieces.figures.read_bytes),
    Family("edge_node_trust_devices", "gauge", "Enrolled devices.", ("status",), _devices),
    _gauge("edge_node_trust_audit_queued_rows", "Verdicts not yet in audit.db.", lambda of: of.audit.queued_rows),
    _counter(
        "edge_node_trust_audit_lost_rows_total",
        "Verdicts that no row tells: the queue was full or the disk refused.",
        lambda of: of.audit.lost_rows,
    ),
    Family(
        "edge_node_door_connections",
        "gauge",
        "Open connections at each door on TCP: its name, what its pair of doors is, and where it listens.",
        ("door", "mode", "address"),
        _doors,
    ),
    _gauge(
        "edge_node_http_connections",
        "Open HTTP connections, all pairs of doors together.",
        lambda of: len(of.http.connections),
    ),
    Family(
        "edge_node_http_responses_total",
        "counter",
        "Responses by status code.",
        ("code",),
        lambda moment: [((str(code),), count) for code, count in sorted(moment.sources.http.answers.items())],
    ),
    _gauge("edge_node_http_bodies_held_bytes", "Memory held by bodies under way.", lambda of: of.bodies.held),
    _gauge("edge_node_http_answers_held_bytes", "Memory held by answers not yet taken.", lambda of: of.answers.held),
    _gauge(
        "edge_node_grpc_connections",
        "Open gRPC connections, all pairs of doors together.",
        lambda of: len(of.grpc.connections),
    ),
    _gauge("edge_node_grpc_calls", "gRPC calls under way.", lambda of: of.grpc.calls),
    Family(
        "edge_node_grpc_answers_total",
        "counter",
        "Ended calls, grpc-web included, by method and status; methods that do not exist are `unlisted`.",
        ("method", "status"),
        _calls,
    ),
    _gauge("edge_node_grpc_puts_held_bytes", "Memory held by pieces on their way in.", lambda of: of.puts.held),
    _gauge("edge_node_grpc_reads_held_bytes", "Memory held by files on their way out.", lambda of: of.reads.held),
    _gauge("edge_node_activity_windows", "Minutes of readers in memory.", lambda of: of.activity.ledger.windows),
    Family("edge_node_chain_state", "gauge", "1 for the state the light client is in.", ("state",), _chain_states),
    Family(
        "edge_node_chain_finalized_height",
        "gauge",
        "The newest block that was proved to be final.",
        (),
        _chain(lambda status: None if status.finalized is None else status.finalized.number),
    ),
    Family(
        "edge_node_chain_finalized_age_seconds",
        "gauge",
        "How old that block is, by its slot's time or by when it was proved.",
        (),
        _chain(lambda status: None if status.age_ms is None else status.age_ms / 1_000),
    ),
    Family(
        "edge_node_chain_writes",
        "gauge",
        "1 while what is proved may be acted on by writing to the chain.",
        (),
        _chain(lambda status: float(status.writes)),
    ),
    Family(
        "edge_node_chain_endpoints",
        "gauge",
        "Endpoints of the chain, by what is thought of them.",
        ("verdict",),
        _chain_endpoints,
    ),
    Family(
        "edge_node_chain_refused_answers_total",
        "counter",
        "Answers of endpoints that were malformed, not proved, or of something else.",
        (),
        _chain(lambda status: status.refused),
    ),
    Family(
        "edge_node_chain_proofs_total", "counter", "Storage proofs that held.", (), _chain(lambda status: status.proofs)
    ),
    Family(
        "edge_node_chain_hand_offs",
        "gauge",
        "Sets of authorities that were followed since the first anchor on record.",
        (),
        _chain(lambda status: status.hand_offs),
    ),
    Family("edge_node_threads_busy", "gauge", "Worker threads at work, by what they do.", ("limiter",), _threads),
)


def family_of(family: Family, moment: Moment) -> Metric:
    """One family with its values."""
    make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    made = make(family.name, family.about, labels=family.labels)
    for labels, value in family.read(moment):
        made.add_metric(labels, value)
    return made
