"""What the UI knows of its node: one store, changed by one worker, read by every screen (pure).

Nothing is thrown away when the link is lost: the last picture stays with its age. Time is an argument, in seconds of a
monotonic clock, except where `_ms` says that it is the node's own.
"""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from tui.alerts import Alert, alerts_of
from tui.chain_alerts import alerts_of_chain
from tui.lines import Tone
from tui.listing import Listing
from tui.models import (
    Bucket,
    BucketName,
    Device,
    Event,
    LogLine,
    Node,
    Piece,
    Pieces,
    Progress,
    Refusal,
    RefusalReason,
    Setting,
    Stream,
)
from tui.models_chain import Chain, Endpoint
from tui.rows import (
    bucket_values,
    device_values,
    endpoint_values,
    event_values,
    log_values,
    name_values,
    piece_values,
    reason_values,
    refusal_values,
    setting_values,
    stream_values,
)
from tui.words import size_of

HISTORY = 120  # two minutes of the node's beat, one a second: as many columns as a wide card has
LOG_LINES_MAX = 5_000  # what the node itself keeps
REFUSALS_MAX = 500
EVENTS_MAX = 1_000  # of the one stream that is looked at
SPOKEN = "v1"
VERIFY = "piece.verify"


class Topic(enum.StrEnum):
    """Parts of the picture that change on their own; named as the frames of `GET /v1/events` where there is one."""

    LINK = "link"
    NODE = "node"
    STREAMS = "streams"
    DEVICES = "devices"
    PIECES = "pieces"
    BUCKETS = "buckets"
    NAMES = "names"
    LOGS = "logs"
    REFUSALS = "refusals"
    SETTINGS = "settings"
    EVENTS = "events"
    DETAIL = "detail"
    COMMANDS = "commands"
    CHAIN = "chain"
    PROGRESS = "progress"


