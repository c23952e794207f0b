"""The last resort of a shutdown: rooms that do not end are left behind with the whole process."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from edge_node.base.log import get_log

HUNG_EXIT_CODE = 71  # EX_OSERR of sysexits.h: mostly a disk or a device that does not answer


def end_process(rooms: Sequence[str]) -> NoReturn:
    """Name the rooms that hang in the log and leave at once with HUNG_EXIT_CODE, without a word to anybody else.

    Nothing acknowledged is lost: it was durable before, and the log is recovered at the next start. A thread inside a
    system call cannot be ended in any other way, and a service manager would only wait longer before it kills.
    """
    get_log("supervise").critical(
        "process.abandoned",
        services=list(rooms),
        exit_code=HUNG_EXIT_CODE,
        remedy="Look for a disk or device that does not answer; the log is recovered at the next start.",
    )
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a reader that is gone must not keep the process
            stream.flush()
    os._exit(HUNG_EXIT_CODE)
