"""The list of pieces while pieces come and the link goes."""

from pathlib import Path

from tests.tui import scene
from tests.tui.recorded_node import recorded_node
from tests.tui.rig import attached, press, text_on, under_asyncio, until


@under_asyncio
async def test_new_pieces_appear_by_themselves(tmp_path: Path) -> None:
    """A frame says that there are more; the list is read again without a key."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s", first="store") as pilot:
        await until(pilot, lambda: len(pilot.app.state.pieces) == 40)
        node.rows["pieces"] = [*scene.pieces(), {**scene.pieces()[0], "cid": "b" + "z" * 58}]
        await node.send("pieces", {"pieces": 41, "bytes": 1})
        await until(pilot, lambda: "1/41" in text_on(pilot))
        node.rows["pieces"] = scene.pieces()[:2]
        await node.send("pieces", {"pieces": 2, "bytes": 1})
        await until(pilot, lambda: "1/2 " in text_on(pilot))


@under_asyncio
async def test_a_reading_that_was_cut_is_done_again(tmp_path: Path) -> None:
    """The link went while the list was read: it is read when the link is back."""
    async with recorded_node(tmp_path / "s") as node, attached(tmp_path / "s") as pilot:
        await until(pilot, lambda: len(pilot.app.state.settings) > 0)
        node.raw["/v1/pieces"] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"
        await press(pilot, "3")
        await until(pilot, lambda: "lost" in text_on(pilot).split("\n")[0])
        node.raw.clear()
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: "1/40" in text_on(pilot))
