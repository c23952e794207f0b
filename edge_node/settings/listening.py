"""The sections of what listens: HTTP, gRPC, the DDC node behind both, and the operator's sockets."""

from typing import Annotated, Literal

import msgspec

from edge_node.base.limits import KIB, MIB
from edge_node.settings.section import Reload, Section, about

# Written as browsers send it: lower case, nothing after the host and a port other than the scheme's own.
ORIGIN = r"^[a-z][a-z0-9+.-]*://([a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$"


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
    connections_max: Annotated[
        int,
        about("Open connections of one pair of doors (ddc.doors); HTTP and HTTPS count together.", Reload.LIVE),
        msgspec.Meta(ge=1),
    ] = 2_048
    connections_per_address_max: Annotated[
        int, about("Open connections from one address to one pair of doors.", Reload.LIVE), msgspec.Meta(ge=1)
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


class GrpcSettings(Section, frozen=True):
    """The gRPC door of the DDC node and its limits."""

    listen: Annotated[
        str, about("Address of the gRPC door (HTTP/2 without TLS); port 0 binds a free port; empty: no such door.")
    ] = "127.0.0.1:9091"
    plain: Annotated[
        Literal["loopback", "lan"], about("`lan` allows `listen` to bind an address outside this machine.")
    ] = "loopback"
    connections_max: Annotated[
        int, about("Open connections of all pairs of doors together.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 512
    connections_per_address_max: Annotated[
        int, about("Open connections from one address, to whichever of them.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 64
    streams_max: Annotated[
        int, about("Calls under way on one connection; further ones wait at the client."), msgspec.Meta(ge=1, le=1_024)
    ] = 128
    header_bytes_max: Annotated[int, about("Metadata of one call, bytes."), msgspec.Meta(ge=4 * KIB, le=MIB)] = 16 * KIB
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
