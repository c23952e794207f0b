"""One read under way: what was sent of it and what its client acknowledged, told to its reader's window."""

from prometheus_client import Counter

from edge_node.activity.errors import (
    AckBackwards,
    AckBeyondSent,
    AckOfAnotherRequest,
    AckOfAnotherSigner,
    AckRefused,
    AckUnasked,
)
from edge_node.activity.ledger import ReadLedger
from edge_node.activity.record import identity_of_request
from edge_node.activity.window import OpenPart, Reader, Window
from edge_node.base.counters import REGISTRY
from edge_node.base.ids import Cid
from edge_node.trust.activity_request import Acknowledgment, ActivityRequest

ACKS_REFUSED = Counter(
    "edge_node_acks_refused",
    "Acknowledgements that did not belong to their read, by reason.",
    ["why"],
    registry=REGISTRY,
)


class Reading:
    """A read from its admission to its end, on the loop's thread; nothing here waits or can break the read.

    `sent_bytes` and `acked_bytes` are those of the whole read so far.
    """

    __slots__ = ("_cid", "_ended", "_identity", "_ledger", "_part", "_reader", "_request", "_window", "acked_bytes",
                 "sent_bytes")  # fmt: skip

    def __init__(self, ledger: ReadLedger, reader: Reader, cid: Cid | None, request: ActivityRequest | None) -> None:
        self._ledger, self._reader, self._cid, self._request = ledger, reader, cid, request
        self._identity = b"" if request is None else identity_of_request(request)
        self.sent_bytes = self.acked_bytes = 0
        self._ended = False
        self._window, self._part = self._enter()

    def sent(self, amount: int) -> None:
        """`amount` more bytes of content left."""
        window, part = self._present()
        self.sent_bytes += amount
        part.sent_to = self.sent_bytes
        window.bytes += amount
        self._ledger.touch(window, part)

    def acked(self, ack: Acknowledgment) -> None:
        """Take an acknowledgement whose signature was verified; AckRefused leaves everything as it was."""
        try:
            self._require(ack)
        except AckRefused as refused:
            ACKS_REFUSED.labels(refused.why).inc()
            raise
        window, part = self._present()
        window.acked += ack.bytes - self.acked_bytes
        self.acked_bytes = part.acked_to = ack.bytes
        part.ack = ack.raw
        self._ledger.touch(window, part)

    def close(self) -> None:
        """The read is over, however it ended; once more is no harm."""
        if not self._ended:
            self._ended = True
            self._window.leave(self._part)

    def _require(self, ack: Acknowledgment) -> None:
        if self._request is None:
            raise AckUnasked
        if ack.signer != self._request.signer:
            raise AckOfAnotherSigner
        if ack.request_id != self._request.request_id:
            raise AckOfAnotherRequest
        if ack.bytes < self.acked_bytes:
            raise AckBackwards(ack.bytes, self.acked_bytes)
        if ack.bytes > self.sent_bytes:
            raise AckBeyondSent(ack.bytes, self.sent_bytes)

    def _present(self) -> tuple[Window, OpenPart]:
        if self._window.closed:
            self._window, self._part = self._enter()
        return self._window, self._part

    def _enter(self) -> tuple[Window, OpenPart]:
        raw = b"" if self._request is None else self._request.raw
        part = OpenPart(self._cid, raw, self._identity, self.sent_bytes, self.acked_bytes)
        return self._ledger.enter(self._reader, part), part
