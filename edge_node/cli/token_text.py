"""Where a verb takes a DDC token from without leaving it in the shell's history: standard input, a file, a prompt."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from edge_node.base.limits import KIB
from edge_node.cli.words import say_aside

READ_MAX_CHARACTERS = 64 * KIB  # far above any token: what is longer is another file
STANDARD_INPUT = "-"

TokenArgument = Annotated[
    str,
    Parameter(
        help="`-` (the default) reads standard input or asks for it unseen; spelled out it stays in the history.",
        allow_leading_hyphen=True,
    ),
]
FileOption = Annotated[Path | None, Parameter("--file", help="A file that holds the token.")]


def read_token(token: str, file: Path | None) -> str:
    """The token's text without the blanks around it; never shown again."""
    if file is not None:
        if token != STANDARD_INPUT:
            raise CycloptsError(msg="Give a token or --file, not both.")
        with file.open(encoding="ascii", errors="replace") as stream:
            return stream.read(READ_MAX_CHARACTERS).strip()
    if token != STANDARD_INPUT:
        say_aside(
            "note: a token on the command line stays in the shell's history; `-` and --file do not leave it there"
        )
        return token.strip()
    if sys.stdin.isatty():
        return getpass("token (not shown): ").strip()
    return sys.stdin.read(READ_MAX_CHARACTERS).strip()
