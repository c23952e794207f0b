"""The Settings tree: one frozen section per room, each field with its meaning, unit and reload class."""

import enum
from typing import Annotated, Literal

import msgspec

from edge_node.base.limits import EVENT_BODY_MAX_BYTES, KIB, MIB, PIECE_MAX_BYTES

# Written as browsers send it: lower case, nothing after the host and a port other than the scheme's own.
ORIGIN = r"^[a-z][a-z0-9+.-]*://([a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$"


class Reload(enum.StrEnum):
    """When a changed field takes effect: in the running node, or at its next start."""

    LIVE = "live"
    RESTART = "restart"


def about(text: str, reload: Reload = Reload.RESTART, *, secret: bool = False) -> msgspec.Meta:
    """Describe a field: the manual's text, whether it reloads, whether its value is ever shown."""
    return msgspec.Meta(description=text, extra={"reload": reload, "secret": secret})


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room's own part of the tree."""


class NodeSettings(Section, frozen=True):
    """Who this node is and where it keeps its data."""

    name: Annotated[
        str, about("A name for people; shown in the TUI and in /info."), msgspec.Meta(min_length=1, max_length=63)
    ] = "edge-node"
    data_dir: Annotated[
        str, about("Directory of segments, databases and keys; an absolute path."), msgspec.Meta(pattern="^/")
    ] = "/var/lib/edge-node"
    key_file: Annotated[
        str,
        about("File with the node key's seed, mode 0600; empty: keys/node.key in the data directory.", secret=True),
    ] = ""
    key_credential: Annotated[
        str, about("Name of a systemd credential that holds the node key; wins over key_file.", secret=True)
    ] = ""


