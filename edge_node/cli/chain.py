"""`edge-node chain`: how the light client of a running node is, and what an operator lets it believe."""

import os
from pathlib import Path
from typing import Annotated, TypedDict

from cyclopts import App, Parameter

from edge_node.base.log_text import inert
from edge_node.base.moments import moment_of
from edge_node.cli.checkpoint import app as checkpoint
from edge_node.cli.exits import ExitCode
from edge_node.cli.metadata_pin import app as metadata
from edge_node.cli.operator import YesOption, ask_node, order_as, require_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_json, say_table
from edge_node.client.control import ControlClient, read_as

app = App(name="chain", help="Watch the chain that a node follows; say what it may believe.")
app.command(checkpoint)
app.command(metadata)

# What is proved is fresh and may be read. In every other state a script that relies on the chain should stop.
GOOD = frozenset({"following", "degraded"})
ENDPOINT_HEADS = ("endpoint", "group", "verdict", "finalized", "best", "ms", "asked", "refused", "")


class _Final(TypedDict):
    number: int
    hash: str
    set_id: int
    voters: int
    slot_ms: int | None
    verified_ms: int


class _Endpoint(TypedDict):
    url: str
    group: str
    verdict: str
    reason: str
    finalized: int | None
    best: int | None
    latency_ms: float | None
    asked: int
    refused: int
    leads: bool


class _Runtime(TypedDict):
    spec_version: int | None
    code: str | None
    metadata: str | None
    why: str


class _Chain(TypedDict):
    network: str | None
    genesis: str | None
    state: str
    reason: str
    remedy: str
    since_ms: int | None
    finalized: _Final | None
    age_ms: int | None
    best: int | None
    provisional: str
    writes: bool
    runtime: _Runtime | None
    endpoints: list[_Endpoint]
    hand_offs: int
    verified: int
    refused: int


class _Confirmed(TypedDict):
    hash: str
    outcome: str
    provisional: str


@app.command
def status(*, config: ConfigOption = None, json: JsonOption = False) -> int:
    """How the chain is: its state and why, the newest block proved final, and each endpoint's verdict.

    The exit code is 0 while it is followed (following, degraded), 1 in every other state.
    """

    async def question(client: ControlClient) -> object:
        return await client.get("/v1/chain")

    document = ask_node(_running(config), question)
    chain = read_as(document, _Chain)
    if json:
        say_json(document)
    else:
        _show(chain)
    return ExitCode.OK if chain["state"] in GOOD else ExitCode.REFUSED


@app.command
def confirm(
    hash: Annotated[str, Parameter(help="A block's hash in hex, from people or a machine that you trust.")],  # noqa: A002  its name for people
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say that a block is on the chain: a witness beside the endpoints, after a long time without the chain."""
    confirmed = order_as(_running(config), "chain.confirm", {"hash": hash}, _Confirmed, yes=yes)
    if json:
        say_json(confirmed)
        return
    say(confirmed["outcome"])
    if confirmed["provisional"]:
        say(f"still not acted on: {confirmed['provisional']}")


def _show(chain: _Chain) -> None:
    since = "" if chain["since_ms"] is None else f", since {moment_of(chain['since_ms'])}"
    facts = [("state", f"{chain['state']}{since}"), ("because", chain["reason"]), ("to do", chain["remedy"])]
    if chain["network"] is not None:
        named = f"{chain['network']}, which begins with {chain['genesis'] or 'a block that is not known yet'}"
        facts = [("network", named), *facts, *_finality(chain)]
    for name, value in facts:
        if value:
            say(inert(f"{name:<12}{value}"))
    if chain["endpoints"]:
        say()
        say_table(ENDPOINT_HEADS, [_cells(one) for one in chain["endpoints"]])


def _finality(chain: _Chain) -> list[tuple[str, str]]:
    rows = [] if chain["finalized"] is None else _final_rows(chain, chain["finalized"])
    best = "" if chain["best"] is None else f"{chain['best']} as endpoints claim"
    may = "may be sent" if chain["writes"] else f"not now: {_hindrance(chain)}"
    proofs = f"{chain['verified']} held; {chain['refused']} answers refused"
    return [*rows, ("head", best), ("runtime", _runtime(chain["runtime"])), ("extrinsics", may), ("proofs", proofs)]


def _runtime(runtime: _Runtime | None) -> str:
    if runtime is None or runtime["spec_version"] is None:
        return ""
    pinned = "nobody vouches for its metadata" if runtime["metadata"] is None else "its metadata is pinned"
    return f"{runtime['spec_version']}, code {runtime['code']}, {pinned}"


def _hindrance(chain: _Chain) -> str:
    """Why nothing is sent: what is provisional, the runtime where all else is well, or the state."""
    if chain["provisional"]:
        return chain["provisional"]
    if chain["state"] == "following" and chain["runtime"] is not None and chain["runtime"]["why"]:
        return chain["runtime"]["why"]
    return chain["state"]


def _final_rows(chain: _Chain, final: _Final) -> list[tuple[str, str]]:
    age = "" if chain["age_ms"] is None else f", {_age(chain['age_ms'])} old"
    followed = f"{chain['hand_offs']} sets followed"
    return [
        ("finalized", f"{final['number']}  {final['hash']}{age}"),
        ("voters", f"{final['voters']} of set {final['set_id']}, {followed}"),
    ]


def _cells(one: _Endpoint) -> tuple[str, ...]:
    """A row under ENDPOINT_HEADS."""
    return (
        one["url"], one["group"], one["verdict"] + (", leads" if one["leads"] else ""), _or_dash(one["finalized"]),
        _or_dash(one["best"]), _or_dash(one["latency_ms"]), str(one["asked"]), str(one["refused"]), one["reason"],
    )  # fmt: skip


def _or_dash(value: float | None) -> str:
    return "-" if value is None else str(value)


def _age(ms: int) -> str:
    for limit, size, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if ms / 1_000 < limit:
            return f"{ms / 1_000 / size:.0f} {unit}"
    return f"{ms / 86_400_000:.0f} days"


def _running(config: Path | None) -> Path:
    from edge_node.settings import load

    return require_node(load(config, os.environ).settings)
