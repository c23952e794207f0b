"""The chain that is followed: who is asked and who vouches, how old the anchor is, and how the client fares."""

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge_node.base.errors import EdgeNodeError
from edge_node.doctor.finding import Finding, bad, in_time, ok, unknown, warn
from edge_node.doctor.site import Site
from edge_node.journal import open_unchanged

_HOW_TO: Final = "docs/how-to/follow-a-chain.md"
_VOUCH: Final = f"Import a checkpoint (`edge-node chain checkpoint import`, {_HOW_TO})."
_BAD_STATES: Final = frozenset({"needs-checkpoint", "halted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """Of the specification: its groups, what is at stake, how long stakes are bound. Times in ms UTC.

    `problem` and `remedy` where the network cannot be read; `unread` where chain.db cannot. `anchor_ms` is the slot
    time of the newest block kept, or when it was verified. `live` is the document of GET /v1/chain.
    """

    name: str = ""
    problem: str = ""
    remedy: str = ""
    is_live: bool = True
    groups: int = 0
    endpoints: int = 0
    bonding_ms: int = 0
    vouched: bool = False
    kept: bool = False
    unread: str = ""
    number: int | None = None
    anchor_ms: int | None = None
    set_id: int | None = None
    halts: bool = False
    damaged: tuple[str, ...] = ()
    pins: int = 0
    now_ms: int = 0
    live: Mapping[str, Any] | None = None


def check_chain(site: Site) -> list[Finding]:
    """Probe and judge; nothing but a word where no chain is followed."""
    chain = site.settings.chain
    if not (chain.network or chain.spec_file):
        return [ok("chain.network", "no chain is followed: chain.network is empty")]
    return judge_chain(probe_chain(site))


def follows_development(site: Site) -> bool:
    """Whether the settings name a development chain, which is asked on this machine alone."""
    chain = site.settings.chain
    if not (chain.network or chain.spec_file):
        return False
    from edge_node.chain_light.network import load_network
    from edge_node.chain_light.spec import NetworkKind

    try:
        return load_network(chain).kind is NetworkKind.DEVELOPMENT
    except EdgeNodeError:  # which is the chain's own finding
        return False


def probe_chain(site: Site) -> ChainFacts:
    """Read the specification, chain.db as it lies, and what the running node says."""
    # Loaded only where a chain is wanted, as the node itself does.
    from edge_node.chain_light.network import load_network, vouchers
    from edge_node.chain_light.spec import NetworkKind

    try:
        spec = load_network(site.settings.chain)
    except EdgeNodeError as error:
        return ChainFacts(problem=str(error), remedy=error.remedy)
    keys = vouchers(site.settings.chain)
    return ChainFacts(
        name=spec.name,
        is_live=spec.kind is NetworkKind.LIVE,
        groups=len(spec.groups),
        endpoints=len(spec.endpoints),
        bonding_ms=spec.bonding_ms,
        vouched=bool(keys.release) or keys.operator is not None,
        now_ms=site.clock.now_ms(),
        live=site.chain,
        **_kept(site, spec),
    )


def _kept(site: Site, spec: Any) -> dict[str, Any]:
    """What chain.db holds of this network, read without a byte changed."""
    from edge_node.chain_light.babe import slot_begins_ms, slot_of
    from edge_node.chain_light.chain_db import ChainDb

    path = site.paths.chain_db
    if not path.exists():
        return {}
    try:
        with contextlib.closing(open_unchanged(path)) as connection:
            db = ChainDb(path, connection, None)
            loaded, pins = db.load(spec.genesis), db.pins()[0]
    except (EdgeNodeError, sqlite3.Error) as error:
        return {"kept": True, "unread": str(error)}
    facts = {"kept": True, "halts": loaded.halts, "damaged": loaded.damaged, "pins": len(pins)}
    if not loaded.anchors:
        return facts
    newest = loaded.anchors[0]
    slot = slot_of(newest.anchor.header)
    anchor_ms = newest.verified_ms if slot is None else slot_begins_ms(slot, spec.slot_ms)
    number, voters = newest.anchor.header.number, newest.anchor.voters
    return {**facts, "number": number, "set_id": voters.id, "anchor_ms": anchor_ms}


def judge_chain(facts: ChainFacts) -> list[Finding]:
    """The network, who vouches, what is kept, and how the running client is."""
    if facts.problem:
        return [bad("chain.network", f"the network cannot be followed: {facts.problem}", facts.remedy)]
    found = [_judge_endpoints(facts), _judge_anchor(facts), _judge_clock(facts), _judge_pins(facts)]
    return found if facts.live is None else [*found, _judge_live(facts.live)]


def _judge_endpoints(facts: ChainFacts) -> Finding:
    said = f"{facts.name} is asked at {facts.endpoints} endpoints of {facts.groups} operators"
    figures = {"endpoints": facts.endpoints, "groups": facts.groups}
    if facts.is_live and facts.groups < 2:
        todo = "Name an endpoint of another operator in chain.endpoints: one alone can withhold what it likes."
        return warn("chain.endpoints", f"{said}: reads are marked, and nothing is written", todo, **figures)
    return ok("chain.endpoints", said, **figures)


def _judge_anchor(facts: ChainFacts) -> Finding:
    check = "chain.anchor"
    if facts.unread:
        return unknown(check, f"chain.db cannot be read: {facts.unread}", f"Look at the disk. {_VOUCH}")
    if facts.halts:
        said = "proofs were found that two chains are final: nothing of the chain is believed"
        return bad(check, said, f"Find out which is the right one, with people you trust. {_VOUCH}")
    if facts.number is None or facts.anchor_ms is None:
        more = (
            "" if facts.vouched else " Name your cold key in chain.operator_key: this release has no keys of its own."
        )
        return warn(check, "there is no anchor yet: nothing of the chain can be believed", _VOUCH + more)
    age_ms = max(0, facts.now_ms - facts.anchor_ms)
    said = f"block {facts.number}, voted on by set {facts.set_id}, is {in_time(age_ms / 1_000)} old"
    figures = {"number": facts.number, "set_id": facts.set_id, "age_ms": age_ms}
    if facts.damaged:
        return warn(
            check, f"{said}; damaged and passed over: {'; '.join(facts.damaged)}", "Look at the disk.", **figures
        )
    if facts.is_live and age_ms > facts.bonding_ms:
        bound = in_time(facts.bonding_ms / 1_000)
        said = f"{said}, and stakes are bound for {bound}: what follows is not acted on until somebody vouches for it"
        return warn(check, said, _VOUCH, **figures)
    return ok(check, said, **figures)


def _judge_clock(facts: ChainFacts) -> Finding:
    from edge_node.chain_light.sync_policy import USUAL

    check, lead_ms = "chain.clock", int(USUAL.clock_lead_s * 1_000)
    if facts.now_ms < USUAL.built_ms:
        return bad(check, "the clock shows a time before this release was made", "Set the clock.")
    if facts.is_live and facts.anchor_ms is not None and facts.now_ms + lead_ms < facts.anchor_ms:
        behind = in_time((facts.anchor_ms - facts.now_ms) / 1_000)
        return bad(check, f"the clock is {behind} behind a block that is final", "Set the clock.")
    return ok(check, "the clock is not behind the chain")


def _judge_pins(facts: ChainFacts) -> Finding:
    said = f"{facts.pins} words on the metadata of runtimes are kept" if facts.pins else "no metadata is pinned"
    return ok("chain.pins", said, pins=facts.pins)


def _judge_live(live: Mapping[str, Any]) -> Finding:
    """What the running node says; its words are another process's and are shown as evidence."""
    check, state = "chain.state", str(live.get("state", ""))
    said = f"it is {state}: {live.get('reason', '')}"
    remedy = (
        str(live.get("remedy") or "") or f"`edge-node chain status` shows each endpoint; {_HOW_TO} tells what helps."
    )
    if state in _BAD_STATES:
        return bad(check, said, remedy)
    if state != "following" or live.get("provisional"):
        return warn(check, f"{said}; {live['provisional']}" if live.get("provisional") else said, remedy)
    return ok(check, said)
