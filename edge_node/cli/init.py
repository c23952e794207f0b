"""`edge-node init`: a data directory, its keys and a commented settings file."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from edge_node.cli.options import JsonOption
from edge_node.cli.words import say, say_json

Plain = Literal["loopback", "lan"]


def init(
    *,
    data_dir: Annotated[Path, Parameter(help="Where the node keeps its data and keys.")] = Path("/var/lib/edge-node"),
    name: Annotated[str, Parameter(help="A name for people.")] = "edge-node",
    config: Annotated[
        Path | None, Parameter(help="The settings file to write; default: edge-node.toml in the data directory.")
    ] = None,
    plain: Annotated[
        Plain | None, Parameter(help="Who may use plain HTTP: this machine, or the whole network (asked if absent).")
    ] = None,
    key_credential: Annotated[str, Parameter(help="A systemd credential that holds the node key.")] = "",
    json: JsonOption = False,
) -> None:
    """Make a node. An existing one, or an existing settings file, is never touched."""
    from edge_node.base.clock import SystemClock
    from edge_node.offline import make_node, write_settings
    from edge_node.settings import load

    os.umask(0o077)
    chosen = {"node.data_dir": str(data_dir.resolve()), "node.name": name} | _doors(plain or _ask_plain())
    if key_credential:
        chosen["node.key_credential"] = key_credential
    file = write_settings(config or data_dir / "edge-node.toml", chosen)
    try:
        made = make_node(load(file, os.environ).settings, SystemClock(), os.urandom, os.environ)
    except BaseException:
        file.unlink()
        raise
    if json:
        say_json({"config": str(file), "data_dir": str(made.data_dir), "node": str(made.node),
                  "operator": str(made.operator), "operator_key_file": str(made.operator_key_file)})  # fmt: skip
        return
    say(f"settings      {file}")
    say(f"data          {made.data_dir}")
    say(f"node key      {made.node}")
    say(f"operator key  {made.operator}  ({made.operator_key_file})")
    say()
    say("Next:")
    say(f"  edge-node device enrol thermometer --new-key thermometer.key --config {file}")
    say(f"  edge-node run --config {file}")


def _doors(plain: Plain) -> dict[str, str]:
    if plain == "lan":
        return {"http.plain": "lan", "http.listen": "0.0.0.0:8091"}
    return {}


def _ask_plain() -> Plain:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "loopback"
    say(
        "Devices on your network can use HTTPS at once. Plain HTTP is neither private nor safe from changes on the way."
    )
    try:
        answer = input("Offer plain HTTP to the whole network as well? [y/N] ")
    except EOFError:
        answer = ""
    return "lan" if answer.strip().lower() in {"y", "yes"} else "loopback"
