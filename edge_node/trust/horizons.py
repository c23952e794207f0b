"""What a restart forgets: until when each key's requests may have been used (docs/specs/signed-request.md).

The nonces of trust/nonce_window live in memory. Most requests need nothing more: they carry a time before the node's
clock, and whatever was signed before a start is refused after it. A request signed *ahead* of the clock would still be
fresh after a restart; it is acted on only once a horizon at or above its time is durable for its key.
"""

from collections.abc import Mapping

from edge_node.base.ids import PublicKey

# A request less than this ahead of the clock needs no horizon, because no start is sooner: the node counts as started
# this long after it took LOCK, when the process before was certainly gone. Clocks kept by NTP differ by less and the
# way here takes some of it, so ordinary callers cost no write; a start waits at most this long before it opens doors.
RESTART_MS = 100
# A caller who is always ahead costs one small record (about 150 bytes and a sync) per this time. After a restart it
# may have to wait as long until its own clock has passed what was reserved.
STEP_MS = 30_000
# A wall clock may lag behind elapsed time while it is steered: 0.05 % at most, so 4 s in the two hours at stake here.
SLACK_MS = 10_000
WINDOW_MAX_MS = 3_600_000  # the most that `trust.request_window_s` can be set to, so also in the lives before


class Horizons:
    """The horizons of one life of the node. Times are ms UTC; `elapsed_ms` is monotonic time since LOCK was taken.

    `stored` is what the log holds from the lives before. Only keys that are enrolled get in, so the registry bounds
    the memory. Counting the bars in elapsed time lets a clock that was a year ahead for a moment lock nobody out.
    """

    def __init__(self, window_ms: int, began_ms: int, stored: Mapping[PublicKey, int]) -> None:
        # Not raised to the newest time known from the lives before, which would help where a clock starts behind and
        # stays so: what a read leaves (its note, its verdict) is written up to a second after it was answered, so a
        # kill forgets just the last; and the highest time ever known would bar everybody for a window at every start
        # after the clock was once ahead.
        self.began_ms = began_ms
        self._durable: dict[PublicKey, int] = {}
        self._bars = dict(stored)
        # A request signed before the start has expired one window later; one that was signed a whole window ahead
        # just before the start, one window of that life and one of this later.
        self._young_ms = window_ms + SLACK_MS
        self._barred_ms = WINDOW_MAX_MS + window_ms + SLACK_MS

    def wait_ms(self, key: PublicKey, t_ms: int, elapsed_ms: int, set_ahead_ms: int = 0) -> int:
        """How long a caller whose clock shows `t_ms` must wait before signing anew; 0: this is surely a first use.

        `set_ahead_ms`: by how much the wall clock was set ahead since the start. A box without a battery starts with
        an old time: by the one it has now it started later, and what was signed just before is no first use.
        """
        wait_ms = 0
        if elapsed_ms < self._young_ms:
            wait_ms = min(self.began_ms + set_ahead_ms - t_ms, self._young_ms - elapsed_ms)
        if elapsed_ms < self._barred_ms:
            bar_ms = self._bars.get(key, -1)
            wait_ms = max(wait_ms, min(bar_ms + 1 - t_ms, self._barred_ms - elapsed_ms))
        return max(wait_ms, 0)

    def wanted(self, key: PublicKey, t_ms: int, now_ms: int) -> int | None:
        """The horizon to make durable before acting on a request of `key` for `t_ms`; None if none is needed."""
        if t_ms - now_ms < RESTART_MS or t_ms <= self._durable.get(key, -1):
            return None
        return t_ms + STEP_MS

    def hold(self, key: PublicKey, horizon_ms: int) -> None:
        """Note that `horizon_ms` is durable for `key`."""
        self._durable[key] = max(horizon_ms, self._durable.get(key, -1))
