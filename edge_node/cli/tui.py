"""`edge-node tui`: the terminal UI, in a process that loads nothing of the node."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from edge_node.cli.options import ConfigOption


def tui(
    *,
    config: ConfigOption = None,
    socket: Annotated[Path | None, Parameter(help="Control or view socket; default: from the settings.")] = None,
    attach: Annotated[
        str | None, Parameter(help="A far node through ssh: ssh://user@host[:port][/path/of/socket].")
    ] = None,
    theme: Annotated[
        Literal["dark", "light", "contrast", "contrast-light"], Parameter(help="Colours of the screen.")
    ] = "dark",
    ascii: Annotated[bool, Parameter(help="Draw with ASCII alone, for serial consoles.")] = False,  # noqa: A002
    keys: Annotated[Path | None, Parameter(help="File of own keys; default: ~/.config/edge-node/keys.toml.")] = None,
) -> int:
    """Watch and operate a node from a terminal."""
    from tui.entry import Options, run

    return run(Options(socket=socket, attach=attach, config=config, theme=theme, plain=ascii or None, keys=keys))
