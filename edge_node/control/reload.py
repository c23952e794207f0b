"""The settings of a running node: what is in force, what waits for a restart, and the one way to take over a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.control.errors import BadSettingsFile, CommandUnavailable
from edge_node.settings import Loaded, Settings, SettingsError, Source
from edge_node.settings.changes import Change, changes, merged
from edge_node.settings.validate import validate

Adopt = Callable[[], None]
Prepare = Callable[[Settings], Adopt]

log = get_log("control")


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of reading the settings again."""

    changed: Sequence[Change]
    pending: Sequence[Change]
    applied_ms: int


class SettingsDesk:
    """Holds the snapshot a node runs with.

    `read` loads file and environment anew (blocking); without it there is nothing to apply. `prepare` does what may
    be refused or take time (certificates; blocking) and answers what puts it in force. `rooms` take the new snapshot
    and must not refuse it; they are called on the loop, without a checkpoint between them.
    """

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        *,
        read: Callable[[], Loaded] | None = None,
        prepare: Prepare = lambda _settings: _nothing,
        rooms: Sequence[Callable[[Settings], None]] = (),
    ) -> None:
        self.running, self.file = loaded.settings, loaded.file
        self.sources: Mapping[str, Source] = loaded.sources
        self.pending: Mapping[str, Change] = {}
        self.applied_ms = clock.now_ms()
        self._clock, self._read, self._prepare, self._rooms = clock, read, prepare, rooms
        self._told: list[Callable[[Applied], None]] = []

    def on_applied(self, callback: Callable[[Applied], None]) -> None:
        """Call `callback` after each time that settings were applied."""
        self._told.append(callback)

    @property
    def unavailable(self) -> str:
        """Why nothing can be applied; empty when something can."""
        return "" if self._read is not None else "this node was not started from a settings file"

    async def look(self) -> list[Change]:
        """What applying would change; BadSettingsFile when the file cannot be applied."""
        loaded, _, _ = await self._load()
        return changes(self.running, loaded)

    async def apply(self) -> Applied:
        """Read again and take over what can change while running; BadSettingsFile, with nothing changed."""
        loaded, snapshot, adopt = await self._load()
        found = changes(self.running, loaded)
        done, waiting = [one for one in found if one.live], [one for one in found if not one.live]
        adopt()
        for take in self._rooms:
            take(snapshot)
        self.running, self.file = snapshot, loaded.file
        self.pending = {one.name: one for one in waiting}
        self.sources = {
            name: self.sources.get(name, source) if name in self.pending else source
            for name, source in loaded.sources.items()
        }
        self.applied_ms = self._clock.now_ms()
        log.info("settings.applied", changed=[one.name for one in done], pending=[one.name for one in waiting])
        applied = Applied(done, waiting, self.applied_ms)
        for callback in self._told:
            callback(applied)
        return applied

    async def _load(self) -> tuple[Loaded, Settings, Adopt]:
        if self._read is None:
            raise CommandUnavailable("settings.apply", self.unavailable)
        return await offload(self._load_blocking, self._read, limiter=FILE)

    def _load_blocking(self, read: Callable[[], Loaded]) -> tuple[Loaded, Settings, Adopt]:
        try:
            loaded = read()
            snapshot = merged(self.running, loaded.settings)
            # A new live value beside an old one that waits for a restart: each file is right, their mixture may not be.
            validate(Loaded(snapshot, loaded.sources, loaded.file))
            return loaded, snapshot, self._prepare(snapshot)
        except SettingsError as error:
            raise BadSettingsFile(error.where, str(error), error.remedy) from error
        except EdgeNodeError as error:
            raise BadSettingsFile(self.file, str(error), error.remedy) from error
        except OSError as error:
            raise BadSettingsFile(self.file, str(error), "Check the files that the settings name.") from error


def _nothing() -> None:
    """There is nothing to put in force."""
