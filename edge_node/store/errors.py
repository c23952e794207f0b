"""The store's refusals: facts about pieces, streams, sequence numbers, time and quotas."""

from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.ids import Cid, StreamName, shorten
from edge_node.wire.cid import format_cid


class StoreError(EdgeNodeError):
    """Root of the store's errors."""


class StoreRefusal(StoreError, Refusal):
    """Root of what the store refuses with nothing changed."""


class UnknownPiece(StoreRefusal):
    """This vault, or this bucket, holds no reference to the piece."""

    slug, status = "unknown-piece", 404
    remedy = "Check the CID and the vault or bucket; the piece may have been deleted."

    def __init__(self, cid: Cid, bucket: int | None = None) -> None:
        self.cid, self.bucket = format_cid(cid), bucket
        holder = "this vault" if bucket is None else f"bucket {bucket}"
        super().__init__(f"{holder} holds no piece {self.cid}")


class PieceIsEventBody(StoreRefusal):
    """The bytes belong to a stream, which keeps them until its retention ends."""

    slug, status = "event-body", 409
    remedy = "Events leave with their stream's retention, not one by one."

    def __init__(self, cid: Cid) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"{format_cid(cid)} is the body of an event post")


class CidMismatch(StoreRefusal):
    """The bytes hash to another CID than was named; nothing was kept."""

    slug, status = "cid-mismatch", 422
    remedy = "Hash the bytes again with BLAKE3-256 and send them under that CID."

    def __init__(self, want: Cid, got: Cid) -> None:
        self.want, self.got = format_cid(want), format_cid(got)
        super().__init__(f"the bytes hash to {format_cid(got)}, not to {format_cid(want)}")


class PieceTooLarge(StoreRefusal):
    """More bytes than a piece may have; nothing was kept."""

    slug, status = "piece-too-large", 413
    remedy = "Cut the content into several pieces."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"a piece holds at most {limit} bytes")


class PieceDamaged(StoreRefusal):
    """Stored bytes no longer match their digest; they do not leave the node. In a stream, `next` passes over them."""

    slug, status = "piece-damaged", 500
    remedy = "Put the same content again: the good copy replaces the damaged one."

    def __init__(self, cid: Cid, why: str, next_offset: int | None = None) -> None:
        self.cid = format_cid(cid)
        if next_offset is not None:
            self.next = next_offset
        super().__init__(f"piece {format_cid(cid)} is damaged on this node: {why}")


class PieceRowUnreadable(StoreError):
    """What the index holds of the piece makes no sense; the journal still has the truth."""

    slug = "piece-row-unreadable"
    remedy = "Stop the node and move its index.db away: it is made anew from the log."

    def __init__(self, cid: Cid, why: str) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"the index's row of piece {format_cid(cid)} cannot be read: {why}")


class PieceGone(StoreRefusal):
    """The piece was deleted while it was read, and its bytes have left the disk. Nothing is damaged."""

    slug, status = "piece-gone", 404
    remedy = "Put the piece again if it is still wanted."

    def __init__(self, cid: Cid) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"piece {format_cid(cid)} was deleted while it was read")


class PieceVanished(StoreRefusal):
    """The node had the piece when the upload began and has let go of it since, so the bytes were not kept."""

    slug, status, retry_after_s = "piece-vanished", 503, 1
    remedy = "Send the piece again."

    def __init__(self, cid: Cid) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"piece {format_cid(cid)} was deleted while it was sent once more")


class UnknownStream(StoreRefusal):
    """No event was ever stored in this stream of this vault."""

    slug, status = "unknown-stream", 404
    remedy = "List the streams with GET /api/v1/streams."

    def __init__(self, stream: StreamName) -> None:
        self.stream = stream
        super().__init__(f"no stream {stream} in this vault")


class BadSignature(StoreRefusal):
    """The signature does not verify under the named key for these bytes."""

    slug, status, forged = "bad-signature", 401, True
    remedy = "Sign exactly the bytes sent, with the content type of the request (docs/specs/signed-event.md)."

    def __init__(self, key: bytes) -> None:
        self.key = key.hex()
        super().__init__(f"the signature does not verify under key {shorten(key)}")


