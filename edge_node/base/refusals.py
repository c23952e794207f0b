"""The newest refusals in memory: what was refused, to whom, why, and what to do; no payload."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.base.clock import SystemClock
from edge_node.base.counters import REFUSALS
from edge_node.base.log_text import cut
from edge_node.base.ring import Ring

KEPT = 500  # minutes of a device that tries in vain; counts go on for ever
TEXT_MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class Asker:
    """Who was refused: `peer` is an address, `key` the shortened key as it was claimed (nothing says it is theirs)."""

    peer: str = ""
    key: str = ""
    door: str = ""


NOBODY = Asker()


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal; `t_ms` is milliseconds UTC, `status` in HTTP terms whatever the door."""

    sequence: int
    t_ms: int
    slug: str
    status: int
    title: str
    detail: str
    remedy: str
    peer: str
    key: str
    door: str


class RefusalRing(Ring[Refused]):
    """Keeps refusals."""

    def __init__(self, size: int = KEPT) -> None:
        super().__init__(size)
        self._clock = SystemClock()

    def note(self, slug: str, status: int, detail: str, remedy: str, asker: Asker = NOBODY) -> None:
        """Count a refusal under its slug and keep it. Any thread."""
        REFUSALS.labels(slug).inc()
        t_ms, title = self._clock.now_ms(), title_of(slug)
        detail, remedy = cut(detail, TEXT_MAX_CHARS), cut(remedy, TEXT_MAX_CHARS)
        self.put(
            lambda sequence: Refused(
                sequence, t_ms, slug, status, title, detail, remedy, asker.peer, asker.key, asker.door
            )
        )

    def since(self, sequence: int = 0, slug: str = "", limit: int = KEPT) -> list[Refused]:
        """At most `limit` refusals beyond `sequence`, the oldest first; of one slug, or of all."""
        return [one for one in self.after(sequence) if slug in ("", one.slug)][:limit]


def counts() -> Mapping[str, int]:
    """Refusals since the process started, by slug."""
    return {
        sample.labels["slug"]: int(sample.value)
        for metric in REFUSALS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


def title_of(slug: str) -> str:
    """A slug in words."""
    return slug.replace("-", " ").capitalize()


REFUSAL_RING = RefusalRing()
