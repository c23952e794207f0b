"""Requests once: which (key, nonce) were used inside the window of time in which a signed request is accepted."""

import heapq
from collections import Counter

from edge_node.base.errors import Refusal
from edge_node.base.ids import Nonce, PublicKey

NONCES_MAX = 131_072  # about 30 MB when full; 400 requests a second for the whole of 5 minutes
PER_KEY_PARTS = 4  # one key fills at most a quarter, so that no caller locks all the others out


class NonceWindowFull(Refusal):
    """No room to remember another nonce; forgetting an old one instead would let it be replayed."""

    slug = "overloaded"
    status = 503
    retry_after_s = 30
    remedy = "Ask less often, or take a bearer: one signed request then stands for many."

    def __init__(self, held: int) -> None:
        self.held = held
        super().__init__(f"{held} nonces are remembered, and none of them may be forgotten yet")


class NonceWindow:
    """The nonces of every request that could still be repeated. Time is an argument, ms UTC.

    Bounded: when full it refuses and never forgets early. After the clock steps back, requests as old as what was
    already forgotten are refused too, so a step does not open a second chance.
    """

    def __init__(self, window_ms: int, nonces_max: int = NONCES_MAX) -> None:
        self.window_ms = window_ms
        self._max, self._max_per_key = nonces_max, max(1, nonces_max // PER_KEY_PARTS)
        self._used: set[bytes] = set()
        self._by_age: list[tuple[int, bytes]] = []
        self._held: Counter[bytes] = Counter()
        self._forgotten_ms = -1  # the newest time among what was forgotten

    def __len__(self) -> int:
        return len(self._used)

    def admit(self, key: PublicKey, nonce: Nonce, t_ms: int, now_ms: int) -> bool:
        """Remember the nonce of a request signed for `t_ms`, and say whether this is its first use.

        False: it was used, or it lies so far from `now_ms` that nobody can tell. NonceWindowFull when there is no
        room. Ask only for requests whose signature holds and whose key is enrolled: strangers must not fill it.
        """
        self._forget(now_ms)
        entry = key + nonce
        if abs(now_ms - t_ms) > self.window_ms or t_ms <= self._forgotten_ms or entry in self._used:
            return False
        if len(self._used) >= self._max or self._held[key] >= self._max_per_key:
            raise NonceWindowFull(len(self._used))
        self._used.add(entry)
        self._held[key] += 1
        heapq.heappush(self._by_age, (t_ms, entry))
        return True

    def _forget(self, now_ms: int) -> None:
        oldest_ms = now_ms - self.window_ms
        while self._by_age and self._by_age[0][0] < oldest_ms:
            # Not `oldest_ms` itself: a clock that was a year ahead for a moment must not lock everyone out for a year.
            self._forgotten_ms, entry = heapq.heappop(self._by_age)
            self._used.discard(entry)
            self._release(entry[: PublicKey.size])

    def _release(self, key: bytes) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
