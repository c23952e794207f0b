"""Retention at work: what policies let go is gone, provably, everywhere, and the space of empty segments is back."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName
from edge_node.paths import Paths
from edge_node.settings import FOR_EVER, RetentionPolicy, RetentionSettings
from edge_node.store.errors import SequenceTooOld, UnknownPiece, UnknownStream
from edge_node.store.streams import retainer as module
from edge_node.store.streams.records import decode_retention
from edge_node.store.streams.retention_rows import find_anchors
from edge_node.trust.access import Verb, piece_resource
from edge_node.trust.retention_anchor import anchor_digest, open_anchor, require_chain
from tests.store.rig import NOW_MS, STREAM, drop_index, key_of
from tests.store.streams.retention_rig import NODE_KEY, VAULT, HandClock, Kept, keeping

S = 1_000
OTHER = "site/b"


def facts(root: Path) -> dict[str, Any]:
    """All that the index says of events, told without the numbers of its rows."""
    with closing(sqlite3.connect(Paths(root).index_db)) as conn:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return conn.execute(query).fetchall()

        return {
            "streams": rows(
                "SELECT vault, name, next_offset, bodies, bytes, last_received_ms FROM streams ORDER BY 1, 2"
            ),
            "windows": rows(
                "SELECT vault, name, key, highest, bits FROM windows"
                " JOIN streams ON streams.id = stream ORDER BY 1, 2, 3"
            ),
            "bodies": rows(
                "SELECT vault, name, first_offset, count, cid, segment, position, bodies.bytes, key, seq, t_ms,"
                " received_ms, clock FROM bodies JOIN windows ON windows.id = window"
                " JOIN streams ON streams.id = bodies.stream ORDER BY 1, 2, 3"
            ),
            "anchors": rows(
                "SELECT vault, name, number, first_offset, digest, segment, position FROM anchors"
                " JOIN streams ON streams.id = stream ORDER BY 1, 2, 3"
            ),
            "segments": rows("SELECT segment, bodies FROM event_segments WHERE bodies != 0 ORDER BY 1"),
            "usage": rows("SELECT * FROM usage ORDER BY 1"),
            "days": rows("SELECT * FROM key_days ORDER BY 1, 2"),
        }


async def anchors_of(kept: Kept, stream: str = STREAM) -> list[Any]:
    """Every anchor of a stream, verified as a stranger would, as a chain."""
    found = await kept.journal.query(find_anchors, VAULT, StreamName(stream), 1, 1_000)
    assert found is not None
    records = [decode_retention(kept.journal.read(row.position).payload) for row in found[1]]
    chain = [(open_anchor(r.document, r.certificate, NODE_KEY), anchor_digest(r.document)) for r in records]
    require_chain(chain)
    assert [anchor.number for anchor, _ in chain] == list(range(1, len(chain) + 1))
    return [anchor for anchor, _ in chain]


async def round_of(kept: Kept) -> None:
    while (await kept.retainer._round())[1]:
        pass


async def test_by_default_everything_is_kept(tmp_path):
    """No limit, no anchor, whatever the age."""
    async with keeping(tmp_path / "d") as kept:
        await kept.post()
        kept.clock.ms += 10**12
        await round_of(kept)
        assert len((await kept.page())["events"]) == 1
        assert await anchors_of(kept) == []
        assert kept.retainer.condition() == ""


async def test_what_is_too_old_goes_and_an_anchor_says_so(tmp_path):
    """The rows, the bytes of the quota and the body's piece are gone; the newer stay; subscribers hear of it."""
    async with keeping(tmp_path / "d", RetentionSettings(age_s=100)) as kept:
        old = [await kept.post(count) for count in (1, 3)]
        kept.clock.ms += 101 * S
        new = await kept.post(2)
        before = kept.quota.owners[VAULT]
        await round_of(kept)
        page = await kept.page()
        assert [event["offset"] for event in page["events"]] == [4, 5]
        (anchor,) = await anchors_of(kept)
        assert (anchor.start, anchor.first, anchor.bodies, anchor.events) == (0, 4, 2, 4)
        assert (anchor.last_cid, anchor.last_offset, anchor.by) == (old[1].cid, 1, "policy")
        assert (anchor.t_ms, anchor.quality) == (kept.clock.ms, ClockQuality.NETWORK)
        assert kept.quota.owners[VAULT] == before - anchor.bytes
        assert kept.heard == [(VAULT, STREAM, 4)]
        may_get = kept.access.decide(key_of("ann").public, piece_resource(VAULT), Verb.GET, NOW_MS)
        with pytest.raises(UnknownPiece):
            await kept.pieces.open(may_get, VAULT, old[0].cid)
        assert (await kept.pieces.open(may_get, VAULT, new.cid)).size > 0


