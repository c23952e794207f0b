"""Space given back: segments of pieces without a live byte, but for those that uploads still write to."""

import contextlib
from collections.abc import Iterator

from edge_node.base.log import get_log
from edge_node.journal import Journal, NotWritable, SegmentClass
from edge_node.store.rows import find_dead_segments

log = get_log("store")


class PieceSegments:
    """The segments of class px, as far as they come and go."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._dropped: set[int] = set()
        self._reclaimed_at = 0
        self._uploads: dict[object, int] = {}  # oldest px segment each running upload may have written to

    @contextlib.contextmanager
    def pinned(self, upload: object) -> Iterator[None]:
        """Keep what `upload` writes meanwhile."""
        # Extents of a running upload are in no index yet: their segments must not look dead.
        self._uploads[upload] = self._open_segment()
        try:
            yield
        finally:
            del self._uploads[upload]

    async def reclaim(self) -> int:
        """Unlink sealed piece segments without a live byte; how many went. What cannot go now goes another time."""
        self._reclaimed_at = open_segment = self._open_segment()
        floor = min(self._uploads.values(), default=open_segment)
        dead = set(await self._journal.query(find_dead_segments, min(floor, open_segment))) - self._dropped
        for segment in sorted(dead):
            try:
                await self._journal.drop_segment(SegmentClass.PX, segment)
            except (OSError, NotWritable) as error:
                log.warning("segment.kept", segment=segment, reason=str(error))
                return 0
            self._dropped.add(segment)
        return len(dead)

    async def reclaim_once_per_segment(self) -> None:
        """The same when another segment was begun since: what broken-off uploads left behind leaves with theirs."""
        if self._open_segment() != self._reclaimed_at:
            await self.reclaim()

    def _open_segment(self) -> int:
        return self._journal.stats().open_segments.get(SegmentClass.PX, 0)
