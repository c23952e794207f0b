"""The worker: what it reads, what it follows, how it comes back, and what a bad node cannot do to it."""

from contextlib import suppress
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import scene
from tests.tui.recorded_node import recorded_node
from tests.tui.rig import attached, press, text_on, under_asyncio, until
from tui.state import Phase


def live(pilot: Pilot[int]) -> bool:
    return pilot.app.state.link.phase is Phase.LIVE and len(pilot.app.state.settings) > 0


def lost(pilot: Pilot[int], reason: str) -> bool:
    state = pilot.app.state
    return state.link.phase is Phase.LOST and reason in state.link.reason


@under_asyncio
async def test_everything_is_read_and_then_followed(tmp_path: Path) -> None:
    """Lists once, then frames: rows, log lines, refusals, rates."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s", first="logs") as pilot:
        await until(pilot, lambda: live(pilot))
        state = pilot.app.state
        assert (len(state.streams), len(state.devices), len(state.logs), len(state.refusals)) == (12, 25, 60, 37)
        line = {"n": 61, "t_ms": scene.NOW_MS, "level": "error", "room": "x", "name": "disk.lost", "fields": {"a": "b"}}
        await node.send("logs", {"lines": [line], "first": 1, "last": 61})
        await until(pilot, lambda: "disk.lost" in text_on(pilot))
        refusal = {**scene.refusals()["refusals"][0], "n": 38, "slug": "new-reason"}
        await node.send("refusals", {"refusals": [refusal], "total": 38})
        await node.send("streams", {"vault": "", "streams": [{**scene.streams()[0], "stream": "brand/new"}]})
        await node.send("something-of-tomorrow", {"x": 1})
        document = scene.node()
        document["name"] = "renamed"
        await node.send("node", document)
        await until(pilot, lambda: "renamed" in text_on(pilot))
        assert "brand/new" in state.streams
        assert {reason.slug for reason in state.reasons} >= {"new-reason"}


@under_asyncio
async def test_the_chain_is_read_and_then_followed(tmp_path: Path) -> None:
    """At the beginning, and with each frame; an older node, which knows no chain, is a node all the same."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s", first="chain") as pilot:
        await until(pilot, lambda: "● FOLLOWING" in text_on(pilot) and "● leads" in text_on(pilot))
        await node.send("chain", scene.chain("halted"))
        await until(pilot, lambda: "✖ HALTED" in text_on(pilot))
        assert pilot.app.state.alerts[0][0].name == "chain.halted"
        await node.send("chain", scene.chain("off"))
        await until(pilot, lambda: "○ OFF" in text_on(pilot) and "No endpoint is asked." in text_on(pilot))
        await node.stop()
        node.unknown.add("/v1/chain")
        pilot.app.state.chain = None
        await node.start()
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: live(pilot) and "not told yet" in text_on(pilot))
        await node.send("node", {**scene.node(), "name": "older"})
        await until(pilot, lambda: "older" in text_on(pilot) and live(pilot))


