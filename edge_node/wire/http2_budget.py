"""How much a client may ask of a connection that costs us work and brings no call forward (floods, rapid resets).

Every frame of that sort takes from a budget; an empty budget ends the connection with ENHANCE_YOUR_CALM. The bursts
leave room for what well-behaved clients do at once: 128 calls cancelled together, a probe after every burst of data.
"""

from edge_node.base.errors import RemoteError
from edge_node.base.limits import MIB, TokenBucket
from edge_node.wire.http2_frames import ErrorCode

RESETS = (100.0, 512.0)  # a second, at once; four times the calls that may be under way (CVE-2023-44487)
PINGS = (10.0, 100.0)  # and one for each frame of data we sent: clients measure the line with them
REFUSALS = (100.0, 5_000.0)  # streams beyond the limit: what a channel may queue before it has read our settings
SETTINGS = (5.0, 50.0)
IDLE_FRAMES = (200.0, 2_000.0)  # PRIORITY, unknown types, DATA without a byte
LARGE_BLOCKS = (2.0, 8.0)  # header blocks above a call's limit: each costs up to 10 ms to read and to refuse
STRAYS = (1.0 * MIB, 64.0 * MIB)  # bytes for streams that are gone: what was on its way when uploads were refused
STRAY_MIN_BYTES = 512  # of the smallest piece, so that many small ones cost what they cost us
UPDATES_AT_ONCE = 2_000.0
UPDATES_A_SECOND = 200.0
SENT_BYTES_PER_UPDATE = 256  # what we sent pays for the WINDOW_UPDATEs that answer it
UPDATES_PER_STREAM = 16  # so does a call: grpcio sends some for each, whether or not it waits for anything


class Http2Broken(RemoteError):
    """The client broke HTTP/2 or asked too much of one connection, which ends; `code` is why, for its GOAWAY."""

    slug = "malformed-http2"
    remedy = "Speak HTTP/2 as RFC 9113 defines it."

    def __init__(self, code: ErrorCode, why: str) -> None:
        self.code, self.why = code, why
        super().__init__(f"HTTP/2: {why}")


class NotHttp2(Http2Broken):
    """The connection did not begin with the HTTP/2 preface; `first` is what it began with."""

    slug = "not-http2"
    remedy = "This door speaks gRPC over HTTP/2 without TLS (prior knowledge); HTTP/1.1 has a door of its own."

    def __init__(self, first: bytes) -> None:
        self.first = first
        super().__init__(ErrorCode.PROTOCOL_ERROR, "the connection did not begin with its preface")


class Budget:
    """What is left to one connection; time is an argument, in seconds."""

    __slots__ = ("idle_frames", "large_blocks", "pings", "refusals", "resets", "settings", "strays", "updates")

    def __init__(self, now: float) -> None:
        self.resets = TokenBucket.full(*RESETS, now)
        self.pings = TokenBucket.full(*PINGS, now)
        self.refusals = TokenBucket.full(*REFUSALS, now)
        self.settings = TokenBucket.full(*SETTINGS, now)
        self.idle_frames = TokenBucket.full(*IDLE_FRAMES, now)
        self.large_blocks = TokenBucket.full(*LARGE_BLOCKS, now)
        self.strays = TokenBucket.full(*STRAYS, now)
        self.updates = TokenBucket.full(UPDATES_A_SECOND, UPDATES_AT_ONCE, now)

    def note_sent(self, size: int) -> None:
        """We sent so many bytes of data."""
        self.pings.level = min(self.pings.burst, self.pings.level + 1)
        self._pay(size / SENT_BYTES_PER_UPDATE)

    def note_opened(self) -> None:
        """A call began."""
        self._pay(UPDATES_PER_STREAM)

    def _pay(self, amount: float) -> None:
        self.updates.level = min(self.updates.burst, self.updates.level + amount)


def charge(bucket: TokenBucket, now: float, why: str, amount: float = 1) -> None:
    """Take from a budget; Http2Broken when there is not enough."""
    if not bucket.take(amount, now):
        raise Http2Broken(ErrorCode.ENHANCE_YOUR_CALM, why)