class Phase(enum.StrEnum):
    """How it stands with the link."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Link:
    """The link to the node: since when it is in its phase, why, and when the next attempt comes."""

    phase: Phase = Phase.CONNECTING
    since_s: float = 0.0
    reason: str = ""
    remedy: str = ""
    retry_at_s: float | None = None
    attempts: int = 0

    def retry_in_s(self, now_s: float) -> int | None:
        """Whole seconds until the next attempt, 0 while it is under way; None where none is due."""
        return None if self.retry_at_s is None else max(0, round(self.retry_at_s - now_s))


class NodeState:
    """The picture of one node."""

    def __init__(self) -> None:
        self.link = Link()
        self.via = ""  # how the node is reached, in words: "uds", "ssh box"
        self.node: Node | None = None
        self.seen_at_s = 0.0  # when the node last said anything
        self.streams: Listing[Stream] = Listing(lambda row: row.stream, stream_values)
        self.devices: Listing[Device] = Listing(lambda row: (row.name, row.key), device_values)
        self.pieces: Listing[Piece] = Listing(lambda row: row.cid, piece_values)
        self.buckets: Listing[Bucket] = Listing(lambda row: (f"{row.bucket:020}", row.owner), bucket_values)
        self.names: Listing[BucketName] = Listing(lambda row: row.name, name_values)
        self.names_of: int | None = None  # the bucket that `names` belong to
        self.settings: Listing[Setting] = Listing(lambda row: row.name, setting_values)
        self.logs: Listing[LogLine] = Listing(lambda row: row.n, log_values, LOG_LINES_MAX)
        self.refusals: Listing[Refusal] = Listing(lambda row: row.n, refusal_values, REFUSALS_MAX)
        self.events: Listing[Event] = Listing(lambda row: row.offset, event_values, EVENTS_MAX)
        self.events_of = ""  # the stream that `events` belong to
        self.events_end = 0
        self.chain: Chain | None = None
        self.endpoints: Listing[Endpoint] = Listing(lambda row: (row.group, row.url), endpoint_values)
        self.reasons: list[RefusalReason] = []  # the most frequent first
        self.reason_rows: Listing[RefusalReason] = Listing(lambda row: row.slug, reason_values)
        self.refused_total = 0
        self.detail_of = ""
        self.detail: dict[str, Any] = {}  # GET /v1/pieces/{cid} of the piece that is looked at
        self.verdicts: dict[str, list[tuple[str, Tone, str]]] = {}  # by CID: who checked it, and what came out
        self.alerts: list[tuple[Alert, int]] = []  # with the node's time at which each was seen first
        self.rates: deque[float] = deque(maxlen=HISTORY)
        self.commits: deque[float] = deque(maxlen=HISTORY)
        self.loading: dict[Topic, int] = {}  # lists that are still being read, with the rows so far
        self._watchers: list[Callable[[Topic], None]] = []

    def watch(self, watcher: Callable[[Topic], None]) -> None:
        """Have every change of a topic told, at once and in the same call: a watcher only takes note."""
        self._watchers.append(watcher)

    def tell(self, topic: Topic) -> None:
        """Say that a topic changed."""
        for watcher in self._watchers:
            watcher(topic)

    @property
    def stale(self) -> bool:
        """Whether what is shown is no longer what is."""
        return self.link.phase is not Phase.LIVE

    @property
    def read_only(self) -> bool:
        """Whether this socket takes no orders; also while nobody knows."""
        return self.node is None or self.node.access != "rw"

    def age_s(self, now_s: float) -> float:
        """How old the picture is."""
        return max(0.0, now_s - self.seen_at_s) if self.node is not None else 0.0

    def node_now_ms(self, now_s: float) -> int:
        """What the node's clock shows now: its last word and the time since, so that ages grow without it."""
        return 0 if self.node is None else self.node.now_ms + int(1_000 * self.age_s(now_s))

    def set_link(self, link: Link) -> None:
        """The link changed."""
        self.link = link
        self.tell(Topic.LINK)

    def heard(self, now_s: float) -> None:
        """The node said something."""
        self.seen_at_s = now_s

    def set_node(self, node: Node, now_s: float) -> None:
        """A new `/v1/node` document; a restart of the node empties what counted from its start."""
        if self.node is not None and node.boot != self.node.boot:
            self.forget_boot()
        self.node = node
        self.seen_at_s = now_s
        self.rates.append(node.events.events_per_s)
        self.commits.append(node.journal.commit.p99_ms or 0.0)
        self.refused_total = node.refusals.total
        self._look_for_alerts(node)
        self.tell(Topic.NODE)

    def _look_for_alerts(self, node: Node) -> None:
        """Those of the chain stand before those of equal gravity: what it says decides what else may be believed."""
        since = {alert.name: since_ms for alert, since_ms in self.alerts}
        chain = self.chain or Chain()
        if chain.since_ms:  # the node knows since when it is so; of all else only when it was seen first is known
            since[f"chain.{chain.state}"] = chain.since_ms
        of_chain = alerts_of_chain(chain)
        told = {"room.chain_light"} if of_chain else set[str]()  # the chain's own words say more than its room's
        found = [*of_chain, *(alert for alert in alerts_of(node, node.now_ms) if alert.name not in told)]
        found.sort(key=lambda alert: alert.tone is not Tone.BAD)
        self.alerts = [(alert, since.get(alert.name, node.now_ms)) for alert in found]

    def set_chain(self, chain: Chain) -> None:
        """A new `/v1/chain` document."""
        self.chain = chain
        self.endpoints.replace(_placed(chain))
        if self.node is not None:
            self._look_for_alerts(self.node)
        self.tell(Topic.CHAIN)

    def forget_boot(self) -> None:
        """The node began anew: its log and refusals are numbered from 1 again."""
        for listing in (self.logs, self.refusals, self.events):
            listing.replace(())
        self._take_reasons([])
        self.events_of = ""

    def set_events(self, stream: str, events: list[Event], end: int) -> None:
        """A page of one stream; of another stream than before it replaces what was there."""
        if stream != self.events_of:
            self.events.replace(())
            self.events_of = stream
        self.events.put(events)
        self.events_end = end
        self.tell(Topic.EVENTS)

    def set_names(self, bucket: int, names: list[BucketName]) -> None:
        """All names of one bucket."""
        self.names_of = bucket
        self.names.replace(names)
        self.tell(Topic.NAMES)

    def set_reasons(self, reasons: list[RefusalReason], total: int) -> None:
        """Refusals by reason."""
        self._take_reasons(reasons)
        self.refused_total = total
        self.tell(Topic.REFUSALS)

    def note_damage(self, cid: str, *, damaged: bool) -> None:
        """The node found out how a piece is: its row says so before the list is read again."""
        row = self.pieces.row(cid)
        if row is not None and row.damaged != damaged:
            self.pieces.put([msgspec.structs.replace(row, damaged=damaged)])
            self.tell(Topic.PIECES)

    def set_detail(self, subject: str, detail: dict[str, Any]) -> None:
        """What is known of the piece that is looked at."""
        self.detail_of, self.detail = subject, detail
        self.tell(Topic.DETAIL)

    def apply(self, topic: str, data: Any, now_s: float) -> None:
        """A frame of `GET /v1/events`; an unknown topic is no error, an unknown shape is (ValidationError)."""
        self.heard(now_s)
        match topic:
            case Topic.NODE:
                self.set_node(msgspec.convert(data, Node, strict=False), now_s)
                return
            case Topic.STREAMS:
                self.streams.put(_rows(data, "streams", Stream))
            case Topic.DEVICES:
                self.devices.put(_rows(data, "devices", Device))
            case Topic.LOGS:
                self.logs.put(_rows(data, "lines", LogLine))
            case Topic.REFUSALS:
                self._count(_rows(data, "refusals", Refusal), msgspec.convert(data.get("total", 0), int))
            case Topic.PIECES if self.node is not None:
                self.node = msgspec.structs.replace(self.node, pieces=msgspec.convert(data, Pieces, strict=False))
            case Topic.CHAIN:
                self.set_chain(msgspec.convert(data, Chain, strict=False))
                return
            case Topic.PROGRESS:
                self._advance(data)
                return
            case _:
                return
        self.tell(Topic(topic))

    def _advance(self, data: Any) -> None:
        """How far the node is with reading a piece that this program had it verify."""
        far = msgspec.convert(data, Progress, strict=False)
        verdicts = self.verdicts.get(far.subject)
        if far.command == VERIFY and verdicts and verdicts[1][1] is Tone.IDLE:
            verdicts[1] = (verdicts[1][0], Tone.IDLE, f"{size_of(far.done)} of {size_of(far.bytes)}")
            self.tell(Topic.DETAIL)

    def _count(self, refusals: list[Refusal], total: int) -> None:
        """New refusals, which a frame does not bring by reason: counted here, until they are asked for again."""
        self.refused_total = max(self.refused_total, total)
        self.refusals.put(refusals)
        by_slug = {reason.slug: reason for reason in self.reasons}
        for refusal in refusals:
            before = by_slug.get(refusal.slug, RefusalReason(slug=refusal.slug, title=refusal.title))
            by_slug[refusal.slug] = msgspec.structs.replace(
                before, count=before.count + 1, last_ms=refusal.t_ms, remedy=refusal.remedy or before.remedy
            )
        self._take_reasons(list(by_slug.values()))

    def _take_reasons(self, reasons: list[RefusalReason]) -> None:
        self.reasons = sorted(reasons, key=lambda reason: -reason.count)
        self.reason_rows.replace(reasons)


def _placed(chain: Chain) -> list[Endpoint]:
    """The endpoints, each with how far it is behind the highest claim of them all.

    Not behind what is proved: claims were asked for some seconds ago, and the proof may have come since.
    """
    highest = max((one.finalized for one in chain.endpoints if one.finalized is not None), default=0)
    return [
        one if one.finalized is None else msgspec.structs.replace(one, behind=highest - one.finalized)
        for one in chain.endpoints
    ]


Kind = TypeVar("Kind")


def _rows(data: Any, name: str, kind: type[Kind]) -> list[Kind]:
    rows = data.get(name) if isinstance(data, dict) else None
    return [msgspec.convert(row, kind, strict=False) for row in msgspec.convert(rows, list[Any])]
