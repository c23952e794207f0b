"""What the operator's door answers, as far as the screens show it (docs/specs/control.md, pure).

Every field has a default and unknown ones are ignored: a newer node is shown as far as it is understood. Times are ms
UTC by the node's clock; rates are a second over the last 5 s; texts are as the network gave them, `tui.visible` shows
them.
"""

from typing import Annotated, Any

import msgspec

# A number beyond 64 bits is no count, size or time of a node's; arithmetic with a float would end the program.
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Doc(msgspec.Struct, frozen=True, gc=False):
    """A document or row of the door."""


class Clock(Doc, frozen=True):
    """The node's wall clock and how far it is believed."""

    now_ms: Whole = 0
    quality_name: str = ""
    trusted: bool = False


class Health(Doc, frozen=True):
    """The roll-up; `state` is healthy, degraded, unready or stopping."""

    state: str = ""
    reasons: list[str] = []


class Room(Doc, frozen=True):
    """One room; `beat_age_s` is None where no heartbeat was promised."""

    name: str = ""
    state: str = ""
    reason: str = ""
    required: bool = False
    beat_age_s: float | None = None
    beat_max_s: float | None = None


class Listener(Doc, frozen=True):
    """A door of the node; `kind` is tcp, tls or unix, `mode` what its pair of doors is."""

    name: str = ""
    kind: str = ""
    url: str = ""
    address: str = ""
    connections: Whole = 0
    connections_max: Whole | None = None
    mode: str | None = None
    fingerprint: str | None = None
    expires_ms: Whole | None = None


class Segments(Doc, frozen=True):
    """The files of one segment class."""

    class_: str = msgspec.field(default="", name="class")
    files: Whole = 0
    bytes: Whole = 0


class Commit(Doc, frozen=True):
    """Write rounds over the last `window_s`; None where there were none."""

    window_s: float = 0
    rounds: Whole = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    group_mean: float | None = None


class Journal(Doc, frozen=True):
    """The durable log; `state` is writable, low, read-only or broken."""

    state: str = ""
    reason: str = ""
    records: Whole = 0
    payload_bytes: Whole = 0
    queued_records: Whole = 0
    queued_records_max: Whole = 0
    free_bytes: Whole = 0
    free_min_bytes: Whole = 0
    segments: list[Segments] = []
    commit: Commit = Commit()
    damages: Whole = 0


class Events(Doc, frozen=True):
    """All streams together."""

    streams: Whole = 0
    bodies: Whole = 0
    events: Whole = 0
    bytes: Whole = 0
    waiting: Whole = 0
    queue_max: Whole = 0
    events_per_s: float = 0.0
    bytes_per_s: float = 0.0


class Pieces(Doc, frozen=True):
    """All pieces together."""

    pieces: Whole = 0
    bytes: Whole = 0


class Devices(Doc, frozen=True):
    """All devices together."""

    active: Whole = 0
    suspended: Whole = 0
    revoked: Whole = 0
    seen_today: Whole = 0


class RefusalCount(Doc, frozen=True):
    """All refusals since the start."""

    total: Whole = 0
    per_s: float = 0.0


class Audit(Doc, frozen=True):
    """The audit log's backlog and what it lost."""

    queued_rows: Whole = 0
    lost_rows: Whole = 0


class Process(Doc, frozen=True):
    """The node's process; `cpu_share` 1.0 is one core."""

    rss_bytes: Whole = 0
    cpu_share: float = 0.0
    threads: Whole = 0
    open_files: Whole = 0
    open_files_max: Whole = 0


class Loop(Doc, frozen=True):
    """How late the event loop runs."""

    lateness_ms: float = 0.0


class Disk(Doc, frozen=True):
    """The file system under the data directory."""

    path: str = ""
    total_bytes: Whole = 0
    free_bytes: Whole = 0


class SettingsNote(Doc, frozen=True):
    """The settings file and how many values wait for a restart."""

    file: str = ""
    applied_ms: Whole = 0
    pending: Whole = 0


class LogNote(Doc, frozen=True):
    """The lowest level written."""

    level: str = ""


class Node(Doc, frozen=True):
    """`GET /v1/node`."""

    api: str = ""
    access: str = ""
    boot: str = ""
    now_ms: Whole = 0
    started_ms: Whole = 0
    uptime_s: float = 0
    name: str = ""
    version: str = ""
    node: str = ""
    vault: str = ""
    pid: Whole = 0
    data_dir: str = ""
    clock: Clock = Clock()
    ready: bool = False
    health: Health = Health()
    rooms: list[Room] = []
    doors: list[Listener] = []
    journal: Journal = Journal()
    events: Events = Events()
    pieces: Pieces = Pieces()
    devices: Devices = Devices()
    refusals: RefusalCount = RefusalCount()
    audit: Audit = Audit()
    subscribers: Any = None
    process: Process = Process()
    loop: Loop = Loop()
    disk: Disk = Disk()
    settings: SettingsNote = SettingsNote()
    log: LogNote = LogNote()


class LastRefusal(Doc, frozen=True):
    """The newest refusal of a stream or a key."""

    slug: str = ""
    t_ms: Whole = 0
    detail: str = ""