@under_asyncio
async def test_a_lost_node_greys_its_picture_and_comes_back(tmp_path: Path) -> None:
    """The last picture stays with its age and a countdown; the link comes back by itself, sooner when asked."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s", first="devices") as pilot:
        await until(pilot, lambda: live(pilot))
        await node.stop()
        await until(pilot, lambda: "lost" in text_on(pilot).split("\n")[0])
        strip = text_on(pilot).split("\n")[0]
        assert "old" in strip
        assert "again in" in strip or "trying" in strip
        await until(pilot, lambda: "sensor-01" in text_on(pilot))
        await node.start()
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: pilot.app.state.link.phase is Phase.LIVE)
        assert "live" in text_on(pilot).split("\n")[0]


@under_asyncio
async def test_no_node_at_all_is_said(tmp_path: Path) -> None:
    """The first screen tells what is missing and that it tries again."""
    async with attached(tmp_path / "absent") as pilot:
        await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST)
        await until(pilot, lambda: "No such file" in text_on(pilot))


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
BAD = {
    "half an answer": (HEAD + b'content-length: 900\r\n\r\n{"api": "v1", "na', ""),
    "no JSON": (HEAD + b"content-length: 5\r\n\r\n<html", ""),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ""),
    "closed at once": (b"", ""),
    "a list": (HEAD + b"content-length: 2\r\n\r\n[]", "Expected `object`"),
    "wrong types": (HEAD + b'content-length: 28\r\n\r\n{"api": "v1", "rooms": "all"}', ""),
}


@pytest.mark.parametrize("name", BAD)
@under_asyncio
async def test_a_bad_answer_is_a_lost_link(name: str, tmp_path: Path) -> None:
    """Whatever stands behind the socket: the program stays, says why, and tries again."""
    raw, reason = BAD[name]
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        node.raw["/v1/node"] = raw
        await until(pilot, lambda: live(pilot) or pilot.app.state.link.phase is Phase.LOST)
        await node.stop()
        await node.start()
        await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST and pilot.app.state.link.attempts > 0)
        assert pilot.app.state.link.reason
        assert reason in pilot.app.state.link.reason
        assert pilot.app.is_running


@under_asyncio
async def test_another_version_is_named(tmp_path: Path) -> None:
    """A node of tomorrow: nothing is guessed."""
    async with recorded_node(tmp_path / "s") as node:
        node.overrides["/v1/node"] = {**scene.node(), "api": "v2"}
        async with attached(tmp_path / "s") as pilot:
            await until(pilot, lambda: lost(pilot, "the node speaks v2, this program v1"))
            assert pilot.app.state.node is None


@pytest.mark.parametrize(
    "frame",
    [
        b"event: node\ndata: {\"rooms\": 5}\n\n", b"event: logs\ndata: {\"lines\": [{\"n\": \"x\"}]}\n\n",
        b"event: devices\ndata: []\n\n", b"event: node\ndata: {half\n\n", b"event: streams\ndata: null\n\n",
    ],
)  # fmt: skip
@under_asyncio
async def test_a_bad_frame_is_a_lost_link(frame: bytes, tmp_path: Path) -> None:
    """The link begins anew; what was known stays."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: live(pilot))
        for writer in node.readers:
            writer.write(frame)
        await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST)
        assert pilot.app.state.node.name == "edge-07"
        assert pilot.app.is_running


@under_asyncio
async def test_the_end_is_said_by_the_node(tmp_path: Path) -> None:
    """A node that stops says so, and its word stands as the reason."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: live(pilot))
        await node.send("end", {"reason": "stopping"})
        await until(pilot, lambda: lost(pilot, "stopping"))


@under_asyncio
async def test_a_restart_of_the_node_empties_what_it_counted(tmp_path: Path) -> None:
    """Another boot: its log and its refusals begin at 1 again."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: live(pilot))
        await node.send("node", {**scene.node(), "boot": "another"})
        await until(pilot, lambda: len(pilot.app.state.logs) == 0)
        await node.send("reset", {"boot": "another", "topics": [], "access": "rw", "reason": "restarted"})
        await until(pilot, lambda: len(pilot.app.state.logs) == 60)


@under_asyncio
async def test_a_hundred_thousand_pieces_are_read_and_stay_quick(tmp_path: Path) -> None:
    """Page by page, growing on the screen; the cursor moves and filters work while there are so many."""
    async with recorded_node(tmp_path / "s") as node:
        row = scene.pieces()[0]
        node.rows["pieces"] = [{**row, "cid": f"b{n:058d}"} for n in range(101_000)]
        async with attached(tmp_path / "s", first="store") as pilot:
            await until(pilot, lambda: len(pilot.app.state.pieces) == 100_000)
            await press(pilot, "end", "up")
            await until(pilot, lambda: "99,999/100,000" in text_on(pilot))
            pilot.app.screen.filter_by("77777")
            await until(pilot, lambda: "of 100,000" in text_on(pilot))
            await until(pilot, lambda: "/77777" in text_on(pilot))


