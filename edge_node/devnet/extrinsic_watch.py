"""What becomes of one extrinsic, told to those who watch it, in the order and with the words of a real node. Pure."""

import enum
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

from edge_node.base.ids import Hash256

UNFINAL_BLOCKS_MAX: Final = 512  # so long finality is waited for, as real nodes do


class StatusKind(enum.StrEnum):
    """What can be said of it, as clients read it."""

    FUTURE = "future"
    READY = "ready"
    IN_BLOCK = "inBlock"
    FINALIZED = "finalized"
    FINALITY_TIMEOUT = "finalityTimeout"
    USURPED = "usurped"
    DROPPED = "dropped"
    INVALID = "invalid"

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return self not in (StatusKind.FUTURE, StatusKind.READY, StatusKind.IN_BLOCK)


class Status(NamedTuple):
    """One word of it; `hash` is the block's, or that of the extrinsic which took its place."""

    kind: StatusKind
    hash: Hash256 | None = None


Watch: TypeAlias = Callable[[Status], None]


class Watches:
    """Who watches which extrinsic, from when it is sent until the last word."""

    def __init__(self) -> None:
        self._watching = dict[Hash256, list[Watch]]()
        self._unfinal = dict[int, list[tuple[Hash256, Hash256]]]()

    def __len__(self) -> int:
        return len(self._watching)

    def add(self, extrinsic: Hash256, watch: Watch) -> None:
        """Tell `watch` of it from now on."""
        self._watching.setdefault(extrinsic, []).append(watch)

    def remove(self, extrinsic: Hash256, watch: Watch) -> None:
        """Tell it no more; nothing happens if that is so already."""
        watching = self._watching.get(extrinsic, [])
        if watch in watching:
            watching.remove(watch)
        if not watching:
            self._watching.pop(extrinsic, None)

    def tell(self, extrinsic: Hash256, status: Status) -> None:
        """Say it to all who watch; the last word ends the watch."""
        watching = self._watching.get(extrinsic, ())
        if status.kind.last:
            self._watching.pop(extrinsic, None)
        for watch in tuple(watching):
            watch(status)

    def included(self, number: int, block: Hash256, extrinsics: Iterable[Hash256]) -> None:
        """Block `number` holds these; what waits for finality too long is told so."""
        here = [(extrinsic, block) for extrinsic in extrinsics if extrinsic in self._watching]
        if here:
            self._unfinal[number] = here
        for extrinsic, _ in here:
            self.tell(extrinsic, Status(StatusKind.IN_BLOCK, block))
        for extrinsic, there in self._unfinal.pop(number - UNFINAL_BLOCKS_MAX, ()):
            self.tell(extrinsic, Status(StatusKind.FINALITY_TIMEOUT, there))

    def finalized(self, number: int) -> None:
        """All blocks up to `number` are final."""
        for height in [height for height in self._unfinal if height <= number]:
            for extrinsic, block in self._unfinal.pop(height):
                self.tell(extrinsic, Status(StatusKind.FINALIZED, block))