async def test_a_repeat_of_what_is_gone_is_refused_and_not_stored_again(tmp_path):
    """The window outlives its bodies, also in an index made from the log."""
    root = tmp_path / "d"
    async with keeping(root, RetentionSettings(age_s=100)) as kept:
        await kept.post()
        kept.clock.ms += 101 * S
        await round_of(kept)
        kept.clock.ms -= 101 * S
        with pytest.raises(SequenceTooOld):
            await kept.post(seq=1)
    drop_index(root)
    async with keeping(root) as kept:
        with pytest.raises(SequenceTooOld):
            await kept.post(seq=1)
        assert (await kept.post(seq=2)).first_offset == 1


async def test_rules_by_prefix_and_new_settings_count_at_once(tmp_path):
    """Each stream falls under its own rule; settings are taken over in the running room."""
    settings = RetentionSettings(age_s=100, rules=("site/b",))
    async with keeping(tmp_path / "d", settings) as kept:
        await kept.post()
        await kept.post(stream=OTHER)
        kept.clock.ms += 101 * S
        await round_of(kept)
        assert (await kept.page())["events"] == []
        assert len((await kept.page(stream=OTHER))["events"]) == 1
        kept.retainer.apply(RetentionSettings(rules=("site/b bytes=1",)))
        assert kept.retainer.policy_of(OTHER) == RetentionPolicy(bytes_max=1)
        assert kept.retainer.policy_of(STREAM) == FOR_EVER
        await round_of(kept)
        assert (await kept.page(stream=OTHER))["events"] == []


async def test_without_a_trusted_clock_age_waits_and_says_so(tmp_path):
    """Size goes on; the condition names why age does not."""
    settings = RetentionSettings(age_s=100, rules=("site/b bytes=1",))
    async with keeping(tmp_path / "d", settings) as kept:
        await kept.post()
        await kept.post(stream=OTHER)
        kept.clock.ms += 101 * S
        kept.clock.worth = ClockQuality.UNSYNCED
        await round_of(kept)
        assert "clock" in kept.retainer.condition()
        assert len((await kept.page())["events"]) == 1
        assert (await kept.page(stream=OTHER))["events"] == []
        (anchor,) = await anchors_of(kept, OTHER)
        assert anchor.quality == ClockQuality.UNSYNCED
        kept.clock.worth = ClockQuality.NETWORK
        assert kept.retainer.condition() == ""
        await round_of(kept)
        assert (await kept.page())["events"] == []


async def test_many_bodies_go_in_anchors_that_follow_each_other(tmp_path, monkeypatch):
    """Bounded work per anchor and per visit; the chain has no break and adds up."""
    monkeypatch.setattr(module, "BATCH_BODIES", 3)
    monkeypatch.setattr(module, "VISIT_ANCHORS", 2)
    async with keeping(tmp_path / "d", RetentionSettings(age_s=100, events_min=4)) as kept:
        for _ in range(20):
            await kept.post(2)
        kept.clock.ms += 101 * S
        assert await kept.retainer._round() == (True, True)
        assert len(await anchors_of(kept)) == 2
        await round_of(kept)
        anchors = await anchors_of(kept)
        assert [anchor.bodies for anchor in anchors] == [3] * 6
        assert sum(anchor.events for anchor in anchors) == 36 == anchors[-1].first
        assert [event["offset"] for event in (await kept.page())["events"]] == [36, 37, 38, 39]


async def test_a_survey_says_what_a_command_then_does(tmp_path, monkeypatch):
    """The plan reads only; the execution removes no more than the plan said, though more came meanwhile."""
    monkeypatch.setattr(module, "BATCH_BODIES", 3)
    monkeypatch.setattr(module, "SURVEY_BODIES", 2)
    async with keeping(tmp_path / "d") as kept:
        sizes = [(await kept.post(2), kept.quota.owners[VAULT])[1] for _ in range(10)]
        policy = RetentionPolicy(bytes_max=sizes[-1] - sizes[6])
        survey = await kept.retainer.survey(VAULT, STREAM, policy)
        assert survey.removal is not None
        assert (survey.removal.bodies, survey.removal.first, survey.removal.bytes) == (7, 14, sizes[6])
        assert (survey.facts.bytes, survey.facts.end) == (sizes[-1], 20)
        assert (await kept.page())["events"][0]["offset"] == 0
        await kept.post(2)
        done = await kept.retainer.retain(VAULT, STREAM, policy, survey.removal.first)
        assert done == survey.removal
        assert (await kept.page())["events"][0]["offset"] == 14
        assert {anchor.by for anchor in await anchors_of(kept)} == {"operator"}
        assert await kept.retainer.retain(VAULT, STREAM, policy, survey.removal.first) is None
        for call in (
            kept.retainer.survey(VAULT, StreamName("no"), policy),
            kept.retainer.retain(VAULT, StreamName("no"), policy, 5),
        ):
            with pytest.raises(UnknownStream):
                await call


