"""Changes of GRANDPA's authorities as headers announce them: digest items of engine FRNK (Substrate, ConsensusLog)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_node.chain_light.authorities import Authority, encode_authorities, read_authorities
from edge_node.chain_light.header import GRANDPA, DigestItem, DigestKind, Header
from edge_node.wire.scale import Scale, uint


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The next set, which takes over when the block `delay` above the announcing one is finalized by this set."""

    authorities: tuple[Authority, ...]
    delay: int


@dataclass(frozen=True, slots=True)
class Forced:
    """The next set, which takes over on import and without the old set's signature.

    `median` is the median of what the voters knew to be final.
    """

    median: int
    change: Scheduled


@dataclass(frozen=True, slots=True)
class Disabled:
    """The authority at `index` shall be silent until the set changes."""

    index: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Voting stops after `delay` blocks."""

    delay: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Voting goes on after `delay` blocks."""

    delay: int


Change = Scheduled | Forced | Disabled | Pause | Resume

_SCHEDULED: Final = 1
_FORCED: Final = 2
_DISABLED: Final = 3
_PAUSE: Final = 4
_RESUME: Final = 5


def _read_scheduled(scale: Scale) -> Scheduled:
    return Scheduled(read_authorities(scale), scale.u32())


_READERS: Final[Mapping[int, Callable[[Scale], Change]]] = {
    _SCHEDULED: _read_scheduled,
    _FORCED: lambda scale: Forced(scale.u32(), _read_scheduled(scale)),
    _DISABLED: lambda scale: Disabled(scale.u64()),
    _PAUSE: lambda scale: Pause(scale.u32()),
    _RESUME: lambda scale: Resume(scale.u32()),
}


def changes_of(header: Header) -> tuple[Change, ...]:
    """What a header announces, in order; MalformedScale for an announcement that is none.

    Kinds that did not exist when this was written are passed over, as older nodes pass them over.
    """
    read = (_read_change(payload) for payload in header.payloads(DigestKind.CONSENSUS, GRANDPA))
    return tuple(change for change in read if change is not None)


def set_change_of(header: Header) -> Scheduled | Forced | None:
    """What a header does to the set: its forced change, else the first that is scheduled, as nodes choose."""
    changes = changes_of(header)
    forced = next((change for change in changes if isinstance(change, Forced)), None)
    return forced or next((change for change in changes if isinstance(change, Scheduled)), None)


def change_item(change: Change) -> DigestItem:
    """The digest item that announces a change."""
    return DigestItem(DigestKind.CONSENSUS, GRANDPA, _encode_change(change))


def _read_change(payload: bytes) -> Change | None:
    scale = Scale(payload)
    reader = _READERS.get(scale.u8())
    if reader is None:
        return None
    change = reader(scale)
    scale.end()
    return change


def _encode_change(change: Change) -> bytes:
    match change:
        case Scheduled(authorities, delay):
            return bytes((_SCHEDULED,)) + encode_authorities(authorities) + uint(delay, 4)
        case Forced(median, Scheduled(authorities, delay)):
            return bytes((_FORCED,)) + uint(median, 4) + encode_authorities(authorities) + uint(delay, 4)
        case Disabled(index):
            return bytes((_DISABLED,)) + uint(index, 8)
        case Pause(delay):
            return bytes((_PAUSE,)) + uint(delay, 4)
        case Resume(delay):
            return bytes((_RESUME,)) + uint(delay, 4)
