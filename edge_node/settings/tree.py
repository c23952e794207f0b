"""The Settings tree: one frozen section per room, each field with its meaning, unit and reload class."""

from typing import Annotated, Literal

import msgspec

from edge_node.settings.following import ChainSettings
from edge_node.settings.keeping import (
    IngestSettings,
    JournalSettings,
    RetentionSettings,
    StoreSettings,
    SubscriptionSettings,
)
from edge_node.settings.listening import ControlSettings, DdcSettings, GrpcSettings, HttpSettings
from edge_node.settings.section import Reload, Section, about

__all__ = [
    "ChainSettings",
    "ClockSettings",
    "ControlSettings",
    "DdcSettings",
    "GrpcSettings",
    "HttpSettings",
    "IngestSettings",
    "JournalSettings",
    "LogSettings",
    "NodeSettings",
    "Reload",
    "RetentionSettings",
    "Section",
    "Settings",
    "StoreSettings",
    "SubscriptionSettings",
    "TrustSettings",
]


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
    chain: ChainSettings = ChainSettings()
    control: ControlSettings = ControlSettings()
