"""Exit codes, the same for every verb."""

import enum

from edge_node.base.errors import EdgeNodeError


class ExitCode(enum.IntEnum):
    """What a script learns from `$?`."""

    OK = 0
    REFUSED = 1  # asked for and refused, or a check that does not hold
    USAGE = 2  # the command line itself
    SETTINGS = 3  # a settings file or variable
    BUSY = 4  # another process holds the data directory
    DEFECT = 70  # a fault of this program (EX_SOFTWARE of sysexits.h)
    HUNG = 71  # a room did not end when it was stopped, and was left behind: mostly a disk that does not answer
    INTERRUPTED = 130  # Ctrl-C


# By slug, so that no room is imported to know its errors.
_BY_SLUG = {"bad-settings": ExitCode.SETTINGS, "directory-in-use": ExitCode.BUSY}


def exit_code_of(error: EdgeNodeError) -> ExitCode:
    """The code for one of the product's own errors."""
    return _BY_SLUG.get(error.slug, ExitCode.REFUSED)
