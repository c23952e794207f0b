"""The ring of live frames: numbered, bounded, each encoded once for operators and once for viewers (pure)."""

import re
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from edge_node.base.limits import KIB, MIB
from edge_node.control.payload import Standing, encode_for
from edge_node.wire.sse import encode_event

TOPICS = ("node", "streams", "devices", "pieces", "logs", "refusals", "commands", "progress", "settings", "chain")
NEWEST_ONLY = frozenset({"node", "pieces", "chain"})  # whole documents: an older one says nothing more
FRAMES_MAX, BYTES_MAX = 1_024, 8 * MIB  # two minutes at the usual pace: longer than a link takes to come back
BATCH_BYTES = 256 * KIB  # what one reader holds at most between ring and socket

_ID = re.compile(r"([0-9a-f]{16})-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it goes over the wire, per standing."""

    number: int
    topic: str
    bytes: dict[Standing, bytes]


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a reader begins: after frame `cursor`; `reason` says why it must fetch everything, empty if it need not."""

    cursor: int
    reason: str


class EventRing:
    """The newest frames of one life of the node. Numbers begin at 1 and have no gaps."""

    def __init__(self, boot: str, frames_max: int = FRAMES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.boot = boot
        self._frames: deque[Frame] = deque()
        self._frames_max, self._bytes_max, self._bytes = frames_max, bytes_max, 0
        self.last = 0

    @property
    def first(self) -> int:
        """The number of the oldest frame kept, or of the next one to come."""
        return self.last - len(self._frames) + 1

    def put(self, topic: str, data: Any) -> None:
        """Append a frame; the oldest go when it is too much."""
        self.last += 1
        number = f"{self.boot}-{self.last}"
        encoded = {}
        for one in Standing:
            said = {**data, "access": str(one)} if topic == "node" else data
            encoded[one] = encode_event(encode_for(one, said), id=number, event=topic)
        self._frames.append(Frame(self.last, topic, encoded))
        self._bytes += _weight(self._frames[-1])
        while len(self._frames) > self._frames_max or (self._bytes > self._bytes_max and len(self._frames) > 1):
            self._bytes -= _weight(self._frames.popleft())

    def clear(self) -> None:
        """Forget all frames: who resumes from here on missed something."""
        self.last += 1
        self._frames.clear()
        self._bytes = 0

    def resume(self, last_id: str | None) -> Resumption:
        """Where a reader with that Last-Event-ID (None: a new one) goes on."""
        if last_id is None:
            return Resumption(self.last, "")
        found = _ID.fullmatch(last_id)
        if found is None or found[1] != self.boot:
            return Resumption(self.last, "restarted")
        number = int(found[2])
        if not self.first - 1 <= number <= self.last:
            return Resumption(self.last, "expired")
        return Resumption(number, "")

    def since(self, cursor: int) -> Sequence[Frame] | None:
        """The frames after number `cursor`; None when some of them are gone."""
        if cursor < self.first - 1:
            return None
        return list(islice(self._frames, cursor - self.first + 1, None))


def _weight(frame: Frame) -> int:
    return sum(map(len, frame.bytes.values()))


def batch(frames: Sequence[Frame], topics: Collection[str], standing: Standing) -> tuple[bytes, int]:
    """What a reader of `topics` is sent of `frames` at once, and the number of the last frame this covers.

    Of whole documents only the newest; at least one frame, and no more than BATCH_BYTES otherwise.
    """
    newest = {frame.topic: frame.number for frame in frames if frame.topic in NEWEST_ONLY}
    parts: list[bytes] = []
    size, covered = 0, frames[0].number - 1
    for frame in frames:
        if frame.topic in topics and newest.get(frame.topic, frame.number) == frame.number:
            data = frame.bytes[standing]
            if parts and size + len(data) > BATCH_BYTES:
                break
            parts.append(data)
            size += len(data)
        covered = frame.number
    return b"".join(parts), covered


def opening(boot: str, topics: Collection[str], standing: Standing, number: int, reason: str) -> bytes:
    """The first frame of a stream, or the one that says that everything is to be fetched again."""
    data: dict[str, Any] = {"boot": boot, "topics": list(topics), "access": str(standing)}
    if reason:
        data["reason"] = reason
    name = "reset" if reason else "hello"
    return encode_event(encode_for(standing, data), id=f"{boot}-{number}", event=name)


def ending(reason: str) -> bytes:
    """The last frame of a stream."""
    return encode_event(encode_for(Standing.VIEWER, {"reason": reason}), event="end")
