"""Buckets that hold something nobody vouches for."""

import os
from pathlib import Path

import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.base.ids import VaultId
from edge_node.doctor.buckets import BucketFacts, check_buckets, judge_buckets
from edge_node.journal import open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.store.buckets import Bucket
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from tests.control.buckets import access_to, once
from tests.doctor.rig import made, only, settings_of, site_of

OURS, THEIRS = VaultId(b"\x01" * 32), VaultId(b"\x02" * 32)
SEVEN = Bucket(7, OURS, public=False)


@pytest.mark.parametrize(
    ("served", "kept", "verdict", "said"),
    [
        ((), {}, "ok", "refuses every call"),
        ((SEVEN,), {}, "ok", "1 served, 0 of them public"),
        ((SEVEN, Bucket(8, OURS, public=True)), {(7, OURS): 3}, "ok", "2 served, 1 of them public"),
        ((), {(7, OURS): 3}, "warn", "`no bucket 7`"),
        ((SEVEN,), {(7, OURS): 3, (9, THEIRS): 1, (8, OURS): 1}, "warn", "buckets 8, 9 hold pieces"),
        ((), {(n, OURS): 1 for n in range(9)}, "warn", "0, 1, 2, 3, 4 and 4 more"),
        ((SEVEN,), {(7, THEIRS): 3}, "warn", "of another owner"),
    ],
)
def test_what_is_kept_must_be_vouched_for(
    served: tuple[Bucket, ...], kept: dict[tuple[int, VaultId], int], verdict: str, said: str
) -> None:
    """By the settings, with the owner it was stored for; no bucket at all is a choice."""
    found = judge_buckets(BucketFacts(served, kept, open=True))
    assert (found.verdict, found.check) == (verdict, "ddc.buckets")
    assert said in found.evidence
    assert bool(found.remedy) is (verdict == "warn")


def test_a_real_node_whose_rule_was_taken_away(tmp_path: Path) -> None:
    """What it keeps is read from the index, and nothing of it is changed."""
    rules = '[ddc]\nbuckets = ["7 owner=node"]'
    site = made(tmp_path / "n", rules)
    assert only(check_buckets(site), "ddc.buckets").verdict == "ok"
    settings = site.settings
    own = VaultId(only_key(site))

    async def store() -> None:
        journal = open_journal(site.paths, settings.journal, NODE_KINDS, random=os.urandom, clock=SystemClock())
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            pieces = Pieces(journal, QuotaLedger(settings.store), SystemClock(), settings.store)
            await pieces.put(access_to(own), own, once(b"kept"), bucket=7)
            nursery.cancel_scope.cancel()
        await journal.flush_and_close()

    trio.run(store)
    assert only(check_buckets(site), "ddc.buckets").verdict == "ok"
    before = {path: path.read_bytes() for path in site.paths.root.rglob("*") if path.is_file()}
    without = site_of(settings_of(tmp_path / "n"))
    assert only(check_buckets(without), "ddc.buckets").verdict == "warn"
    other = site_of(settings_of(tmp_path / "n", f'[ddc]\nbuckets = ["7 owner={THEIRS.hex()}"]'))
    assert "another owner" in only(check_buckets(other), "ddc.buckets").evidence
    assert {path: path.read_bytes() for path in site.paths.root.rglob("*") if path.is_file()} == before


def only_key(site: object) -> bytes:
    """The node's own key."""
    from edge_node.identity import load_public_key

    return load_public_key(site.settings.node, site.paths, {})  # type: ignore[attr-defined]
