"""The quota ledger: bytes per owner and per key and day, reserved before a write and settled after it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_node.settings import StoreSettings
from edge_node.store.errors import QuotaExceeded
from edge_node.store.usage import DAY_MS


@dataclass(slots=True)
class QuotaLedger:
    """Committed and reserved bytes together, so that requests in flight cannot overdraw.

    Pure: loaded from the index at start, told of every commit and setback. Limits of 0 do not limit. `own_day_max`
    answers a key's own limit, or None where the node's stands.
    """

    limits: StoreSettings
    owners: dict[bytes, int] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)
    day: int = 0
    own_day_max: Callable[[bytes], int | None] = lambda _key: None

    def apply(self, limits: StoreSettings) -> None:
        """Take over other limits; what is kept already stays, a lowered limit only takes nothing more."""
        self.limits = limits

    def reserve(self, owner: bytes, key: bytes, size: int, now_ms: int) -> None:
        """Count `size` bytes for both; QuotaExceeded, with nothing counted, if either has no room."""
        self._turn_day(now_ms)
        owned, added = self.owners.get(owner, 0), self.keys.get(key, 0)
        if 0 < self.limits.owner_bytes_max < owned + size:
            raise QuotaExceeded("owner", owned, self.limits.owner_bytes_max)
        own = self.own_day_max(key)
        day_max = self.limits.key_bytes_per_day_max if own is None else own
        if 0 < day_max < added + size:
            raise QuotaExceeded("key", added, day_max)
        self.owners[owner], self.keys[key] = owned + size, added + size

    def release(self, owner: bytes, key: bytes | None, size: int) -> None:
        """Give back a reservation that was not written, or (without a key) bytes that were deleted."""
        self.owners[owner] = max(0, self.owners.get(owner, 0) - size)
        if key is not None:
            self.keys[key] = max(0, self.keys.get(key, 0) - size)

    def _turn_day(self, now_ms: int) -> None:
        day = now_ms // DAY_MS
        if day != self.day:
            self.day = day
            self.keys.clear()