class WrongAudience(StoreRefusal):
    """The event is signed for a vault this key does not write to."""

    slug, status = "wrong-audience", 403
    remedy = "Sign for the vault the device is enrolled in (GET /info names the node's own)."

    def __init__(self, audience: bytes) -> None:
        self.audience = audience.hex()
        super().__init__(f"this key does not write to vault {shorten(audience)}")


class SequenceConflict(StoreRefusal):
    """The same key signed other bytes under the same sequence number."""

    slug, status = "sequence-conflict", 409
    remedy = "Two devices share a key, or a counter went back: enrol a new key."

    def __init__(self, seq: int, first_cid: Cid) -> None:
        self.seq, self.first_cid = seq, format_cid(first_cid)
        super().__init__(f"seq {seq} was used for {self.first_cid}; both signed headers are kept as evidence")


class SequenceTooOld(StoreRefusal):
    """The sequence number lies below the replay window."""

    slug, status = "sequence-too-old", 409
    remedy = "Send with a sequence number above the highest one used."

    def __init__(self, seq: int, highest: int) -> None:
        self.seq, self.highest = seq, highest
        super().__init__(f"seq {seq} is below the window that ends at {highest}")


class SequenceJump(StoreRefusal):
    """The sequence number leaps further ahead than a reboot explains."""

    slug, status = "sequence-jump", 409
    remedy = "Begin each boot at the next multiple of 2^24 above the last number used; a lost counter needs a new key."

    def __init__(self, seq: int, highest: int) -> None:
        self.seq, self.highest = seq, highest
        super().__init__(f"seq {seq} is more than 2^32 above {highest}")


class TimeAhead(StoreRefusal):
    """The event claims a time further ahead of a trusted clock than allowed."""

    slug, status = "time-ahead", 422
    remedy = "Set the device's clock, or send q=0 while it is not set."

    def __init__(self, ahead_ms: int, limit_ms: int) -> None:
        self.ahead_ms, self.limit_ms = ahead_ms, limit_ms
        super().__init__(f"the event is {ahead_ms} ms ahead of this node; at most {limit_ms} ms are accepted")


class TimeTooLate(StoreRefusal):
    """The event is older than its stream still takes."""

    slug, status = "time-too-late", 422
    remedy = "The operator may raise ingest.late_max_s or the device's own limit."

    def __init__(self, behind_ms: int, limit_ms: int) -> None:
        self.behind_ms, self.limit_ms = behind_ms, limit_ms
        super().__init__(f"the event is {behind_ms} ms old; at most {limit_ms} ms are accepted")


class QueueFull(StoreRefusal):
    """More bodies wait for verification than the node will hold."""

    slug, status, retry_after_s = "queue-full", 503, 1
    remedy = "Send again after Retry-After; nothing was stored."

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(f"{waiting} bodies are waiting")


class RateExceeded(StoreRefusal):
    """This key sends more bodies a second than its share."""

    slug, status, retry_after_s = "rate-exceeded", 429, 1
    remedy = "Send slower, or several events in one body."

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        super().__init__(f"this key may send {per_s:g} bodies a second")


class QuotaExceeded(StoreRefusal):
    """The owner or the key has used up its bytes."""

    slug, status, retry_after_s = "quota-exceeded", 429, 3_600
    remedy = "Delete pieces, wait for the next day, or ask the operator for more."

    def __init__(self, whose: str, used: int, limit: int) -> None:
        self.used, self.limit = used, limit
        super().__init__(f"the {whose} has used {used} of {limit} bytes")


class BodyFault(StoreRefusal):
    """Our own code broke on this body; it is logged, and nothing was stored."""

    slug, status = "internal", 500
    remedy = "Report this body to the node's operator: the log names the fault."

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__("the node could not process this body")


class StoreUnreadable(StoreRefusal):
    """What is stored could not be read just now, so that nobody can say whether the body is new."""

    slug, status, retry_after_s = "store-unreadable", 503, 5
    remedy = "Send the same signed body again; if it stays, the node's log names the disk's error."

    def __init__(self) -> None:
        super().__init__("the node cannot read its index or log at this moment; nothing was stored")


class Stopping(StoreRefusal):
    """The node ended before it could say whether the body was stored."""

    slug, status, retry_after_s = "stopping", 503, 5
    remedy = "Send the same signed body again: if it was stored, the answer is its first receipt."

    def __init__(self) -> None:
        super().__init__("the node is stopping")
