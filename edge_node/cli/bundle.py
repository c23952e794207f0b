"""`edge-node bundle`: the words of gathering; what is gathered and what removed stands in edge_node.bundle."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_json, say_table

if TYPE_CHECKING:
    from edge_node.bundle import Bundle
    from edge_node.doctor import Site


def bundle(
    *,
    output: Annotated[
        Path | None, Parameter(("--output", "-o"), help="The file to write; default: a dated name in this directory.")
    ] = None,
    preview: Annotated[bool, Parameter(help="Show what would be in it and what is removed; write nothing.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Gather what helps to find a fault into one file, without keys, credentials, bodies and pieces."""
    from edge_node.base.log import configure
    from edge_node.bundle import write_archive

    configure("error", "auto")
    gathered = _gather(config)
    file = None if preview else (output or Path(_name(gathered.made_ms)))
    if file is not None:
        write_archive(file, gathered.packed())
    _show(gathered, file, json=json)


def _gather(config: Path | None) -> "Bundle":
    from edge_node.base.clock import SystemClock
    from edge_node.bundle import gather, gather_without_settings
    from edge_node.cli.doctor import site_of
    from edge_node.doctor import examine, report_unloadable
    from edge_node.settings import SettingsError

    try:
        with site_of(config) as site:
            return gather(site, examine(site), _asker(site))
    except SettingsError as error:
        return gather_without_settings(report_unloadable(error, SystemClock().now_ms()))


def _asker(site: "Site") -> Callable[[str], bytes] | None:
    from functools import partial

    from edge_node.client.local import ask_socket

    return partial(ask_socket, site.socket) if site.socket is not None else None


def _name(made_ms: int) -> str:
    made = dt.datetime.fromtimestamp(made_ms / 1_000, dt.UTC)
    return f"edge-node-bundle-{made:%Y%m%dT%H%M%SZ}.tar.gz"


def _show(gathered: "Bundle", file: Path | None, *, json: bool) -> None:
    from edge_node.bundle import NEVER

    size = len(gathered.packed())
    if json:
        parts = [
            {"name": part.name, "bytes": len(part.content), "about": part.about, "removed": part.removed}
            for part in gathered.parts
        ]
        say_json({"file": str(file) if file else None, "bytes": size, "parts": parts})
        return
    rows = [(part.name, str(len(part.content)), _removed(part.removed), part.about) for part in gathered.parts]
    say_table(("file", "bytes", "removed", "what it is"), rows)
    say()
    if file is None:
        say(f"never in it: {', '.join(NEVER)}")
        say(f"nothing was written; packed it would have {size} bytes")
    else:
        say(f"{file}  {size} bytes, mode 0600; look into it before you send it: tar -xzf {file}")


def _removed(removed: object) -> str:
    assert isinstance(removed, dict)
    return ", ".join(f"{count} {reason}" for reason, count in removed.items()) or "nothing"
