"""What the journal may do: four modes and the table of what leads from one to another."""

from dataclasses import dataclass
from enum import StrEnum

from edge_node.base.errors import LocalError


class Mode(StrEnum):
    """Reading works in all of them; only BROKEN ends the process."""

    WRITABLE = "writable"
    LOW = "low"
    READ_ONLY = "read-only"
    BROKEN = "broken"


class Turn(StrEnum):
    """What can happen to a journal."""

    SPACE_SHORT = "space-short"
    SPACE_BACK = "space-back"
    DISK_REFUSED = "disk-refused"
    REOPENED = "reopened"
    UNRECONCILED = "unreconciled"


@dataclass(frozen=True, slots=True)
class JournalState:
    """A mode, with the reason when it is not WRITABLE."""

    mode: Mode
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.mode}: {self.reason}" if self.reason else str(self.mode)


WRITABLE = JournalState(Mode.WRITABLE)

TRANSITIONS: dict[tuple[Mode, Turn], Mode] = {
    (Mode.WRITABLE, Turn.SPACE_SHORT): Mode.LOW,
    (Mode.WRITABLE, Turn.DISK_REFUSED): Mode.READ_ONLY,
    (Mode.WRITABLE, Turn.UNRECONCILED): Mode.BROKEN,
    (Mode.LOW, Turn.SPACE_SHORT): Mode.LOW,
    (Mode.LOW, Turn.SPACE_BACK): Mode.WRITABLE,
    (Mode.LOW, Turn.DISK_REFUSED): Mode.READ_ONLY,
    (Mode.LOW, Turn.UNRECONCILED): Mode.BROKEN,
    (Mode.READ_ONLY, Turn.REOPENED): Mode.WRITABLE,
    (Mode.READ_ONLY, Turn.DISK_REFUSED): Mode.READ_ONLY,
    (Mode.READ_ONLY, Turn.UNRECONCILED): Mode.BROKEN,
}


class ImpossibleTurn(LocalError):
    """Nothing of this sort can happen in that mode."""

    def __init__(self, mode: Mode, turn: Turn) -> None:
        self.mode, self.turn = mode, turn
        super().__init__(f"{turn} cannot happen to a journal that is {mode}")


def turn_state(state: JournalState, turn: Turn, reason: str = "") -> JournalState:
    """The state after `turn`; ImpossibleTurn for a pair that is not in the table."""
    try:
        mode = TRANSITIONS[state.mode, turn]
    except KeyError:
        raise ImpossibleTurn(state.mode, turn) from None
    return WRITABLE if mode is Mode.WRITABLE else JournalState(mode, reason)
