"""Who sends how much, and what is refused: figures of the last seconds per stream and device (pure).

`note` is called for every stored body and costs two look-ups; whoever shows the figures calls `turn` once a second.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from edge_node.base.ids import PublicKey, StreamName, VaultId

WINDOW_TURNS = 5  # rates are over so many seconds: steady enough to read, quick enough to see a sensor fall silent
REFUSED_MAX = 1_000  # streams and keys whose refusals are counted: their names are claims of whoever asks

Place = tuple[VaultId, StreamName]


@dataclass(frozen=True, slots=True)
class Rates:
    """Means over the window, a second."""

    bodies: float = 0.0
    events: float = 0.0
    bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A device's newest stored body; `at_ms` is the node's time."""

    at_ms: int
    stream: StreamName
    seq: int


@dataclass(frozen=True, slots=True)
class RefusedCount:
    """How many were refused, and the last of them."""

    count: int
    slug: str
    at_ms: int
    detail: str


class Flows:
    """Sums per name of the present second and of the seconds in the window."""

    def __init__(self) -> None:
        self._present: dict[Hashable, list[int]] = {}
        self._past: deque[tuple[dict[Hashable, list[int]], float]] = deque(maxlen=WINDOW_TURNS)

    def add(self, name: Hashable, events: int, size: int) -> None:
        """One body more."""
        sums = self._present.get(name)
        if sums is None:
            self._present[name] = [1, events, size]
        else:
            sums[0] += 1
            sums[1] += events
            sums[2] += size

    def turn(self, seconds: float) -> Iterable[Hashable]:
        """The present second is over and took `seconds`; the names whose rates this changes."""
        leaving = self._past[0][0] if len(self._past) == WINDOW_TURNS else {}
        self._past.append((self._present, max(seconds, 1e-3)))
        changed = leaving.keys() | self._present.keys()
        self._present = {}
        return changed

    def rates(self, name: Hashable) -> Rates:
        """The means of one name."""
        seconds = sum(took for _, took in self._past)
        found = [sums[name] for sums, _ in self._past if name in sums]
        if not found:
            return Rates()
        bodies, events, size = (sum(column) / seconds for column in zip(*found, strict=True))
        return Rates(bodies, events, size)


class Traffic:
    """Figures per stream and per device since the node started. On the loop."""

    def __init__(self) -> None:
        self._streams, self._devices, self._all = Flows(), Flows(), Flows()
        self._seen: dict[PublicKey, Seen] = {}
        self._refused: dict[Hashable, RefusedCount] = {}
        self.changed_streams: set[Place] = set()  # since whoever watches took them; bounded by the streams there are
        self.changed_devices: set[PublicKey] = set()
        self.watched = False
        self.bodies = self.events = self.bytes = 0  # stored since the start

    def note(
        self, vault: VaultId, stream: StreamName, key: PublicKey, seq: int, events: int, size: int, at_ms: int
    ) -> None:
        """A body was stored."""
        place = (vault, stream)
        self._streams.add(place, events, size)
        self._devices.add(key, events, size)
        self._all.add(None, events, size)
        self._seen[key] = Seen(at_ms, stream, seq)
        self.bodies += 1
        self.events += events
        self.bytes += size
        if self.watched:
            self.changed_streams.add(place)
            self.changed_devices.add(key)

    def note_refusal(
        self, vault: VaultId, stream: StreamName, key: PublicKey, slug: str, detail: str, at_ms: int
    ) -> None:
        """A body was refused. Stream and key are what the asker claimed."""
        for name in ((vault, stream), key):
            former = self._refused.get(name)
            if former is None and len(self._refused) >= REFUSED_MAX:
                continue
            self._refused[name] = RefusedCount(former.count + 1 if former else 1, slug, at_ms, detail)
        if self.watched:
            self.changed_streams.add((vault, stream))
            self.changed_devices.add(key)

    def remember(self, seen: Iterable[tuple[PublicKey, Seen]]) -> None:
        """Take over what the index knows from before the start, where nothing newer is known."""
        for key, one in seen:
            if key not in self._seen:
                self._seen[key] = one
                self.changed_devices.add(key)

    def turn(self, seconds: float) -> None:
        """A second is over."""
        self._all.turn(seconds)
        streams, devices = self._streams.turn(seconds), self._devices.turn(seconds)
        if self.watched:
            self.changed_streams.update(streams)  # type: ignore[arg-type]  # the names put in above
            self.changed_devices.update(devices)  # type: ignore[arg-type]

    def stream_rates(self, vault: VaultId, stream: StreamName) -> Rates:
        """What comes in on one stream."""
        return self._streams.rates((vault, stream))

    def device_rates(self, key: PublicKey) -> Rates:
        """What one device sends."""
        return self._devices.rates(key)

    def rates(self) -> Rates:
        """What comes in, in all."""
        return self._all.rates(None)

    def seen(self, key: PublicKey) -> Seen | None:
        """A device's newest stored body."""
        return self._seen.get(key)

    def seen_since(self, at_ms: int) -> int:
        """How many devices sent something since `at_ms`."""
        return sum(1 for seen in self._seen.values() if seen.at_ms >= at_ms)

    def refused(self, name: Place | PublicKey) -> RefusedCount | None:
        """What was refused under a stream or a key; None if nothing was (or it was too late to be counted)."""
        return self._refused.get(name)
