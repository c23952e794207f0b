"""The picture of a node."""

import msgspec
import pytest

from tests.tui import scene
from tests.tui.scene import NOW_MS, NOW_S, picture
from tui.lines import Tone
from tui.models import Event, Node
from tui.state import HISTORY, LOG_LINES_MAX, Link, NodeState, Phase, Topic


def test_frames_change_what_they_name() -> None:
    """And tell their topic, once; the time of the last word is noted."""
    state, told = NodeState(), []
    state.watch(told.append)
    state.apply("node", scene.node(), 5.0)
    state.apply("streams", {"streams": scene.streams()[:2]}, 6.0)
    state.apply("logs", {"lines": scene.logs(count=3)}, 7.0)
    state.apply("pieces", {"pieces": 1, "bytes": 2}, 8.0)
    state.apply("of-tomorrow", [], 9.0)
    assert told == [Topic.NODE, Topic.STREAMS, Topic.LOGS, Topic.PIECES]
    assert (len(state.streams), len(state.logs), state.seen_at_s) == (2, 3, 9.0)
    assert state.node.pieces.pieces == 1


@pytest.mark.parametrize("data", [None, [], {"streams": 5}, {"streams": [5]}, {"streams": [{"events": "x"}]}])
def test_a_shape_that_is_none_is_refused(data: object) -> None:
    """The link ends; nothing half-read is kept."""
    state = NodeState()
    with pytest.raises(msgspec.ValidationError):
        state.apply("streams", data, 0.0)
    assert len(state.streams) == 0


def test_the_nodes_time_goes_on_without_it() -> None:
    """Ages grow while the link is lost; the age of the picture is counted from the node's last word."""
    state = picture("disconnected")
    assert state.stale
    assert state.age_s(NOW_S) == 12
    assert state.node_now_ms(NOW_S) == NOW_MS + 12_000
    assert state.link.retry_in_s(NOW_S) == 3
    assert Link(Phase.LOST, retry_at_s=None).retry_in_s(0) is None
    assert Link(Phase.LOST, retry_at_s=1.0).retry_in_s(9.0) == 0


def test_alerts_keep_their_age() -> None:
    """Since when something is so is the time at which it was seen first; what is mended goes."""
    state = NodeState()
    state.apply("node", scene.node("degraded"), 1.0)
    later = {**scene.node("degraded"), "now_ms": NOW_MS + 60_000}
    state.apply("node", later, 2.0)
    assert {since for _, since in state.alerts} == {NOW_MS}
    assert state.alerts[0][0].tone is Tone.BAD
    state.apply("node", scene.node("healthy"), 3.0)
    assert state.alerts == []


def test_the_chain_has_its_rows_and_its_alerts() -> None:
    """How far an endpoint is behind is counted from the highest claim; a state is as old as the node says it is."""
    state, told = picture(), []
    state.watch(told.append)
    state.apply("chain", scene.chain("stalled"), 5.0)
    assert told == [Topic.CHAIN]
    assert {one.group[:6]: one.behind for one in state.endpoints.window(0, 9)} == {
        "foundation"[:6]: 0, "people"[:6]: 17, "own": 0
    }  # fmt: skip
    assert next((alert.name, since) for alert, since in state.alerts) == ("chain.stalled", NOW_MS - 7_500_000)
    state.set_node(state.node, NOW_S)
    assert state.alerts[0][0].name == "chain.stalled"
    state.apply("chain", scene.chain("off"), 6.0)
    assert (state.alerts, len(state.endpoints)) == ([], 0)
    room = {"name": "chain_light", "state": "degraded", "reason": "stalled: why", "required": False}
    document = scene.node() | {"rooms": [room]}
    for kind, wanted in (("stalled", "chain.stalled"), ("following", "room.chain_light")):
        state.apply("chain", scene.chain(kind) | {"endpoints": []}, 7.0)
        state.apply("node", document, 8.0)
        assert [alert.name for alert, _ in state.alerts] == [wanted]  # once, in the words that say more
    bare = NodeState()
    bare.apply("chain", {**scene.chain("halted"), "finalized": None}, 1.0)
    assert bare.alerts == []  # nothing is said of a node that said nothing of itself
    assert bare.endpoints.newest(1)[0].behind is not None


def test_another_boot_begins_anew() -> None:
    """The log and the refusals of a restarted node are numbered from 1 again; streams and devices stay."""
    state = picture()
    state.set_node(msgspec.structs.replace(state.node, boot="other"), NOW_S)
    assert (len(state.logs), len(state.refusals), state.reasons) == (0, 0, [])
    assert len(state.devices) == 25


def test_new_refusals_are_counted_by_reason() -> None:
    """A frame brings them one by one."""
    state = picture()
    before = {reason.slug: reason.count for reason in state.reasons}
    refusal = {**scene.refusals()["refusals"][0], "n": 99, "slug": "bad-signature", "t_ms": 5}
    state.apply("refusals", {"refusals": [refusal, {**refusal, "n": 100, "slug": "new"}], "total": 39}, NOW_S)
    after = {reason.slug: reason.count for reason in state.reasons}
    assert after == {**before, "bad-signature": before["bad-signature"] + 1, "new": 1}
    assert state.refused_total == 39


def test_nothing_grows_without_end() -> None:
    """The log is a tail, the histories are rings."""
    state = NodeState()
    state.apply("logs", {"lines": scene.logs(count=LOG_LINES_MAX + 500)}, 0.0)
    for _ in range(HISTORY + 5):
        state.set_node(Node(), 0.0)
    assert len(state.logs) == LOG_LINES_MAX
    assert len(state.rates) == len(state.commits) == HISTORY


def test_events_belong_to_one_stream() -> None:
    """Looking at another stream forgets those of the one before."""
    state = picture()
    state.set_events("a", msgspec.convert(scene.events("a")["events"], list[Event]), 30)
    assert len(state.events) == 30
    state.set_events("b", [], 0)
    assert (state.events_of, len(state.events)) == ("b", 0)


def test_read_only_until_the_node_says_otherwise() -> None:
    """Nobody orders anything before it is known that they may."""
    assert NodeState().read_only
    assert picture(access="ro").read_only
    assert not picture().read_only


def test_a_command_s_progress_stands_beside_its_verdict() -> None:
    """Of the piece this program had verified; not when it is done, and not for what others ask for."""
    state = NodeState()
    far = {"command": "piece.verify", "subject": "b1", "done": 5 * 2**20, "bytes": 257 * 2**20}
    state.apply("progress", far, 1.0)
    assert state.verdicts == {}
    state.verdicts["b1"] = [("here", Tone.IDLE, "waits"), ("the node", Tone.IDLE, "asked")]
    state.apply("progress", {**far, "command": "other"}, 1.0)
    assert state.verdicts["b1"][1][2] == "asked"
    state.apply("progress", far, 1.0)
    assert state.verdicts["b1"][1] == ("the node", Tone.IDLE, "5.0 MiB of 257 MiB")
    state.verdicts["b1"][1] = ("the node", Tone.OK, "intact")
    state.apply("progress", far, 1.0)
    assert state.verdicts["b1"][1][2] == "intact"
    with pytest.raises(msgspec.ValidationError):
        state.apply("progress", [], 1.0)


def test_what_verifying_found_stands_in_the_row() -> None:
    """Damaged, and mended again; a piece that is not listed is none."""
    state = picture()
    cid = state.pieces.window(0, 1)[0].cid
    for damaged in (True, False):
        state.note_damage(cid, damaged=damaged)
        assert state.pieces.row(cid).damaged is damaged
    state.note_damage("b", damaged=True)
    assert len(state.pieces) == 40
