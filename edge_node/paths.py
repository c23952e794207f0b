"""Every path the node touches, derived from its data directory."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """The layout of one data directory (docs/specs/journal.md)."""

    root: Path

    @property
    def identity(self) -> Path:
        """Node id, format version and time of creation, written once."""
        return self.root / "NODE"

    @property
    def lock(self) -> Path:
        """Held with flock by the one process that may write here."""
        return self.root / "LOCK"

    @property
    def segments(self) -> Path:
        """Parent of the segment classes `ev`, `px` and `rc`."""
        return self.root / "seg"

    @property
    def index_db(self) -> Path:
        """Derived from the segments; may be deleted while the node is stopped."""
        return self.root / "index.db"

    @property
    def meta_db(self) -> Path:
        """Devices and their like: truth, kept a second time in the rc segments."""
        return self.root / "meta.db"

    @property
    def audit_db(self) -> Path:
        """Verdicts of the access check; losing it loses nothing but history."""
        return self.root / "audit.db"

    @property
    def chain_db(self) -> Path:
        """What the light client verified and may not forget (docs/specs/chain-db.md); made when a chain is followed."""
        return self.root / "chain.db"

    @property
    def reserve(self) -> Path:
        """Ballast, released when the disk is full so that deletes can run."""
        return self.root / "reserve"

    @property
    def keys(self) -> Path:
        """Key files, mode 0700."""
        return self.root / "keys"

    @property
    def node_key(self) -> Path:
        """The node key's seed, mode 0600."""
        return self.keys / "node.key"

    @property
    def operator_key(self) -> Path:
        """The operator's own key, made by `init`, mode 0600; it may be moved away."""
        return self.keys / "operator.key"

    @property
    def receipt_key(self) -> Path:
        """The key that signs retention anchors, mode 0600."""
        return self.keys / "receipt.key"

    @property
    def receipt_certificate(self) -> Path:
        """The node key's word for the receipt key, a signed document."""
        return self.keys / "receipt.json"

    @property
    def tls(self) -> Path:
        """The self-signed certificate and its key."""
        return self.keys / "tls"

    @property
    def control_socket(self) -> Path:
        """Where operators reach the running node, unless the settings say otherwise."""
        return self.root / "run" / "control" / "control.sock"

    @property
    def view_socket(self) -> Path:
        """Where viewers do."""
        return self.root / "run" / "view" / "view.sock"
