"""What the operator's door looks at and acts on: the rooms of one running node, as the composition hands them over."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.base.log import set_level
from edge_node.chain_light.status import ChainStatus
from edge_node.control.reload import SettingsDesk
from edge_node.control.roster import Roster
from edge_node.journal import Journal
from edge_node.paths import Paths
from edge_node.settings import Settings
from edge_node.store.buckets import BucketAuthority
from edge_node.store.files import Files
from edge_node.store.names import Names
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.topics import Topics
from edge_node.store.streams.traffic import Place
from edge_node.store.usage import DAY_MS
from edge_node.supervise import Supervisor
from edge_node.trust.audit import AuditLog
from edge_node.trust.device import Device, DeviceChange
from edge_node.trust.token_revocations import TokenRevocation, TokenRevocations

if TYPE_CHECKING:  # it stands on this module
    from edge_node.control.chain_commands import ChainDesk


@dataclass(frozen=True, slots=True)
class DoorFigures:
    """One door as it is now; `access` is rw or ro for the two sockets, the certificate's facts for a TLS door.

    `mode` is what the pair it belongs to is, None for the sockets: doors of several pairs go by the same `name`, and
    two pairs may have one mode, so that `name`, `mode` and `address` together tell them apart.
    """

    name: str
    kind: str
    url: str
    address: str
    connections: int
    connections_max: int
    mode: str | None = None
    access: str | None = None
    fingerprint: str | None = None
    expires_ms: int | None = None


class LevelDesk:
    """The level that is logged at, as the settings say until an operator says otherwise."""

    def __init__(self, level: str) -> None:
        self.level = level

    def set(self, level: str) -> None:
        """Log from `level` on, in every room, from now."""
        set_level(level)
        self.level = level

    def follow(self, settings: Settings) -> None:
        """Take the settings' level."""
        self.set(settings.log.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The rooms of one running node.

    `boot` names this life of the process. `write_change` makes a device change durable (the registry in memory is
    changed afterwards, by whoever calls it); `write_revocation` likewise. `operator_key` is
    where the operator's own key lies if it is on this box. `subscribers` per stream, and a stream's `retention` as the
    door shows it, are None where no room knows them; `chain` is None where none is followed.
    """

    version: str
    node_key: PublicKey
    vault: VaultId
    boot: str
    started_ms: int
    started_s: float
    paths: Paths
    clock: Clock
    journal: Journal
    roster: Roster
    ingest: Ingest
    topics: Topics
    pieces: Pieces
    files: Files
    names: Names
    buckets: BucketAuthority
    revocations: TokenRevocations
    quota: QuotaLedger
    audit: AuditLog
    settings: SettingsDesk
    levels: LevelDesk
    random: Callable[[int], bytes]
    supervisor: Callable[[], Supervisor | None]
    doors: Callable[[], Sequence[DoorFigures]]
    metrics: Callable[[], Awaitable[bytes]]
    write_change: Callable[[DeviceChange], Awaitable[object]]
    write_revocation: Callable[[TokenRevocation], Awaitable[object]]
    subscribers: Callable[[], Mapping[Place, int]] | None = None
    retention: Callable[[VaultId, StreamName], object] | None = None
    chain: "ChainDesk | None" = None

    @property
    def operator_key(self) -> Path:
        """The operator's key file, as `init` made it."""
        return self.paths.operator_key

    @property
    def chain_status(self) -> ChainStatus | None:
        """How the light client is; None where no chain is followed."""
        return None if self.chain is None else self.chain.status()

    @property
    def now_ms(self) -> int:
        """The node's wall clock, ms UTC."""
        return self.clock.now_ms()

    def bytes_today(self, device: Device) -> int:
        """What a device's key added in the present UTC day."""
        return self.quota.keys.get(device.key, 0) if self.quota.day == self.now_ms // DAY_MS else 0
