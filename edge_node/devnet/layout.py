"""Where the processes of a trial find each other: the files of its directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec


class Place(msgspec.Struct, frozen=True):
    """What a station must know to post: written once, when the node serves."""

    url: str
    vault: str
    node: str


class History(msgspec.Struct, frozen=True):
    """What was done to the site, in ms UTC: the outages whose harmlessness the check proves."""

    cut_device: str
    cut_ms: int
    restored_ms: int
    killed_ms: int
    restarted_ms: int


class ChainHistory(msgspec.Struct, frozen=True):
    """What the node said of its chain during the trial: times in ms UTC, None for what did not come."""

    url: str
    genesis: str
    proved: dict[int, str]
    """Hashes of the blocks that the node called final, by height, as it said them one after the other."""
    cut_ms: int
    stalled_ms: int | None
    reason: str
    """Why it was stalled, in the node's words."""
    stalled_at: int
    """The newest block that was proved then."""
    restored_ms: int
    followed_ms: int | None
    """When something newer was proved again."""


class StationReport(msgspec.Struct, frozen=True):
    """What a station says at its end; the check believes the ledger, not this."""

    taken: int
    acknowledged: int
    duplicates: int
    refused: int
    waiting: int
    offline_s: float


@dataclass(frozen=True, slots=True)
class StationFiles:
    """One device's own directory."""

    root: Path

    @property
    def key(self) -> Path:
        """The key the device made for itself."""
        return self.root / "device.key"

    @property
    def public(self) -> Path:
        """Its public half, which the operator enrols; written when the device is up."""
        return self.root / "device.pub"

    @property
    def place(self) -> Path:
        """A Place, once there is one."""
        return self.root / "place.json"

    @property
    def queue(self) -> Path:
        """The offline queue."""
        return self.root / "queue"

    @property
    def ledger(self) -> Path:
        """The receipts."""
        return self.root / "ledger.jsonl"

    @property
    def report(self) -> Path:
        """A StationReport, at the end."""
        return self.root / "report.json"

    @property
    def log(self) -> Path:
        """Standard output and error of the process."""
        return self.root / "log"


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """The whole trial's directory."""

    root: Path

    @property
    def node(self) -> Path:
        """The node's data directory."""
        return self.root / "node"

    @property
    def config(self) -> Path:
        """The node's settings."""
        return self.root / "node.toml"

    @property
    def operator_key(self) -> Path:
        """The key `init` made for the operator, who reads everything."""
        return self.node / "keys" / "operator.key"

    @property
    def log(self) -> Path:
        """The node's standard error, over all its lives."""
        return self.root / "node.log"

    @property
    def chain(self) -> Path:
        """The chain's directory: its specification, its checkpoint and the key that signed it."""
        return self.root / "chain"

    @property
    def chain_log(self) -> Path:
        """The chain's standard error."""
        return self.root / "chain.log"

    @property
    def chain_history(self) -> Path:
        """A ChainHistory for the check."""
        return self.root / "chain-history.json"

    @property
    def place(self) -> Path:
        """A Place for the check."""
        return self.root / "place.json"

    @property
    def history(self) -> Path:
        """A History for the check."""
        return self.root / "history.json"

    def station(self, name: str) -> StationFiles:
        """One device's files."""
        return StationFiles(self.root / "devices" / name)


Value = TypeVar("Value")


def write_value(path: Path, value: msgspec.Struct) -> None:
    """Write a value that other processes wait for: whole or not there."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(value))
    draft.replace(path)


def read_value(path: Path, kind: type[Value]) -> Value:
    """Read what write_value wrote; FileNotFoundError before that."""
    return msgspec.json.decode(path.read_bytes(), type=kind)
