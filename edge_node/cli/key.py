"""`edge-node key`: new key files, and the public half of those there are."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_json

app = App(name="key", help="Make key files and show their public keys.")


@app.command
def new(file: Annotated[Path, Parameter(help="The file to write, mode 0600.")], *, json: JsonOption = False) -> None:
    """Make a key; an existing file is never overwritten."""
    from edge_node.trust.keys import SigningKey
    from edge_node.trust.keystore import write_key_file

    with SigningKey.generate(os.urandom) as key:
        write_key_file(file, key)
        _show({"file": str(file), "key": str(key.public)}, json=json)


@app.command
def show(
    file: Annotated[Path | None, Parameter(help="A key file; without it the node's own key is shown.")] = None,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a public key; the secret half never leaves its file."""
    from edge_node.identity import load_public_key
    from edge_node.paths import Paths
    from edge_node.settings import load
    from edge_node.trust.keystore import read_key_file

    if file is not None:
        with read_key_file(file) as key:
            _show({"file": str(file), "key": str(key.public)}, json=json)
        return
    node = load(config, os.environ).settings.node
    public = load_public_key(node, Paths(Path(node.data_dir)), os.environ)
    _show({"node": node.name, "key": str(public)}, json=json)


def _show(facts: dict[str, str], *, json: bool) -> None:
    if json:
        say_json(facts)
        return
    for name, value in facts.items():
        say(f"{name:<6}{value}")
