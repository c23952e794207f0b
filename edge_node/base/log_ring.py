"""The newest log entries in memory, as plain values: what the operator's doors show of the log."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from edge_node.base.clock import SystemClock
from edge_node.base.log_text import NAME_MAX_CHARS, bound_value, cut
from edge_node.base.ring import Ring

ENTRIES = 5_000  # days of a quiet node, minutes of a troubled one; some 3 MB, and 60 MB if each were a long traceback
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_ELSEWHERE = frozenset({"event", "level", "room", "timestamp"})  # have a place of their own in an entry


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: `t_ms` is milliseconds UTC, `fields` are texts of bounded length."""

    sequence: int
    t_ms: int
    level: str
    room: str
    event: str
    fields: Mapping[str, str]


class LogRing(Ring[LogEntry]):
    """Keeps entries as a structlog processor; holds what the log's line holds, and nothing else."""

    def __init__(self, size: int = ENTRIES) -> None:
        super().__init__(size)
        self._clock = SystemClock()

    def __call__(self, _logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Keep one entry and hand it on; after `log_text.bound_entry`, in any thread."""
        t_ms, level, room = self._clock.now_ms(), str(entry.get("level", "info")), str(entry.get("room", ""))
        event = cut(str(entry.get("event", "")), NAME_MAX_CHARS)
        fields = {name: _text(value) for name, value in entry.items() if name not in _ELSEWHERE}
        self.put(lambda sequence: LogEntry(sequence, t_ms, level, room, event, fields))
        return entry

    def since(self, sequence: int = 0, level: str = "debug", room: str = "", limit: int = 1_000) -> list[LogEntry]:
        """At most `limit` entries beyond `sequence`, the oldest first: of this level or graver, of one room or all.

        KeyError for a level there is not. Ask on from the last one's sequence; where `first` has passed a cursor,
        entries are gone.
        """
        lowest, found = LEVELS[level], []
        for entry in self.after(sequence):
            if LEVELS.get(entry.level, 0) >= lowest and room in ("", entry.room):
                found.append(entry)
                if len(found) >= limit:
                    break
        return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(bound_value(value))


LOG_RING = LogRing()
