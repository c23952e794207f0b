"""The form an enrolment must have: names people can tell apart, prefixes that mean what they say, sane limits."""

import unicodedata

from edge_node.trust.device import Enrolment, Role, StatusChange
from edge_node.trust.device_errors import MalformedDevice

NAME_MAX_CHARACTERS = 64  # fits a table column in an 80-column terminal
NOTE_MAX_CHARACTERS = 256  # a sentence or two; longer text belongs in the operator's own records
STREAMS_MAX = 32  # prefixes are walked on every decision: 32 keep it under the promised 10 us
INTEGER_MAX = 2**63 - 1  # SQLite's largest integer


def check_enrolment(change: Enrolment) -> None:
    """Raise MalformedDevice naming the first field that breaks a rule."""
    _check_text("name", change.name, least=1, most=NAME_MAX_CHARACTERS)
    _check_text("note", change.note, least=0, most=NOTE_MAX_CHARACTERS)
    _check_roles(change)
    _check_streams(change.streams)
    _check_number("time", change.t_ms)
    for field in ("late_max_s", "bytes_per_day_max"):
        value: int | None = getattr(change, field)
        if value is not None:
            _check_number(field, value)


def check_status_change(change: StatusChange) -> None:
    """Raise MalformedDevice unless the note could stand in a table and the time in a column."""
    _check_text("note", change.note, least=0, most=NOTE_MAX_CHARACTERS)
    _check_number("time", change.t_ms)


def name_key(name: str) -> str:
    """The form under which names are compared: `Pump` and `pump`, or a ligature and its letters, are one name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _check_text(field: str, text: str, *, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise MalformedDevice(field, f"wants {least} to {most} characters, got {len(text)}")
    # isprintable is false for control, format (with every bidirectional override and zero-width character),
    # surrogate, private and unassigned code points and for separators other than the plain space: all that could
    # reorder or hide part of a line in a terminal or a log.
    if not text.isprintable():
        raise MalformedDevice(field, "holds a control, bidirectional or invisible character")
    if text != text.strip():
        raise MalformedDevice(field, "begins or ends with a space")


def _check_roles(change: Enrolment) -> None:
    if not change.roles:
        raise MalformedDevice("roles", "wants at least one role")
    # An operator holds every verb on the whole vault, so prefixes beside it would promise a limit nobody keeps.
    if Role.OPERATOR in change.roles and change.streams:
        raise MalformedDevice("streams", "an operator's rights cannot be narrowed to streams")


def _check_streams(streams: tuple[str, ...]) -> None:
    if len(streams) > STREAMS_MAX:
        raise MalformedDevice("streams", f"wants at most {STREAMS_MAX} prefixes, got {len(streams)}")
    for prefix in streams:
        if not all(prefix.split("/")):
            raise MalformedDevice("streams", f"the prefix {prefix!r} has an empty segment")


def _check_number(field: str, value: int) -> None:
    if not 0 <= value <= INTEGER_MAX:
        raise MalformedDevice(field, f"wants 0 to {INTEGER_MAX}, got {value}")
