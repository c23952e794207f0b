"""docs/log-events.md: every event the node logs, read from the calls in the source, with its meaning."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_node.base.log_events import MEANINGS

ROOT = Path(__file__).parents[2]
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"} | {
    "critical": "critical"
}
ORDER = ("debug", "info", "warning", "error", "critical")
OURS = frozenset({"exc_info"})  # becomes a traceback

HEADING = """# Log events

Made by `make docs` from the log calls and from `edge_node/base/log_events.py`; a test fails when it is stale.

The node writes one event a line to standard error: JSON when that is no terminal (journald keeps it so), a readable
form on a terminal. Every line has `timestamp`, `level`, `room` and `event`, named `noun.verb_past`; `exception` is a
traceback without values. Values longer than 1,024 characters are cut and say so; bytes are only counted. Keys, tokens
and payloads never stand in the log: a key is told by its first eight hex digits. The newest 5,000 entries are kept in
memory for the operator's doors. The setting `log.level` is the lowest level shown; it changes while the node runs.

"""


@dataclass(frozen=True, slots=True)
class LogCall:
    """One log call in the source; `event` is None when it is no literal, `open_ended` when fields come by `**`."""

    place: str
    room: str
    levels: frozenset[str]
    event: str | None
    fields: frozenset[str]
    traceback: bool
    open_ended: bool


@dataclass(slots=True)
class LogEvent:
    """One event as all its calls say it."""

    rooms: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def all_calls(package: Path = ROOT / "edge_node") -> list[LogCall]:
    """Every log call of a source tree."""
    return [call for path in sorted(package.rglob("*.py")) for call in calls_in(path)]


def calls_in(path: Path) -> Iterator[LogCall]:
    """The log calls of one module: on what `get_log` gave, or on a choice of its methods."""
    tree = ast.parse(path.read_text())
    rooms = dict(_loggers(tree))
    if not rooms:
        return
    aliases = dict(_aliases(tree, rooms))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (found := _target(node.func, rooms, aliases)) is not None:
            room, levels = found
            yield _call(f"{path.name}:{node.lineno}", room, levels, node)


def events(calls: list[LogCall]) -> Mapping[str, LogEvent]:
    """The calls gathered by event."""
    gathered: dict[str, LogEvent] = {}
    for call in calls:
        event = gathered.setdefault(call.event or "", LogEvent())
        event.rooms.add(call.room)
        event.levels |= call.levels
        event.fields |= call.fields | ({"exception"} if call.traceback else set())
    return dict(sorted(gathered.items()))


def render() -> str:
    """The page."""
    lines = [HEADING, "| event | level | room | fields | meaning |\n|---|---|---|---|---|\n"]
    for name, event in events(all_calls()).items():
        levels = ", ".join(sorted(event.levels, key=ORDER.index))
        fields = ", ".join(f"`{one}`" for one in sorted(event.fields))
        meaning = MEANINGS.get(name, "")  # its absence is red in tests, with better words than a KeyError's
        lines.append(f"| `{name}` | {levels} | {', '.join(sorted(event.rooms))} | {fields} | {meaning} |\n")
    return "".join(lines)


def _loggers(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names and attributes that hold a logger, with its room; `get_log("room")` itself too."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(
                targets=[ast.Name() | ast.Attribute() as target],
                value=ast.Call(func=ast.Name(id="get_log"), args=[ast.Constant(value=str(room))]),
            ):
                yield ast.unparse(target), room
            case ast.Call(func=ast.Name(id="get_log"), args=[ast.Constant(value=str(room))]):
                yield ast.unparse(node), room


def _aliases(tree: ast.AST, rooms: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, frozenset[str]]]]:
    """`say = log.error if grave else log.warning`: a name for one of several methods."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.IfExp(body=body, orelse=orelse)):
                found = [one for part in (body, orelse) if (one := _target(part, rooms, {})) is not None]
                if found:
                    yield name, (found[0][0], frozenset().union(*(levels for _, levels in found)))


def _target(
    func: ast.expr, rooms: Mapping[str, str], aliases: Mapping[str, tuple[str, frozenset[str]]]
) -> tuple[str, frozenset[str]] | None:
    match func:
        case ast.Attribute(value=value, attr=attr) if attr in LEVELS and ast.unparse(value) in rooms:
            return rooms[ast.unparse(value)], frozenset({LEVELS[attr]})
        case ast.Name(id=name):
            return aliases.get(name)
    return None


def _call(place: str, room: str, levels: frozenset[str], node: ast.Call) -> LogCall:
    first = node.args[0] if len(node.args) == 1 else None
    event = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    names = frozenset(keyword.arg for keyword in node.keywords if keyword.arg is not None)
    traceback = bool(names & OURS) or (isinstance(node.func, ast.Attribute) and node.func.attr == "exception")
    open_ended = any(keyword.arg is None for keyword in node.keywords)
    return LogCall(place, room, levels, event, names - OURS, traceback, open_ended)
