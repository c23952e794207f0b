"""`edge-node devnet`: a trial of the real thing on this machine."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from edge_node.base.errors import EdgeNodeError
from edge_node.cli.exits import ExitCode
from edge_node.cli.options import JsonOption
from edge_node.cli.words import say, say_json, say_line, say_table

app = App(name="devnet", help="A node and its devices on this machine, for trial.")

_NOT_BELOW_0 = Number(gte=0)
SiteDirectory = Annotated[Path, Parameter(help="A trial's directory.")]


class TerminalWanted(EdgeNodeError):
    """A live system is there to be looked at, and nobody could."""

    slug = "terminal-wanted"
    remedy = "Run it in a terminal, or `make demo ONCE=1` (`edge-node devnet demo --once`), which needs none."

    def __init__(self) -> None:
        super().__init__("a live system wants a terminal, and there is none here")


@app.command
def demo(*, once: Annotated[bool, Parameter(help="Run the trial to its end; needs no terminal.")] = False) -> int:
    """A node and five devices under the terminal UI, until you leave it; nothing is left behind.

    With --once: ten seconds, one cut link, one kill -9; exit 1 unless every printed line is proved.
    """
    from edge_node.devnet import run_show, run_trial

    if once:
        return ExitCode.OK if run_trial(Terminal()) else ExitCode.REFUSED
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise TerminalWanted
    return ExitCode.OK if run_show(Terminal()) else ExitCode.REFUSED


@app.command
def chain(
    *,
    port: Annotated[
        int, Parameter(help="Where it listens on 127.0.0.1; 0 for any free port.", validator=Number(gte=0, lt=1 << 16))
    ] = 9_944,
    directory: Annotated[Path | None, Parameter(help="Where spec.json and checkpoint.json are written.")] = None,
    profile: Annotated[Literal["sdk", "dev-80013"], Parameter(help="Which runtime's layout it has.")] = "sdk",
    state_version: Annotated[Literal[0, 1], Parameter(help="How its state's trie keeps long values.")] = 0,
    period: Annotated[
        float | None, Parameter(help="A block every so many seconds; default: at once.", validator=Number(gte=0.01))
    ] = None,
    idle: Annotated[
        float, Parameter(help="Seconds until an empty block when nothing is sent; 0 for never.", validator=_NOT_BELOW_0)
    ] = 6.0,
    finality_ms: Annotated[int, Parameter(help="From a block to its finality.", validator=_NOT_BELOW_0)] = 150,
    authorities: Annotated[int, Parameter(help="Who finalize.", validator=Number(gte=1, lte=100))] = 4,
    set_every: Annotated[
        int, Parameter(help="Another set of authorities every so many blocks.", validator=_NOT_BELOW_0)
    ] = 0,
    blocks: Annotated[int, Parameter(help="Blocks to write before clients may come.", validator=_NOT_BELOW_0)] = 0,
    keep: Annotated[
        int, Parameter(help="Newest blocks whose state and body are kept.", validator=Number(gte=1))
    ] = 8_192,
    faults: Annotated[Path | None, Parameter(help="A file of what is wrong from the start.")] = None,
    operator_key: Annotated[Path | None, Parameter(help="Who signs checkpoint.json; default: a new key.")] = None,
    json: JsonOption = False,
) -> int:
    """A development chain for clients and for this node: JSON-RPC over WebSocket on this machine, until you stop it."""
    from edge_node.devnet import ChainOptions, ChainPlace, run_chain

    def ready(place: ChainPlace) -> None:
        if json:
            say_line(msgspec.to_builtins(place))
        else:
            say(f"{place.url}  genesis {place.genesis}  block {place.block}")
            sys.stdout.flush()

    options = ChainOptions(
        directory=directory, port=port, profile=profile, state_version=state_version, period_s=period, idle_s=idle,
        finality_delay_s=finality_ms / 1_000, authorities=authorities, set_every=set_every, blocks=blocks, keep=keep,
        faults=faults, operator_key=operator_key,
    )  # fmt: skip
    run_chain(options, ready)
    return ExitCode.OK


@app.command(show=False)
def station(
    directory: SiteDirectory, *, sensor: Literal["cpu", "memory", "disk", "network", "load"], easy: bool = False
) -> None:
    """One device process of a trial."""
    from edge_node.devnet import EASY, LOAD, run_station

    run_station(directory, sensor, EASY if easy else LOAD)


@app.command
def check(directory: SiteDirectory, *, json: JsonOption = False) -> int:
    """Verify a running trial's node against its devices' ledgers; exit 1 if a claim does not hold."""
    from edge_node.devnet import check_site

    report = check_site(directory)
    if json:
        say_json(report)
    else:
        for claim in report.claims:
            say(f"{'proved' if claim.holds else 'FALSE '}  {claim.text}")
    # With --json the trial reads the claims: a false one is an answer, not a check that could not run.
    return ExitCode.OK if json or all(claim.holds for claim in report.claims) else ExitCode.REFUSED


class Terminal:
    """One line that changes on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()

    def live(self, text: str) -> None:
        """What happens at the moment."""
        if self._live:
            sys.stdout.write(f"\r\x1b[K{text}")
        else:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def line(self, text: str = "") -> None:
        """A line that stays."""
        self._clear()
        say(text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns."""
        self._clear()
        say_table(heads, rows)

    def _clear(self) -> None:
        if self._live:
            sys.stdout.write("\r\x1b[K")
