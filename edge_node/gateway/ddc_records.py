"""What is recorded of a DDC call, whichever door it came by (docs/specs/activity.md)."""

from collections.abc import Sequence

from edge_node.activity import Capture, Reading
from edge_node.base.clock import Clock
from edge_node.base.ids import Cid
from edge_node.gateway.ddc_gate import Admitted
from edge_node.journal import Draft
from edge_node.store.pieces import Companions


class DdcRecords:
    """Makes the records of stores, written with them, and opens those of reads."""

    def __init__(self, capture: Capture, clock: Clock) -> None:
        self._capture, self._clock = capture, clock

    def companions(self, admitted: Admitted, *, named: bool = False) -> Companions:
        """For the store's rooms: what goes into the write's own ticket. A name's record (`named`) has no CID."""

        def draw(cid: Cid, size: int) -> Sequence[Draft]:
            holder, bucket, stored = admitted.access.holder, admitted.bucket.id, None if named else cid
            return [self._capture.stored(holder, bucket, stored, size, admitted.request, self._clock.now_ms())]

        return draw

    def reading(self, admitted: Admitted, cid: Cid | None) -> Reading:
        """One read, of a name where there is no CID; to be told what was sent, and closed."""
        holder, bucket = admitted.access.holder, admitted.bucket.id
        return self._capture.reading(holder, bucket, cid, admitted.request, admitted.source)
