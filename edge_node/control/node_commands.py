"""settings.apply, log.level, node.stop: the process itself."""

from edge_node.control.arguments import LevelArguments, NoArguments
from edge_node.control.commands import Draft, Outcome
from edge_node.control.house import House
from edge_node.control.views import change_row


class ApplySettings:
    """Read the settings again and take over what can change in a running node."""

    name, about, danger = "settings.apply", "Read the settings file again and put it in force.", False
    arguments = NoArguments

    def __init__(self, house: House) -> None:
        self._desk = house.settings

    def unavailable(self) -> str:
        """See Command."""
        return self._desk.unavailable

    async def plan(self, arguments: NoArguments) -> Draft:
        """See Command; BadSettingsFile."""
        found = await self._desk.look()
        live = sum(1 for change in found if change.live)
        return Draft(
            summary=f"Apply {self._desk.file or 'the environment'}: {live} in force at once, "
            f"{len(found) - live} at the next start."
            if found
            else "Nothing differs from what is in force; certificates are read again.",
            consequences=[str(change) for change in found],
            facts={change.name: change.now for change in found} or {"settings": "unchanged"},
        )

    async def execute(self, arguments: NoArguments) -> Outcome:
        """See Command; BadSettingsFile, with nothing changed."""
        applied = await self._desk.apply()
        return Outcome(
            {
                "changed": [change_row(change) for change in applied.changed],
                "pending": [change_row(change) for change in applied.pending],
                "applied_ms": applied.applied_ms,
            }
        )


class SetLogLevel:
    """Log more or less, until the next start."""

    name, about, danger = "log.level", "Log from another level on, until the next start or settings.apply.", False
    arguments = LevelArguments

    def __init__(self, house: House) -> None:
        self._levels = house.levels

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: LevelArguments) -> Draft:
        """See Command."""
        return Draft(
            summary=f"Log from {arguments.level} on; it is {self._levels.level} now.",
            consequences=["The settings file is not changed."],
        )

    async def execute(self, arguments: LevelArguments) -> Outcome:
        """See Command."""
        was = self._levels.level
        self._levels.set(arguments.level)
        return Outcome({"level": arguments.level, "was": was})


class StopNode:
    """Stop the node in order."""

    name, about, danger = "node.stop", "Stop the node: drain, flush, close.", True
    arguments = NoArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return "" if self._house.supervisor() is not None else "the node is starting"

    async def plan(self, arguments: NoArguments) -> Draft:
        """See Command."""
        name = self._house.settings.running.node.name
        return Draft(
            summary=f"Stop the node {name}.",
            consequences=[
                "Doors close; requests under way have a few seconds to finish.",
                "Nothing that was acknowledged is lost. Devices keep what they cannot send.",
                "It runs again when its service manager or somebody starts it.",
            ],
            danger=True,
            confirm=name,
        )

    async def execute(self, arguments: NoArguments) -> Outcome:
        """See Command. The stop begins when the answer has left."""
        supervisor = self._house.supervisor()
        return Outcome({"stopping": True}, None if supervisor is None else supervisor.stop)