class ClockSettings(Section, frozen=True):
    """How far this machine's wall clock is believed."""

    quality: Annotated[
        Literal["auto", "unsynced", "manual", "network", "precise"],
        about("`auto` asks the kernel; anything else is the operator's word.", Reload.LIVE),
    ] = "auto"
    ahead_max_s: Annotated[
        int, about("Events further ahead of a trusted clock are refused, seconds.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 600


class LogSettings(Section, frozen=True):
    """What the node writes to standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"], about("Lowest level shown.", Reload.LIVE)] = "info"
    form: Annotated[Literal["auto", "json", "console"], about("`auto`: console on a terminal, else JSON.")] = "auto"


class HttpSettings(Section, frozen=True):
    """The HTTP and HTTPS doors and their limits."""

    listen: Annotated[str, about("Plain HTTP address; port 0 binds a free port; empty: no plain door.")] = (
        "127.0.0.1:8091"
    )
    listen_tls: Annotated[str, about("HTTPS address; empty: no TLS door.")] = "0.0.0.0:8443"
    plain: Annotated[
        Literal["loopback", "lan"], about("`lan` allows `listen` to bind an address outside this machine.")
    ] = "loopback"
    certificate_file: Annotated[
        str, about("PEM chain; empty: a self-signed P-256 certificate is made.", Reload.LIVE)
    ] = ""
    certificate_key_file: Annotated[str, about("PEM key of certificate_file.", Reload.LIVE, secret=True)] = ""
    hosts: Annotated[
        tuple[str, ...],
        about("Host names answered besides loopback names and literal addresses; `*` answers all.", Reload.LIVE),
    ] = ()
    origins: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=ORIGIN)], ...],
        about(
            "Web origins (https://app.example) whose pages may change things here or open live connections, "
            "besides the node's own.",
            Reload.LIVE,
        ),
    ] = ()
    connections_max: Annotated[int, about("Open connections in all.", Reload.LIVE), msgspec.Meta(ge=1)] = 2_048
    connections_per_address_max: Annotated[
        int, about("Open connections from one address.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 256
    header_bytes_max: Annotated[
        int, about("Request line and headers together, bytes.", Reload.LIVE), msgspec.Meta(ge=1024)
    ] = 32 * KIB
    header_timeout_s: Annotated[
        float, about("From a request's first byte to the end of its headers.", Reload.LIVE), msgspec.Meta(gt=0)
    ] = 10.0
    idle_timeout_s: Annotated[
        float, about("A kept-alive connection without a request.", Reload.LIVE), msgspec.Meta(gt=0)
    ] = 75.0
    body_timeout_s: Annotated[
        float, about("The longest wait for the next bytes of a body.", Reload.LIVE), msgspec.Meta(gt=0)
    ] = 20.0
    write_timeout_s: Annotated[
        float, about("The longest wait for a reader to take bytes.", Reload.LIVE), msgspec.Meta(gt=0)
    ] = 30.0
    bodies_bytes_max: Annotated[
        int, about("Bytes that request bodies under way may hold together.", Reload.LIVE), msgspec.Meta(ge=MIB)
    ] = 256 * MIB
    answers_bytes_max: Annotated[
        int,
        about(
            "Bytes that answers may hold together until their readers took them; one key at most what it leaves.",
            Reload.LIVE,
        ),
        msgspec.Meta(ge=MIB),
    ] = 64 * MIB
    metrics: Annotated[
        bool, about("Serve /metrics without a key to programs of this machine; it is on the view socket anyway.")
    ] = False
    drain_s: Annotated[float, about("How long running requests may finish at shutdown."), msgspec.Meta(ge=0)] = 10.0


class JournalSettings(Section, frozen=True):
    """The durable log."""

    segment_bytes: Annotated[
        int, about("Size at which a segment is sealed; smaller on small disks."), msgspec.Meta(ge=MIB)
    ] = 256 * MIB
    preallocate_bytes: Annotated[int, about("Step by which the open segment is extended."), msgspec.Meta(ge=0)] = (
        16 * MIB
    )
    reserve_bytes: Annotated[
        int, about("Ballast released so that deletes work on a full disk, bytes."), msgspec.Meta(ge=0)
    ] = 32 * MIB
    free_min_bytes: Annotated[
        int,
        about("Writes are refused below this much free space (at most an eighth of the disk).", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 256 * MIB
    queue_records_max: Annotated[int, about("Records that may wait for the write stage."), msgspec.Meta(ge=64)] = 8_192
    queue_bytes_max: Annotated[int, about("Bytes that may wait for the write stage."), msgspec.Meta(ge=MIB)] = 64 * MIB
    gather_ms: Annotated[
        float, about("Idle wait for company before a round, milliseconds.", Reload.LIVE), msgspec.Meta(ge=0, le=2)
    ] = 0.0


class IngestSettings(Section, frozen=True):
    """What one body, stream or device may ask of the event store."""

    body_bytes_max: Annotated[
        int, about("Largest event body, bytes.", Reload.LIVE), msgspec.Meta(ge=1, le=EVENT_BODY_MAX_BYTES)
    ] = EVENT_BODY_MAX_BYTES
    events_per_body_max: Annotated[int, about("Most events in one body.", Reload.LIVE), msgspec.Meta(ge=1)] = 10_000
    late_max_s: Annotated[
        int, about("How old an event may be on arrival, seconds (30 days).", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 2_592_000
    queue_bodies_max: Annotated[int, about("Bodies waiting for verification.", Reload.LIVE), msgspec.Meta(ge=1)] = 1_024
    queue_bytes_max: Annotated[int, about("Bytes waiting for verification.", Reload.LIVE), msgspec.Meta(ge=MIB)] = (
        32 * MIB
    )
    device_bodies_per_s: Annotated[
        float, about("Signed bodies a second from one key; 0: unlimited.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0.0
    page_events_max: Annotated[int, about("Most events in one page of a stream.", Reload.LIVE), msgspec.Meta(ge=1)] = (
        1_000
    )
    page_bytes_max: Annotated[int, about("Most bytes of bodies in one page.", Reload.LIVE), msgspec.Meta(ge=1)] = (
        4 * MIB
    )


class SubscriptionSettings(Section, frozen=True):
    """Subscriptions to streams."""

    open_max: Annotated[int, about("Subscriptions in all.", Reload.LIVE), msgspec.Meta(ge=1)] = 2_048
    per_key_max: Annotated[int, about("Subscriptions of one key.", Reload.LIVE), msgspec.Meta(ge=1)] = 256
    tail_bytes_max: Annotated[
        int,
        about("Newest events kept in memory for those who listen, all streams together, bytes.", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 64 * MIB
    lag_events_max: Annotated[
        int, about("Events a subscriber may fall behind before its policy counts.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 10_000


class RetentionSettings(Section, frozen=True):
    """How long events are kept (docs/specs/retention.md); by default for ever."""

    age_s: Annotated[
        int, about("Events older than this may be removed, seconds; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    bytes_max: Annotated[
        int,
        about("The oldest events of a stream beyond this many bytes may be removed; 0: no limit.", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 0
    events_min: Annotated[
        int, about("Newest events of a stream that stay whatever their age and size.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    rules: Annotated[
        tuple[str, ...],
        about(
            "Streams with limits of their own, each as `prefix age=30d bytes=10GiB keep=1000`; the longest prefix wins"
            " and replaces the three values above; a prefix alone: for ever.",
            Reload.LIVE,
        ),
    ] = ()
    interval_s: Annotated[
        float, about("Time between two rounds over all streams, seconds.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 60.0


class StoreSettings(Section, frozen=True):
    """What owners may keep."""

    piece_bytes_max: Annotated[
        int, about("Largest piece, bytes.", Reload.LIVE), msgspec.Meta(ge=1, le=PIECE_MAX_BYTES)
    ] = PIECE_MAX_BYTES
    owner_bytes_max: Annotated[
        int, about("Bytes one owner may keep; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    key_bytes_per_day_max: Annotated[
        int, about("Bytes one key may add in 24 hours; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0


class TrustSettings(Section, frozen=True):
    """Verdicts and their record."""

    audit_rows_max: Annotated[
        int,
        about("Newest verdicts kept in audit.db; refusals of keys that were only claimed: a tenth."),
        msgspec.Meta(ge=1_000),
    ] = 1_000_000
    request_window_s: Annotated[
        int,
        # Not live: a longer window would let in again what was forgotten under the shorter one.
        about("Age and lead allowed to a signed request, seconds."),
        msgspec.Meta(ge=1, le=3_600),
    ] = 300
    bearer_max_s: Annotated[
        int, about("How long a bearer may live, seconds.", Reload.LIVE), msgspec.Meta(ge=1, le=900)
    ] = 900


class ControlSettings(Section, frozen=True):
    """The operator's private door: two Unix sockets (docs/specs/control.md)."""

    socket: Annotated[
        str,
        about("Socket for operators; empty: run/control/control.sock in the data directory; none: no such socket."),
        msgspec.Meta(pattern="^(none|/.*)?$"),
    ] = ""
    view_socket: Annotated[
        str,
        about("Socket that only shows; empty: run/view/view.sock in the data directory; none: no such socket."),
        msgspec.Meta(pattern="^(none|/.*)?$"),
    ] = ""
    group: Annotated[str, about("The socket belongs to this group if there is one of that name.")] = "edge-operators"
    view_group: Annotated[str, about("The same for the socket that only shows.")] = "edge-viewers"


class GrpcSettings(Section, frozen=True):
    """The gRPC door of the DDC node and its limits."""

    listen: Annotated[
        str, about("Address of the gRPC door (HTTP/2 without TLS); port 0 binds a free port; empty: no such door.")
    ] = "127.0.0.1:9091"
    plain: Annotated[
        Literal["loopback", "lan"], about("`lan` allows `listen` to bind an address outside this machine.")
    ] = "loopback"
    connections_max: Annotated[int, about("Open connections in all.", Reload.LIVE), msgspec.Meta(ge=1)] = 512
    connections_per_address_max: Annotated[
        int, about("Open connections from one address.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 64
    streams_max: Annotated[
        int, about("Calls under way on one connection; further ones wait at the client."), msgspec.Meta(ge=1, le=1_024)
    ] = 128
    header_bytes_max: Annotated[int, about("Metadata of one call, bytes."), msgspec.Meta(ge=4 * KIB, le=MIB)] = 64 * KIB
    idle_timeout_s: Annotated[
        float, about("A connection without a call is told to go after this.", Reload.LIVE), msgspec.Meta(gt=0)
    ] = 300.0
    puts_bytes_max: Annotated[
        int,
        about(
            "Bytes that raw pieces on their way in may hold together; one account at most what it leaves.", Reload.LIVE
        ),
        msgspec.Meta(ge=MIB),
    ] = 96 * MIB
    reads_bytes_max: Annotated[
        int,
        about("Bytes that files on their way out may hold together; one account at most what it leaves.", Reload.LIVE),
        msgspec.Meta(ge=MIB),
    ] = 96 * MIB
    stream_idle_timeout_s: Annotated[
        float,
        about("A call that neither sends nor takes anything for this long ends.", Reload.LIVE),
        msgspec.Meta(gt=0),
    ] = 60.0


class DdcSettings(Section, frozen=True):
    """What this node is to a DDC cluster while no chain says otherwise."""

    mode: Annotated[
        Literal["full", "storage", "cache"], about("What the first pair of doors is; a cache takes no writes.")
    ] = "full"
    doors: Annotated[
        tuple[str, ...],
        about("Further pairs of doors over the same store, each as `storage grpc=127.0.0.1:9092 http=127.0.0.1:8092`."),
    ] = ()
    buckets: Annotated[
        tuple[str, ...],
        about(
            "Buckets served without asking a chain, each as `7 owner=<SS58 address or 64 hex digits> public`; "
            "`owner=node` is this node's own vault; without `public` it is private.",
            Reload.LIVE,
        ),
    ] = ()
    unacked_bytes_max: Annotated[
        int, about("Bytes sent to a reader that it has not acknowledged.", Reload.LIVE), msgspec.Meta(ge=MIB)
    ] = 32 * MIB
    ack_wait_s: Annotated[
        float,
        about("How long a reader may stay behind with acknowledging before its read ends.", Reload.LIVE),
        msgspec.Meta(gt=0),
    ] = 5.0


class Settings(Section, frozen=True):
    """The whole snapshot; a room receives only its own section."""

    node: NodeSettings = NodeSettings()
    clock: ClockSettings = ClockSettings()
    log: LogSettings = LogSettings()
    http: HttpSettings = HttpSettings()
    grpc: GrpcSettings = GrpcSettings()
    ddc: DdcSettings = DdcSettings()
    journal: JournalSettings = JournalSettings()
    ingest: IngestSettings = IngestSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()
    retention: RetentionSettings = RetentionSettings()
    store: StoreSettings = StoreSettings()
    trust: TrustSettings = TrustSettings()
    control: ControlSettings = ControlSettings()