class Stream(Doc, frozen=True):
    """A row of `GET /v1/streams`; `refused` is None where the node no longer counts."""

    stream: str = ""
    events: Whole = 0
    bodies: Whole = 0
    bytes: Whole = 0
    first_offset: Whole = 0
    next_offset: Whole = 0
    last_received_ms: Whole = 0
    bodies_per_s: float = 0.0
    events_per_s: float = 0.0
    bytes_per_s: float = 0.0
    refused: Whole | None = None
    last_refusal: LastRefusal | None = None
    subscribers: Whole | None = None
    retention: Any = None


class Device(Doc, frozen=True):
    """A row of `GET /v1/devices`; `status` is active, suspended or revoked."""

    key: str = ""
    name: str = ""
    roles: list[str] = []
    vault: str = ""
    streams: list[str] = []
    status: str = ""
    enrolled_ms: Whole = 0
    changed_ms: Whole = 0
    note: str = ""
    late_max_s: Whole | None = None
    bytes_per_day_max: Whole | None = None
    last_seen_ms: Whole | None = None
    last_stream: str | None = None
    last_seq: int | str | None = None
    bytes_today: Whole = 0
    events_per_s: float = 0.0
    refused: Whole = 0
    last_refusal: LastRefusal | None = None


class Reference(Doc, frozen=True):
    """Who holds a piece: a vault through one of its buckets, or by itself (`bucket` None)."""

    vault: str = ""
    bucket: Whole | None = None


class Piece(Doc, frozen=True):
    """A row of `GET /v1/pieces`; `kind` is raw, multipart or dag, `references` the first of `owners`."""

    cid: str = ""
    kind: str = ""
    bytes: Whole = 0
    owners: Whole = 0
    extents: Whole = 0
    segment: Whole = 0
    damaged: bool = False
    references: list[Reference] = []


class Bucket(Doc, frozen=True):
    """A row of `GET /v1/buckets`; `authority` is None where nobody vouches for it any more."""

    bucket: Whole = 0
    owner: str = ""
    address: str = ""
    public: bool | None = None
    authority: str | None = None
    pieces: Whole = 0
    bytes: Whole = 0
    names: Whole = 0
    stores: Whole = 0
    stored_bytes: Whole = 0
    reads: Whole = 0
    sent_bytes: Whole = 0
    acked_bytes: Whole = 0


class BucketName(Doc, frozen=True):
    """A row of `GET /v1/names`; `ttl_s` is None where the record says none."""

    name: str = ""
    cid: str = ""
    ttl_s: Whole | None = None
    signer: str = ""
    bytes: Whole = 0


class Place(Doc, frozen=True):
    """Where a record or an extent lies."""

    segment: Whole = 0
    offset: Whole = 0
    bytes: Whole = 0


class Owner(Doc, frozen=True):
    """A vault that refers to a piece, through a bucket or by itself."""

    vault: str = ""
    bucket: Whole | None = None
    since_ms: Whole = 0


class Progress(Doc, frozen=True):
    """How far a command under way is: a frame of `GET /v1/events`."""

    command: str = ""
    subject: str = ""
    done: Whole = 0
    bytes: Whole = 0


class Part(Doc, frozen=True):
    """A part of a multipart."""

    cid: str = ""
    bytes: Whole = 0


class PieceDetail(Doc, frozen=True):
    """`GET /v1/pieces/{cid}`."""

    kind: str = ""
    owners: list[Owner] = []
    record: Place | None = None
    extents: list[Place] = []
    parts: list[Part] = []
    parts_count: Whole = 0
    body: dict[str, Any] | None = None


class Setting(Doc, frozen=True):
    """A row of `GET /v1/settings`, values in TOML's spelling; `pending` waits for a restart."""

    name: str = ""
    value: str = ""
    default: str = ""
    source: str = ""
    origin: str = ""
    reload: str = ""
    about: str = ""
    secret: bool = False
    pending: str | None = None


class LogLine(Doc, frozen=True):
    """A line of `GET /v1/logs`."""

    n: Whole = 0
    t_ms: Whole = 0
    level: str = ""
    room: str = ""
    name: str = ""
    fields: dict[str, Any] = {}


class RefusalReason(Doc, frozen=True):
    """All refusals for one reason since the node's start."""

    slug: str = ""
    title: str = ""
    count: Whole = 0
    last_ms: Whole = 0
    remedy: str = ""


class Refusal(Doc, frozen=True):
    """One refusal; `key` is claimed, not proved, and shortened."""

    n: Whole = 0
    t_ms: Whole = 0
    slug: str = ""
    status: Whole = 0
    title: str = ""
    detail: str = ""
    remedy: str = ""
    key: str = ""
    peer: str = ""
    door: str = ""


class Event(Doc, frozen=True):
    """An event of a page; the view socket leaves `event` and `data_base64` out."""

    offset: Whole = 0
    cid: str = ""
    item: Whole = 0
    t: Whole = 0
    q: Whole = 0
    late: bool = False
    received: Whole = 0
    key: str = ""
    seq: int | str = 0
    content_type: str = ""
    event: Any = None
    data_base64: str | None = None
