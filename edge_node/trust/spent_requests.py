"""Signed DDC requests once: which of them were used inside the time in which they are taken. Time is an argument.

As trust/nonce_window, for more of them: the SDK signs one for every call and lives from no bearer, so one busy owner
spends hundreds a second. Entries lie in slots of time that are forgotten whole, and cost 85 bytes instead of 230.
"""

import hashlib

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, VaultId

SPENT_MAX = 524_288  # about 45 MB when full; 1,700 requests a second for the whole of 5 minutes
PER_OWNER_PARTS = 2  # the callers of one bucket owner fill at most half, so that they cannot lock all others out
SLOT_MS = 10_000
_DIGEST_BYTES = 16


class SpentRequestsFull(Refusal):
    """No room to remember another request; forgetting an old one instead would let it be replayed."""

    slug = "overloaded"
    status = 503
    retry_after_s = 30
    remedy = "Ask less often, or with a token that names the bucket: it needs no signed request."

    def __init__(self, held: int) -> None:
        self.held = held
        super().__init__(f"{held} requests are remembered, and none of them may be forgotten yet")


class SpentRequests:
    """The requests that could still be repeated. Bounded: when full it refuses and never forgets early.

    After the clock steps back, requests as old as what was already forgotten are refused too.
    """

    def __init__(self, window_ms: int, spent_max: int = SPENT_MAX) -> None:
        self.window_ms = window_ms
        self._max, self._max_per_owner = spent_max, max(1, spent_max // PER_OWNER_PARTS)
        self._slots: dict[int, dict[VaultId, set[bytes]]] = {}
        self._by_owner: dict[VaultId, int] = {}
        self._forgotten_ms = -1  # the end of the newest slot among what was forgotten
        self._oldest_ms = 0  # when it was looked last: most calls forget nothing and need not look

    def __len__(self) -> int:
        return sum(self._by_owner.values())

    def spend(self, owner: VaultId, signer: PublicKey, request_id: str, t_ms: int, now_ms: int) -> bool:
        """Remember a request signed for `t_ms`, and say whether this is its first use.

        False: it was used, or it lies so far from `now_ms` that nobody can tell. SpentRequestsFull when there is no
        room. Ask only for requests whose signature holds and whose signer has `owner`'s leave, not for strangers'.
        """
        self._forget(now_ms)
        entry = hashlib.blake2b(signer + request_id.encode(), digest_size=_DIGEST_BYTES).digest()
        # Every slot: the same id under another time is the same request, and there are never more than 61 slots.
        used = any(entry in slot.get(owner, ()) for slot in self._slots.values())
        if used or abs(now_ms - t_ms) > self.window_ms or t_ms <= self._forgotten_ms:
            return False
        held = self._by_owner.get(owner, 0)
        if held >= self._max_per_owner or len(self) >= self._max:
            raise SpentRequestsFull(len(self))
        self._slots.setdefault(t_ms // SLOT_MS, {}).setdefault(owner, set()).add(entry)
        self._by_owner[owner] = held + 1
        return True

    def _forget(self, now_ms: int) -> None:
        oldest_ms = now_ms - self.window_ms
        if abs(oldest_ms - self._oldest_ms) < SLOT_MS:
            return
        self._oldest_ms = oldest_ms
        for number in [number for number in self._slots if (number + 1) * SLOT_MS <= oldest_ms]:
            # Not `oldest_ms` itself: a clock that was a year ahead for a moment must not lock everyone out for a year.
            self._forgotten_ms = max(self._forgotten_ms, (number + 1) * SLOT_MS - 1)
            self._release(self._slots.pop(number))

    def _release(self, slot: dict[VaultId, set[bytes]]) -> None:
        for owner, entries in slot.items():
            left = self._by_owner[owner] - len(entries)
            if left:
                self._by_owner[owner] = left
            else:
                del self._by_owner[owner]
