"""Further pairs of DDC doors as settings spell them: `storage grpc=127.0.0.1:9092 http=127.0.0.1:8092` (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from edge_node.settings.address import ListenAddress, parse_listen

Mode = Literal["full", "storage", "cache"]
"""What a pair of doors is to a cluster; a cache takes no writes."""

MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPair:
    """One more node to look at, over the same store: an address for gRPC, one for HTTP, or both."""

    mode: Mode
    grpc: ListenAddress | None = None
    http: ListenAddress | None = None


def parse_pair(text: str) -> DoorPair:
    """Read one pair; ValueError says what is wrong."""
    mode, *terms = text.split() or [""]
    for known in MODES:
        if mode == known:
            break
    else:
        raise ValueError(f"{mode!r} is not one of {', '.join(MODES)}")
    found: dict[str, ListenAddress] = {}
    for term in terms:
        name, _, address = term.partition("=")
        if name not in {"grpc", "http"}:
            raise ValueError(f"{term!r} is not grpc= or http= and an address")
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = parse_listen(address)
    if not found:
        raise ValueError(f"{text.strip()!r} names no address")
    return DoorPair(mode=known, **found)


def parse_pairs(texts: Iterable[str]) -> tuple[DoorPair, ...]:
    """Read all pairs, in their order; ValueError for the first wrong one."""
    return tuple(parse_pair(text) for text in texts)
