"""Logs are events: `noun.verb_past` with data, JSON lines or a terminal's form on standard error, and kept in memory.

Every event has its row in `base/log_events.py`; docs/log-events.md is made from it.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from edge_node.base.log_ring import LOG_RING
from edge_node.base.log_text import bound_entry, inert

Log = structlog.stdlib.BoundLogger


def _make_inert(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in entry.items():
        if isinstance(value, str) and name != "exception":
            entry[name] = inert(value)
    if isinstance(traceback := entry.get("exception"), str):
        entry["exception"] = "\n".join(inert(line) for line in traceback.split("\n"))
    return entry


# Tracebacks are plain in both: the coloured kind prints local variables, and keys may be among them.
_FOR_TERMINALS = (_make_inert, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback))
_FOR_MACHINES = (structlog.processors.JSONRenderer(),)  # JSON escapes what a terminal would obey


def configure(level: str = "info", form: Literal["auto", "json", "console"] = "auto") -> None:
    """Set up structlog once per process; `auto` is console on a terminal and JSON elsewhere."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            bound_entry,
            LOG_RING,
            *(_FOR_TERMINALS if console else _FOR_MACHINES),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,  # so that `set_level` reaches every logger there is
    )
    set_level(level)


def set_level(level: str) -> None:
    """Log from `level` on (debug, info, warning, error), in every room at once, from now; KeyError for another word."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(number))


def get_log(room: str) -> Log:
    """A logger bound to a room's name."""
    log: Log = structlog.get_logger(room=room)
    return log
