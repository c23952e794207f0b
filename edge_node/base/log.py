"""Logs are events: `noun.verb_past` with data, JSON lines or a terminal's colours on standard error."""

import logging
import sys
from typing import Literal

import structlog

Log = structlog.stdlib.BoundLogger


# Tracebacks are plain in both: the coloured kind prints local variables, and keys may be among them.
_FOR_TERMINALS = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_FOR_MACHINES = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def configure(level: str = "info", form: Literal["auto", "json", "console"] = "auto") -> None:
    """Set up structlog once per process; `auto` is console on a terminal and JSON elsewhere."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_TERMINALS if console else _FOR_MACHINES),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_log(room: str) -> Log:
    """A logger bound to a room's name."""
    log: Log = structlog.get_logger(room=room)
    return log
