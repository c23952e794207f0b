"""`edge-node doctor`: the words of an examination; what is examined and how stands in edge_node.doctor."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import draw_progress, say, say_json

if TYPE_CHECKING:
    from edge_node.doctor import Finding, Holder, Report, Site
    from edge_node.paths import Paths
    from edge_node.settings import Settings

DeepOption = Annotated[bool, Parameter(help="Read every byte of the log again and check it; takes its time.")]

_WORDS = {"ok": "ok     ", "unknown": "unknown", "warn": "WARN   ", "bad": "BAD    "}


def doctor(*, deep: DeepOption = False, config: ConfigOption = None, json: JsonOption = False) -> int:
    """Examine a node, running or stopped, and change nothing; exit code 0 all well, 1 look at it, 2 broken."""
    from edge_node.base.log import configure

    configure("error", "auto")  # what the rooms would log of damage is a finding here
    report = examined(config, _told if not json else _silent, deep=deep, shown=not json)
    if json:
        say_json(report)
        return report.exit_code
    counts = [f"{sum(each.verdict == word for each in report.findings)} {word}" for word in _WORDS]
    say(f"{', '.join(counts)}: {_SUMS[report.exit_code]}")
    return report.exit_code


_SUMS = ("all is well", "the node works; look at what is not ok", "something is broken")


def examined(config: Path | None, told: Any, *, deep: bool, shown: bool) -> "Report":
    """Examine the node of `config`; `told` gets each finding, `shown` draws progress on a terminal."""
    from edge_node.base.clock import SystemClock
    from edge_node.doctor import examine, report_unloadable
    from edge_node.settings import SettingsError

    try:
        with site_of(config, deep=deep, shown=shown) as site:
            return examine(site, told)
    except SettingsError as error:
        return report_unloadable(error, SystemClock().now_ms(), told)


@contextmanager
def site_of(config: Path | None, *, deep: bool = False, shown: bool = False) -> Iterator["Site"]:
    """The node of `config` with LOCK shared if nobody has it, and with its own word if it runs."""
    from edge_node.base.clock import SystemClock
    from edge_node.doctor import Site, kept_from_starting
    from edge_node.paths import Paths
    from edge_node.settings import load

    loaded = load(config, os.environ)
    paths = Paths(Path(loaded.settings.node.data_dir))
    with ExitStack() as held:
        holder, hidden = None, ""
        try:
            holder = held.enter_context(kept_from_starting(paths))
        except PermissionError as error:
            hidden = str(error)
        known = {"holder": holder, "hidden": hidden} | _word_of(holder, sockets_of(paths, loaded.settings))
        yield Site(
            loaded=loaded, paths=paths, environ=os.environ, clock=SystemClock(), deep=deep,
            progress=draw_progress if shown and sys.stderr.isatty() else _undrawn, **known,
        )  # fmt: skip


def sockets_of(paths: "Paths", settings: "Settings") -> list[Path]:
    """Where a running node can be asked: the operators' socket, then the viewers'."""
    control = settings.control
    chosen = ((control.socket, paths.control_socket), (control.view_socket, paths.view_socket))
    return [Path(name or usual) for name, usual in chosen if name != "none"]


def _word_of(holder: "Holder | None", sockets: Sequence[Path]) -> dict[str, Any]:
    """What a running node says of itself, on the first of its sockets that this user may open."""
    from edge_node.base.errors import EdgeNodeError
    from edge_node.client.local import ask_socket

    why: BaseException | None = None
    for socket in sockets if holder is not None and holder.serves else ():
        try:
            live = msgspec.json.decode(ask_socket(socket, "/v1/node"), type=dict[str, Any])
        except (EdgeNodeError, msgspec.DecodeError) as error:
            why = why or error
        else:
            return {"live": live, "socket": socket, "chain": _chain_of(socket)}
    return {
        "no_live": str(why or "no socket is set"),
        "hangs": why is not None and isinstance(why.__cause__, TimeoutError),
    }


def _chain_of(socket: Path) -> dict[str, Any] | None:
    """What it says of the chain; nothing where it says nothing, as an earlier release would."""
    from edge_node.base.errors import EdgeNodeError
    from edge_node.client.local import ask_socket

    try:
        return msgspec.json.decode(ask_socket(socket, "/v1/chain"), type=dict[str, Any])
    except (EdgeNodeError, msgspec.DecodeError):
        return None


def _told(finding: "Finding") -> None:
    from edge_node.base.log_text import inert

    say(inert(f"{_WORDS[finding.verdict]}  {finding.check:<22}  {finding.evidence}"))
    if finding.remedy:
        say(inert(f"{'':<9}{'':<22}  -> {finding.remedy}"))


def _silent(_finding: "Finding") -> None:
    """With --json the whole report comes at the end."""


def _undrawn(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""
