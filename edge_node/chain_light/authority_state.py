"""What a node knows of GRANDPA's sets, as a chain spec's `lightSyncState` holds it (grandpaAuthoritySet, SCALE).

The answer of `sync_state_genSyncSpec`, which an operator asks their own node for: nothing in it proves itself.
"""

from dataclasses import dataclass
from typing import Final

from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.authorities import AuthoritySet, read_authorities
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.wire.scale import MalformedScale, Scale

STATE_BYTES_MAX: Final = 4 * MIB  # Polkadot's, of 600 authorities and 2,755 changes of set, is 57 KB
NESTING_MAX: Final = 16  # of announcements that wait for one another: a chain allows one
_HASH_BYTES: Final = 32
_CHANGE_BYTES_MIN: Final = 1 + 4 + 4 + _HASH_BYTES + 1
_NODE_BYTES_MIN: Final = _HASH_BYTES + 4 + _CHANGE_BYTES_MIN + 1


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change that block `number` announced, on whatever fork; `then` were announced above it."""

    hash: Hash256
    number: int
    change: Scheduled | Forced
    then: tuple["Announcement", ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityState:
    """The set that votes, what is announced, and the last block of each set before, by set id."""

    voters: AuthoritySet
    standard: tuple[Announcement, ...]
    forced: tuple[Announcement, ...]
    best_finalized: int | None
    set_changes: tuple[tuple[int, int], ...]


def decode_authority_state(raw: bytes) -> AuthorityState:
    """The state that `raw` is the encoding of, all of it; MalformedScale or UnfitAuthorities otherwise."""
    if len(raw) > STATE_BYTES_MAX:
        raise MalformedScale(f"a state of authorities above {STATE_BYTES_MAX} bytes", 0)
    scale = Scale(raw)
    authorities = read_authorities(scale)
    voters = AuthoritySet(scale.u64(), authorities)
    standard = tuple(_read_node(scale, NESTING_MAX) for _ in range(scale.length(_NODE_BYTES_MIN)))
    best_finalized = scale.u32() if scale.flag() else None
    forced = tuple(_read_announcement(scale) for _ in range(scale.length(_CHANGE_BYTES_MIN)))
    set_changes = tuple((scale.u64(), scale.u32()) for _ in range(scale.length(8 + 4)))
    scale.end()
    return AuthorityState(voters, standard, forced, best_finalized, set_changes)


def _read_node(scale: Scale, nesting_left: int) -> Announcement:
    """One node of the tree of announcements: its block, once more within the change, and what hangs below it."""
    start = scale.at
    block = (Hash256(scale.take(_HASH_BYTES)), scale.u32())
    announced = _read_announcement(scale)
    if block != (announced.hash, announced.number):
        raise MalformedScale("an announcement of another block than its own", start)
    count = scale.length(_NODE_BYTES_MIN)
    if count and not nesting_left:
        raise MalformedScale(f"announcements nested deeper than {NESTING_MAX}", start)
    then = tuple(_read_node(scale, nesting_left - 1) for _ in range(count))
    return Announcement(*block, announced.change, then)


def _read_announcement(scale: Scale) -> Announcement:
    scheduled = Scheduled(read_authorities(scale), scale.u32())
    number, block = scale.u32(), Hash256(scale.take(_HASH_BYTES))
    change = Forced(scale.u32(), scheduled) if scale.flag() else scheduled
    return Announcement(block, number, change)
