"""Extrinsics that wait for a block: who may come next, who waits for another, who is not asked again. Pure.

As Substrate's pool: one extrinsic for each (signer, nonce), the better paid takes the place; what was invalid once is
not looked at again for a while; nothing waits for ever.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.devnet.errors import DevnetError

ENTRIES_MAX: Final = 8_192  # as real nodes keep
BYTES_MAX: Final = 20 << 20
BANNED_S: Final = 30 * 60.0
BANNED_MAX: Final = 2 * ENTRIES_MAX


class PoolRefusal(DevnetError, Refusal):
    """Root of why the pool takes no extrinsic that may be a valid one."""

    slug = "pool-refused"


class AlreadyPooled(PoolRefusal):
    """The same extrinsic waits already."""

    slug = "extrinsic-already-pooled"

    def __init__(self, extrinsic: Hash256) -> None:
        self.extrinsic = extrinsic
        super().__init__(f"extrinsic {extrinsic} waits already")


class Banned(PoolRefusal):
    """The same extrinsic was refused a short while ago."""

    slug = "extrinsic-banned"

    def __init__(self, extrinsic: Hash256) -> None:
        self.extrinsic = extrinsic
        super().__init__(f"extrinsic {extrinsic} was refused a short while ago")


class TooLowPriority(PoolRefusal):
    """Another extrinsic of the signer has this nonce and pays as much."""

    slug = "extrinsic-priority-too-low"

    def __init__(self, old: int, new: int) -> None:
        self.old, self.new = old, new
        super().__init__(f"another one with this nonce has priority {old}, this one {new}")


class PoolFull(PoolRefusal):
    """No room is left."""

    slug = "extrinsic-pool-full"
    status = 503

    def __init__(self) -> None:
        super().__init__("as many extrinsics wait as may")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One extrinsic: what decides when it may come. `dies_at` is the first block it is too old for, None for never."""

    hash: Hash256
    raw: bytes
    signer: bytes
    nonce: int
    tip: int
    dies_at: int | None


class Pool:
    """What waits, by its hash and by (signer, nonce); times are seconds of any clock that runs forward."""

    def __init__(self, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._entries_max, self._bytes_max = entries_max, bytes_max
        self._by_hash = dict[Hash256, Waiting]()
        self._by_nonce = dict[tuple[bytes, int], Waiting]()
        self._banned = dict[Hash256, float]()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._by_hash.values())

    def require_new(self, extrinsic: Hash256, now_s: float) -> None:
        """AlreadyPooled, or Banned: to be asked before anything dear is done."""
        if extrinsic in self._by_hash:
            raise AlreadyPooled(extrinsic)
        if self._banned.get(extrinsic, now_s) > now_s:
            raise Banned(extrinsic)

    def add(self, waiting: Waiting) -> Waiting | None:
        """Take an extrinsic; the one whose place it took. TooLowPriority or PoolFull."""
        place = (waiting.signer, waiting.nonce)
        old = self._by_nonce.get(place)
        if old is not None and old.tip >= waiting.tip:
            raise TooLowPriority(old.tip, waiting.tip)
        if old is not None:
            self.remove(old.hash)
        elif len(self) >= self._entries_max or self._bytes + len(waiting.raw) > self._bytes_max:
            raise PoolFull
        self._by_hash[waiting.hash] = self._by_nonce[place] = waiting
        self._bytes += len(waiting.raw)
        return old

    def remove(self, extrinsic: Hash256) -> Waiting | None:
        """Let one go; None when it is not here."""
        waiting = self._by_hash.pop(extrinsic, None)
        if waiting is not None:
            del self._by_nonce[waiting.signer, waiting.nonce]
            self._bytes -= len(waiting.raw)
        return waiting

    def ban(self, extrinsic: Hash256, now_s: float) -> None:
        """Do not look at this one for a while."""
        if len(self._banned) >= BANNED_MAX:
            self._banned = {banned: until for banned, until in self._banned.items() if until > now_s}
            while len(self._banned) >= BANNED_MAX:
                self._banned.pop(next(iter(self._banned)))
        self._banned[extrinsic] = now_s + BANNED_S

    def next_nonce(self, signer: bytes, state_nonce: int) -> int:
        """The first nonce from the account's own on that nothing waits with."""
        nonce = state_nonce
        while (signer, nonce) in self._by_nonce:
            nonce += 1
        return nonce

    def ready(self, nonce_of: Callable[[bytes], int]) -> list[Waiting]:
        """What may come into the next block, each signer's in the order of their nonces; dearer signers first."""
        nonces = dict[bytes, int]()
        for waiting in self._by_hash.values():
            if waiting.signer not in nonces:
                nonces[waiting.signer] = nonce_of(waiting.signer)
        chains = [self._run(signer, nonce) for signer, nonce in nonces.items()]
        chains = [chain for chain in chains if chain]
        return [waiting for chain in sorted(chains, key=lambda chain: -chain[0].tip) for waiting in chain]

    def outlived(self, number: int) -> list[Waiting]:
        """What is too old for block `number` and later ones."""
        return [
            waiting for waiting in self._by_hash.values() if waiting.dies_at is not None and number >= waiting.dies_at
        ]

    def _run(self, signer: bytes, nonce: int) -> list[Waiting]:
        run = []
        while (waiting := self._by_nonce.get((signer, nonce))) is not None:
            run.append(waiting)
            nonce += 1
        return run
