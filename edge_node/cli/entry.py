"""From a command line to an exit code: the one place where errors become words."""

import os
import sys
from collections.abc import Iterator, Sequence

from cyclopts import CycloptsError

from edge_node.base.errors import EdgeNodeError
from edge_node.cli.exits import ExitCode, exit_code_of
from edge_node.cli.verbs import build_app
from edge_node.cli.words import complain, complain_of, complain_of_defect


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is its own, or that of what went wrong. `arguments` default to the process's."""
    try:
        return _run(sys.argv[1:] if arguments is None else list(arguments))
    except BrokenPipeError:
        # The reader (`| head`) has had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except BaseException as error:  # noqa: BLE001  the outermost boundary; every kind is told
        return _told(error)


def _run(arguments: Sequence[str]) -> int:
    result = build_app()(arguments)
    sys.stdout.flush()
    return result if isinstance(result, int) else ExitCode.OK


def _told(error: BaseException) -> int:
    """Say what went wrong, group or not; the gravest of its exit codes."""
    return max(_told_leaf(leaf) for leaf in _leaves(error))


def _told_leaf(error: BaseException) -> int:
    match error:
        case CycloptsError():
            complain(str(error), "Run `edge-node --help`, or the verb with --help.")
            return ExitCode.USAGE
        case EdgeNodeError():
            complain_of(error)
            return exit_code_of(error)
        case OSError():  # the machine's word, not a defect: a port in use, a path that may not be read
            complain(str(error))
            return ExitCode.REFUSED
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case SystemExit():
            return error.code if isinstance(error.code, int) else ExitCode.REFUSED
    complain_of_defect(error)
    return ExitCode.DEFECT


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
