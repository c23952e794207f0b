"""From a command line to the running UI: where the node is, what this terminal can draw, which keys are own."""

import argparse
import asyncio
import locale
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.errors import EdgeNodeError

EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says; None leaves the choice to settings and terminal."""

    socket: Path | None = None
    attach: str | None = None
    config: Path | None = None
    theme: str = "dark"
    plain: bool | None = None
    keys: Path | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """The script `edge-node-tui`; `edge-node tui` comes to `run` by its own way."""
    parser = argparse.ArgumentParser(prog="edge-node-tui", description="Watch and operate a node from a terminal.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--socket", type=Path, help="the node's control or view socket; default: from the settings")
    where.add_argument("--attach", metavar="ssh://USER@HOST[:PORT][/SOCKET]", help="a far node, through ssh")
    parser.add_argument("--config", type=Path, help="settings file that names the socket")
    parser.add_argument("--theme", default="dark", choices=("dark", "light", "contrast", "contrast-light"))
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII alone (serial consoles)")
    parser.add_argument("--keys", type=Path, help="file of own keys; default: ~/.config/edge-node/keys.toml")
    chosen = parser.parse_args(arguments)
    try:
        return run(
            Options(
                socket=chosen.socket, attach=chosen.attach, config=chosen.config, theme=chosen.theme,
                plain=chosen.ascii, keys=chosen.keys,
            )
        )  # fmt: skip
    except EdgeNodeError as error:
        sys.stderr.write(f"error: {error}\n" + (f"hint: {error.remedy}\n" if error.remedy else ""))
        return EXIT_REFUSED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def run(options: Options, environment: Mapping[str, str] = os.environ) -> int:
    """Show the node until the operator leaves; the exit code. EdgeNodeErrors end it before the screen is taken."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):  # it is drawn on standard error
        raise NoTerminal
    return asyncio.run(_run(options, environment))


class NoTerminal(EdgeNodeError):
    """There is nothing to draw on."""

    slug = "no-terminal"
    remedy = "Run it in a terminal; for scripts there are edge-node's other verbs and the control socket."

    def __init__(self) -> None:
        super().__init__("standard input, output and error are not all a terminal")


async def _run(options: Options, environment: Mapping[str, str]) -> int:
    from tui.app import NodeApp
    from tui.attach import parse_target, tunnel_to
    from tui.keydoc import all_rows
    from tui.keys import keys_path, read_keys
    from tui.state import NodeState
    from tui.theme import ASCII, UNICODE, wants_ascii
    from tui.uds import at, door_opener

    known = [row.name for row in all_rows()]
    own_keys = read_keys(options.keys or keys_path(environment), known)
    poor = wants_ascii(environment, locale.getpreferredencoding()) if options.plain is None else options.plain
    state = NodeState()
    async with AsyncExitStack() as stack:
        if options.attach is None:
            path = options.socket or socket_of(options.config, environment)
            state.via, opener = "uds", door_opener(lambda: at(path))
        else:
            target = parse_target(options.attach)
            tunnel = await stack.enter_async_context(tunnel_to(target))
            await tunnel.ensure()
            tunnel.take_screen()
            state.via, opener = f"ssh {target.host}", door_opener(tunnel.ensure)
        app = NodeApp(state, opener, glyphs=ASCII if poor else UNICODE, theme=options.theme, own_keys=own_keys)
        await app.run_async()
    return EXIT_OK if app.return_code is None else app.return_code


def socket_of(config: Path | None, environment: Mapping[str, str]) -> Path:
    """The settings' control socket, or their view socket where this user may only open that."""
    from edge_node.paths import Paths
    from edge_node.settings import load

    settings = load(config, environment).settings
    paths = Paths(Path(settings.node.data_dir))
    control = Path(settings.control.socket or paths.control_socket)
    view = Path(settings.control.view_socket or paths.view_socket)
    return view if not os.access(control, os.W_OK) and os.access(view, os.W_OK) else control
