"""Values that were proved under the newest final state root, kept until there is a newer one (pure)."""

from collections.abc import Mapping
from typing import Final

from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB

BYTES_MAX: Final = 4 * MIB
ENTRY_COSTS: Final = 128  # of a key and its place in a dictionary, beside their bytes
LARGE_PART: Final = 8  # a value of more than an eighth would drive out what is asked for more often


class ProvedValues:
    """At most `bytes_max` of keys and values under one root; those put in longest ago go first."""

    __slots__ = ("_bytes_max", "_root", "_size", "_values")

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max, self._size = bytes_max, 0
        self._root: Hash256 | None = None
        self._values: dict[bytes, bytes | None] = {}

    @property
    def size(self) -> int:
        """What it costs in bytes, about."""
        return self._size

    def move_to(self, root: Hash256) -> None:
        """Forget what was proved under any other root."""
        if root != self._root:
            self._root, self._size = root, 0
            self._values.clear()

    def known(self, root: Hash256, keys: tuple[bytes, ...]) -> dict[bytes, bytes | None]:
        """Those of the keys whose values under this root are here."""
        if root != self._root:
            return {}
        return {key: self._values[key] for key in keys if key in self._values}

    def put(self, root: Hash256, values: Mapping[bytes, bytes | None]) -> None:
        """Keep values that were proved under `root`; nothing where that is not the newest any more."""
        if root != self._root:
            return
        for key, value in values.items():
            if key not in self._values and self._cost(key, value) <= self._bytes_max // LARGE_PART:
                self._values[key] = value
                self._size += self._cost(key, value)
        while self._size > self._bytes_max:
            oldest = next(iter(self._values))
            self._size -= self._cost(oldest, self._values.pop(oldest))

    @staticmethod
    def _cost(key: bytes, value: bytes | None) -> int:
        return len(key) + len(value or b"") + ENTRY_COSTS
