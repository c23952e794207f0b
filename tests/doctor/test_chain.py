"""The chain as the doctor sees it: off, named wrongly, without an anchor, old, halted, and as the node tells it."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.checkpoint import NO_MARKS, CheckpointKeys, open_checkpoint, sign_checkpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.doctor.chain import ChainFacts, check_chain, judge_chain
from edge_node.doctor.finding import Finding, Verdict
from edge_node.doctor.site import Site
from edge_node.trust.signing_key import SigningKey
from tests.chain_light.electorate import genesis
from tests.doctor.rig import made, only, settings_of, site_of

COLD = SigningKey.from_seed(b"\x0c" * 32)
DAY_MS, NOW = 86_400_000, 1_795_000_000_000
WELL = ChainFacts(
    name="Live", groups=2, endpoints=3, bonding_ms=3 * DAY_MS, vouched=True, kept=True, number=10, set_id=1,
    anchor_ms=NOW - 60_000, now_ms=NOW,
)  # fmt: skip


def judged(check: str, **changes: object) -> Finding:
    return only(judge_chain(replace(WELL, **changes)), check)


def remember_checkpoint(site: Site, now_ms: int) -> None:
    """What a node keeps that believed a checkpoint of a first block."""
    said = Checkpoint(
        genesis=genesis().hash, anchor=genesis(), issued_ms=now_ms - 1, expires_ms=now_ms + DAY_MS, counter=1
    )
    raw = sign_checkpoint(said, [COLD])
    keys = CheckpointKeys(release=frozenset(), operator=COLD.public)
    opened = open_checkpoint(raw, keys=keys, genesis=None, now_ms=now_ms)
    db = open_chain_db(site.paths.chain_db)
    db.add_pin(b"a pin, judged by nobody here")
    db.accept(opened, raw, accepted_ms=now_ms, marks=NO_MARKS.after(opened), as_anchor=True)
    db.close()


def test_no_chain_is_a_word(tmp_path: Path) -> None:
    """It is no fault not to follow one."""
    [found] = check_chain(site_of(settings_of(tmp_path / "n")))
    assert (found.verdict, found.check) == (Verdict.OK, "chain.network")


def test_a_network_that_cannot_be_read(tmp_path: Path) -> None:
    """As the node would refuse to start with it."""
    site = site_of(settings_of(tmp_path / "n", '[chain]\nspec_file = "/nowhere/spec.json"'))
    [found] = check_chain(site)
    assert found.verdict is Verdict.BAD
    assert "/nowhere/spec.json" in found.evidence
    assert found.remedy


def test_a_node_before_and_after_its_first_checkpoint(tmp_path: Path) -> None:
    """Without an anchor it says how to give one; with one how old it is; and not a byte is changed."""
    site = made(tmp_path / "n", '[chain]\nnetwork = "dev"')
    found = only(check_chain(site), "chain.anchor")
    assert (found.verdict, "checkpoint import" in found.remedy, "operator_key" in found.remedy) == (
        Verdict.WARN, True, True,
    )  # fmt: skip
    open_chain_db(site.paths.chain_db).close()
    assert only(check_chain(site), "chain.anchor").verdict is Verdict.WARN  # it ran, and nobody gave it one
    remember_checkpoint(site, SystemClock().now_ms())
    before = {path.name: path.read_bytes() for path in site.paths.root.glob("chain.db*")}
    found = only(check_chain(site), "chain.anchor")
    assert (found.verdict, found.facts["number"], found.facts["set_id"]) == (Verdict.OK, 0, 0)
    assert only(check_chain(site), "chain.pins").facts == {"pins": 1}
    assert {path.name: path.read_bytes() for path in site.paths.root.glob("chain.db*")} == before


def test_a_database_that_is_none(tmp_path: Path) -> None:
    """It is told, and the examination goes on."""
    site = made(tmp_path / "n", '[chain]\nnetwork = "dev"')
    site.paths.chain_db.write_bytes(b"no database " * 100)
    found = only(check_chain(site), "chain.anchor")
    assert (found.verdict, "cannot be read" in found.evidence) == (Verdict.UNKNOWN, True)


def test_all_is_well() -> None:
    """Two operators, a young anchor, a clock that can be right."""
    assert {found.verdict for found in judge_chain(WELL)} == {Verdict.OK}


@pytest.mark.parametrize(
    ("check", "changes", "verdict", "words"),
    [
        ("chain.endpoints", {"groups": 1}, Verdict.WARN, "nothing is written"),
        ("chain.endpoints", {"groups": 1, "is_live": False}, Verdict.OK, "1 operators"),
        ("chain.anchor", {"anchor_ms": NOW - 3 * DAY_MS}, Verdict.OK, "3 days old"),
        ("chain.anchor", {"anchor_ms": NOW - 3 * DAY_MS - 1}, Verdict.WARN, "until somebody vouches"),
        ("chain.anchor", {"anchor_ms": 0, "is_live": False}, Verdict.OK, "days old"),
        ("chain.anchor", {"halts": True}, Verdict.BAD, "two chains are final"),
        ("chain.anchor", {"damaged": ("anchor 3: torn",)}, Verdict.WARN, "anchor 3: torn"),
        ("chain.clock", {"anchor_ms": NOW + 30_000}, Verdict.OK, "not behind"),
        ("chain.clock", {"anchor_ms": NOW + 30_001}, Verdict.BAD, "30 s behind"),
        ("chain.clock", {"now_ms": 0, "anchor_ms": None}, Verdict.BAD, "before this release"),
        ("chain.pins", {"pins": 2}, Verdict.OK, "2 words"),
    ],
)
def test_what_is_judged(check: str, changes: dict[str, object], verdict: Verdict, words: str) -> None:
    """Each at its edge."""
    found = judged(check, **changes)
    assert (found.verdict, words in found.evidence) == (verdict, True), found


@pytest.mark.parametrize(
    ("live", "verdict"),
    [
        ({"state": "following", "reason": "it grows", "provisional": ""}, Verdict.OK),
        ({"state": "following", "reason": "it grows", "provisional": "away for long"}, Verdict.WARN),
        ({"state": "stalled", "reason": "silence", "remedy": "Look at the cable."}, Verdict.WARN),
        ({"state": "halted", "reason": "two chains"}, Verdict.BAD),
        ({}, Verdict.WARN),
    ],
)
def test_a_running_node_tells_its_state(live: dict[str, str], verdict: Verdict) -> None:
    """Its reason is the evidence, and its remedy the remedy."""
    found = judged("chain.state", live=live)
    assert found.verdict is verdict
    assert live.get("reason", "") in found.evidence
    assert found.remedy == live["remedy"] if "remedy" in live else True
