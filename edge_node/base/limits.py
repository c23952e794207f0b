"""Sizes with their reasons, and a token bucket: the arithmetic of saying no in time."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

PIECE_MAX_BYTES = 128 * MIB  # the DDC SDK's own ceiling for one piece
EXTENT_BYTES = MIB  # one PyNaCl or hash call stays under the loop's 50 ms even on a slow core
EVENT_BODY_MAX_BYTES = MIB  # JSON is parsed in one hop; larger bodies belong in pieces
NUMBER_EXACT_IN_JSON = 2**53  # integers from here on are decimal strings (RFC 8259 section 6)
U53_MAX = NUMBER_EXACT_IN_JSON - 1  # what JavaScript, hence the DDC SDK, holds exactly


@dataclass(slots=True)
class TokenBucket:
    """A rate limit: `rate` units a second, at most `burst` saved up. Time is an argument, in seconds."""

    rate: float
    burst: float
    level: float
    at: float

    @classmethod
    def full(cls, rate: float, burst: float, now: float) -> "TokenBucket":
        """A bucket with everything saved up."""
        return cls(rate=rate, burst=burst, level=burst, at=now)

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` if it is there; otherwise change nothing and say False."""
        level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        self.level = level - amount if level >= amount else level
        return level >= amount

    def wait_s(self, amount: float) -> float:
        """Seconds until `amount` will be there, counted from the last `take`; inf if it never will."""
        if amount > self.burst or self.rate <= 0:
            return float("inf")
        return max(0.0, (amount - self.level) / self.rate)


class KeyRates:
    """One token bucket per key, at most `keys_max`: the longest unused is forgotten, which only forgives."""

    def __init__(self, keys_max: int) -> None:
        self._keys_max = keys_max
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def has(self, key: Hashable, rate: float, now: float) -> bool:
        """Whether a `take` would succeed now; takes nothing, and remembers nobody."""
        bucket = self._buckets.get(key)
        if bucket is None or bucket.rate != rate:
            return True
        bucket.take(0, now)  # brings its level up to now
        return bucket.level >= 1

    def take(self, key: Hashable, rate: float, now: float) -> bool:
        """Take one unit of `key`'s share of `rate` a second (a second's worth may be saved up)."""
        bucket = self._buckets.get(key)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[key] = TokenBucket.full(rate, max(1.0, rate), now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        return bucket.take(1, now)
