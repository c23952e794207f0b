"""What a node answers, typed (docs/specs/http.md); integers from 2^53 on may come as decimal strings."""

import base64
from typing import Any

import msgspec

from edge_node.base.ids import PublicKey, VaultId


class Info(msgspec.Struct, frozen=True):
    """`GET /info`: who the node says it is; `time` in ms UTC by its clock of quality `clock`."""

    name: str
    version: str
    node: str
    vault: str
    time: int
    clock: int

    @property
    def node_key(self) -> PublicKey:
        """The node key, which signed requests name."""
        return PublicKey.parse(self.node)

    @property
    def vault_id(self) -> VaultId:
        """The operator's own vault."""
        return VaultId.parse(self.vault)


class RoomState(msgspec.Struct, frozen=True):
    """One room of the node and why it is in its state."""

    state: str
    reason: str = ""


class Readiness(msgspec.Struct, frozen=True):
    """`GET /readyz`: whether the node takes writes."""

    ready: bool
    rooms: dict[str, RoomState] = {}


class Receipt(msgspec.Struct, frozen=True):
    """The answer to a stored body: its events have the offsets `first_offset … first_offset + count - 1`."""

    cid: str
    stream: str
    first_offset: int
    count: int
    duplicate: bool = False


class Event(msgspec.Struct, frozen=True):
    """One event of a page. JSON stands in `event` byte for byte, anything else in `data_base64`."""

    offset: int
    cid: str
    item: int
    t: int
    q: int
    late: bool
    received: int
    clock: int
    key: str
    seq: int
    content_type: str
    event: msgspec.Raw = msgspec.Raw()  # empty: there is none, since no JSON is empty
    data_base64: str | None = None

    @property
    def content(self) -> bytes:
        """The event's bytes as its device sent them."""
        if self.data_base64 is None:
            return bytes(self.event)
        return base64.b64decode(self.data_base64, validate=True)

    def value(self) -> Any:
        """The event's JSON as a Python value; None for opaque bytes."""
        return msgspec.json.decode(self.event) if self.data_base64 is None else None


class Proof(msgspec.Struct, frozen=True):
    """One whole body of a page with the header its device signed."""

    cid: str
    first_offset: int
    count: int
    signature: str
    content_type: str
    body_base64: str


class Bearer(msgspec.Struct, frozen=True):
    """A short-lived token; its text is a secret until it `expires`, in ms UTC by the node's clock."""

    bearer: str
    expires: int

    def __repr__(self) -> str:
        return f"Bearer(bearer='…', expires={self.expires})"


class Gap(msgspec.Struct, frozen=True, rename={"first": "from", "stop": "to"}):
    """The events with offsets `first … stop - 1` are not delivered: `retention`, `slow` or `damage` says why."""

    first: int
    stop: int
    reason: str


class Page(msgspec.Struct, frozen=True):
    """A page of a stream: ask on from `next`; the stream is read to its end when `next == end`.

    `first` is the oldest offset that is kept; `gap` says what of the offsets asked for is not.
    """

    stream: str
    vault: str
    events: list[Event]
    next: int
    end: int
    proofs: list[Proof] | None = None
    first: int = 0
    gap: Gap | None = None


class Opened(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Where a subscription begins."""

    start: int


class AnchorEntry(msgspec.Struct, frozen=True):
    """One retention anchor with the certificate of its key, as documents; null where the node's copy is damaged."""

    number: int
    first: int
    anchor: msgspec.Raw
    certificate: msgspec.Raw


class AnchorList(msgspec.Struct, frozen=True):
    """Anchors of a stream (docs/specs/retention.md): ask on from `next`; all are read when `next == end`."""

    stream: str
    vault: str
    first: int
    anchors: list[AnchorEntry]
    next: int
    end: int


class StreamInfo(msgspec.Struct, frozen=True):
    """One stream of a vault; `last_received` in ms UTC."""

    stream: str
    events: int
    bodies: int
    bytes: int
    first_offset: int
    next_offset: int
    last_received: int


class StreamList(msgspec.Struct, frozen=True):
    """`GET /api/v1/streams`."""

    streams: list[StreamInfo]


class PieceReceipt(msgspec.Struct, frozen=True):
    """The answer to a stored piece; `duplicate`: this owner had it already."""

    cid: str
    size: int
    duplicate: bool


class Problem(msgspec.Struct, frozen=True):
    """The members every problem document has."""

    type: str
    title: str = ""
    status: int = 0
    detail: str = ""
    remedy: str = ""