@under_asyncio
async def test_a_line_of_ten_megabytes_is_one_row(tmp_path: Path) -> None:
    """It is cut where it is shown, never copied through the screen, also when it is described and filtered."""
    fields = {"t": "\x1b[2J" * 2_500_000}
    line = {"n": 1, "t_ms": 1, "level": "info", "room": "r", "name": "huge.said", "fields": fields}
    async with recorded_node(tmp_path / "s") as node:
        node.overrides["/v1/logs"] = {"lines": [line], "next": "1", "first": 1, "last": 1}
        async with attached(tmp_path / "s", first="logs") as pilot:
            await until(pilot, lambda: "huge.said" in text_on(pilot))
            await press(pilot, "d", "plus", "escape", "slash", "2", "J", "enter")
            await until(pilot, lambda: "/2j" in text_on(pilot))
            await until(pilot, lambda: "\\x1b[2J" in text_on(pilot))
            assert "\x1b" not in text_on(pilot)


@under_asyncio
async def test_a_frame_without_end_is_a_lost_link(tmp_path: Path) -> None:
    """No memory is given for it; the link begins anew."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: live(pilot))
        with suppress(ConnectionError):
            await node.send("logs", {"lines": ["x" * 40_000_000]})
        await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST)


HOSTILE = {
    "a total that is no number": ("/v1/refusals", {"refusals": [], "by_slug": [], "total": "many"}),
    "a number nobody counts to": ("/v1/streams", {"streams": [{"stream": "a", "events": 10**400}]}),
    "a disk beyond measure": ("/v1/node", {**scene.node(), "disk": {"total_bytes": 10**300, "free_bytes": 1}}),
    "a piece of another shape": ("/v1/pieces/" + scene.pieces()[0]["cid"], {"extents": [5], "owners": {"a": 1}}),
    "places that are words": ("/v1/pieces/" + scene.pieces()[0]["cid"], {"record": {"offset": "here"}}),
}


@pytest.mark.parametrize("name", HOSTILE)
@under_asyncio
async def test_an_answer_of_another_shape_is_a_lost_link(name: str, tmp_path: Path) -> None:
    """Valid JSON that no node of this version says: the program stays and tells."""
    path, answer = HOSTILE[name]
    async with recorded_node(tmp_path / "s") as node:
        node.overrides[path] = answer
        async with attached(tmp_path / "s", size=(140, 40), first="store") as pilot:
            await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST)
            assert pilot.app.state.link.reason
            await press(pilot, "1", "4", "3", "d")
            assert pilot.app.is_running


@pytest.mark.parametrize("data", [[1], "x", 5, None])
@under_asyncio
async def test_an_end_of_another_shape_is_an_end(data: object, tmp_path: Path) -> None:
    """Whatever it says, the link is over."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: live(pilot))
        await node.send("end", data)
        await until(pilot, lambda: lost(pilot, "the node said that it is ending"))


@under_asyncio
async def test_a_list_that_never_ends_is_left(tmp_path: Path) -> None:
    """The same cursor again and again: what came is shown, and the rest is read."""
    async with recorded_node(tmp_path / "s") as node:
        node.overrides["/v1/streams"] = {"streams": [{"stream": "again"}], "next": "again"}
        async with attached(tmp_path / "s") as pilot:
            await until(pilot, lambda: live(pilot))
            assert "again" in pilot.app.state.streams


@under_asyncio
async def test_pieces_whose_reading_broke_off_are_read_again(tmp_path: Path) -> None:
    """A link that is lost before the first page came does not leave the list waiting for ever."""
    async with recorded_node(tmp_path / "s") as node:
        node.raw["/v1/pieces"] = HEAD + b'content-length: 900\r\n\r\n{"pieces": ['
        async with attached(tmp_path / "s", first="store") as pilot:
            await until(pilot, lambda: pilot.app.state.link.phase is Phase.LOST)
            node.raw.clear()
            await press(pilot, "ctrl+r")
            await until(pilot, lambda: len(pilot.app.state.pieces) > 0)


class Unforeseen(Exception):
    """Nothing we know."""


async def broken() -> None:
    raise Unforeseen


async def a_program_with_a_defect(socket: Path) -> None:
    async with attached(socket) as pilot:
        pilot.app.start(broken())
        await until(pilot, lambda: not pilot.app.is_running)


@under_asyncio
async def test_a_defect_of_ours_ends_the_program_and_is_shown(tmp_path: Path) -> None:
    """No picture that silently stopped following its node."""
    async with recorded_node(tmp_path / "s"):
        with pytest.raises(Unforeseen):
            await a_program_with_a_defect(tmp_path / "s")