async def fill(kept: Kept, segments: int, stream: str = STREAM) -> None:
    """Post large bodies until so many event segments were begun."""
    while len(kept.segments()) < segments:
        await kept.post(stream=stream, size=200_000)


async def test_a_segment_that_holds_nothing_live_gives_its_bytes_back(tmp_path):
    """One that still holds a body of another stream stays, and so does the open one."""
    async with keeping(tmp_path / "d", RetentionSettings(rules=("site/a age=100s",))) as kept:
        await kept.post(stream=OTHER)
        await fill(kept, 4)
        assert kept.segments() == [1, 2, 3, 4]
        kept.clock.ms += 101 * S
        await round_of(kept)
        assert kept.segments() == [1, 4]
        assert (await kept.page())["events"] == []
        assert len((await kept.page(stream=OTHER))["events"]) == 1
        await kept.retainer.retain(VAULT, StreamName(OTHER), RetentionPolicy(bytes_max=0), 1)
        assert kept.segments() == [4]
        assert (await kept.post()).first_offset == (await anchors_of(kept))[-1].first


@pytest.mark.parametrize("left", [0, 3])
async def test_an_index_made_from_what_is_left_of_the_log_says_the_same(tmp_path, left):
    """Streams, ends, windows, usage and days' bytes outlive the segments that they came from."""
    root, clock = tmp_path / "d", HandClock()
    async with keeping(root, RetentionSettings(age_s=100, events_min=left), clock=clock) as kept:
        await kept.post(who="bob", stream=OTHER)
        await fill(kept, 3)
        clock.ms += 101 * S
        await kept.post(3, who="bob", stream="site/c")
        await round_of(kept)
        await kept.post(2)
        clock.ms += 101 * S
        await round_of(kept)
        assert len(kept.segments()) < 3
        end = (await kept.page())["end"]
    before = facts(root)
    for _ in range(2):
        drop_index(root)
        async with keeping(root, clock=clock) as kept:
            assert (await kept.page())["end"] == end
        assert facts(root) == before
    async with keeping(root, clock=clock) as kept:
        assert len(await anchors_of(kept)) >= 2
        assert (await kept.post(seq=1_000)).first_offset == end


async def test_a_node_without_a_receipt_key_removes_nothing_and_says_so(tmp_path):
    """What cannot be signed is not done; as soon as the key can be had, it is."""
    trouble = [OSError("the disk takes no key")]

    def obtain() -> Any:
        raise trouble[0]

    async with keeping(tmp_path / "d", RetentionSettings(age_s=100), obtain=obtain) as kept:
        await kept.retainer.prepare()
        assert "takes no key" in kept.retainer.condition()
        await kept.post()
        kept.clock.ms += 101 * S
        assert await kept.retainer._try_round() == (False, False)
        assert "takes no key" in kept.retainer.condition()
        assert len((await kept.page())["events"]) == 1


async def test_the_room_rests_and_is_woken_by_new_settings(tmp_path, autojump_clock):
    """A round at each interval, and one at once when the operator changes the policy."""
    async with keeping(tmp_path / "d", RetentionSettings(interval_s=3_600)) as kept:
        await kept.post()
        kept.clock.ms += 101 * S
        async with trio.open_nursery() as nursery:
            await nursery.start(kept.retainer.run)
            while kept.retainer.rounds < 1:
                await trio.sleep(0.1)
            began = trio.current_time()
            kept.retainer.apply(RetentionSettings(age_s=100, interval_s=3_600))
            while not kept.heard:
                await trio.sleep(0.1)
            assert trio.current_time() - began < 3_600
            nursery.cancel_scope.cancel()


async def test_a_round_that_the_disk_refuses_changes_nothing(tmp_path, monkeypatch):
    """No bytes are given back and nobody is told; when the disk takes it, it happens."""
    async with keeping(tmp_path / "d", RetentionSettings(age_s=100)) as kept:
        await kept.post()
        kept.clock.ms += 101 * S
        before = kept.quota.owners[VAULT]
        with monkeypatch.context() as patched:
            patched.setattr(type(kept.journal._engine.stage), "_apply", refuse)
            assert await kept.retainer._try_round() == (False, False)
        assert "no room for a row" in kept.retainer.condition()
        assert (kept.quota.owners[VAULT], kept.heard) == (before, [])
        assert len((await kept.page())["events"]) == 1
        assert await kept.retainer._try_round() == (True, False)
        assert kept.retainer.condition() == ""
        assert (kept.quota.owners[VAULT], kept.heard) == (0, [(VAULT, STREAM, 1)])


def refuse(*_: Any) -> None:
    raise ValueError("no room for a row")
