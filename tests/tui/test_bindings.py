"""Every binding does what the key map says: one case each, and none may be missing."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from textual.pilot import Pilot

from edge_node.client.control import Plan
from tests.tui.recorded_node import recorded_node
from tests.tui.rig import attached, press, settle, shown, text_on, under_asyncio, until
from tui.keydoc import all_rows
from tui.lines import Tone
from tui.screens.dialogs import Confirm, Form, Palette, TextDialog
from tui.screens.listed import ListScreen
from tui.screens.overview import OverviewScreen
from tui.state import Link, Phase
from tui.widgets.filterbar import FilterBar
from tui.widgets.table import Table

Check = Callable[[Pilot[int]], bool]


def on(name: str) -> Check:
    return lambda pilot: getattr(pilot.app.screen, "NAME", "") == name


def place(number: int) -> Check:
    return lambda pilot: pilot.app.screen.query_one(Table)._place == number


def says(text: str) -> Check:
    return lambda pilot: text in text_on(pilot)


def chosen(number: int) -> Check:
    return lambda pilot: pilot.app.screen.cards.chosen == number


def opened(kind: type) -> Check:
    return lambda pilot: isinstance(pilot.app.screen, kind)


def pane(pilot: Pilot[int]) -> bool:
    return pilot.app.screen.has_class("described")


def whole(pilot: Pilot[int]) -> bool:
    return pilot.app.screen.has_class("whole")


class Case(NamedTuple):
    """The screen to begin on, the keys before, the key, and what is so afterwards and was not before."""

    screen: str
    before: tuple[str, ...]
    keys: tuple[str, ...]
    check: Check


CASES = {
    "screen.overview": Case("logs", (), ("1",), on("overview")),
    "screen.chain": Case("overview", (), ("2",), on("chain")),
    "screen.store": Case("overview", (), ("3",), on("store")),
    "screen.streams": Case("overview", (), ("4",), on("streams")),
    "screen.devices": Case("overview", (), ("full_stop",), on("devices")),
    "screen.logs": Case("overview", (), ("9",), on("logs")),
    "screen.settings": Case("overview", (), ("comma",), on("settings")),
    "app.palette": Case("logs", (), ("colon", "ctrl+p"), opened(Palette)),
    "app.help": Case("logs", (), ("question_mark", "f1"), opened(TextDialog)),
    "app.retry": Case("logs", (), ("ctrl+r",), says("The link is up.")),
    "app.quit": Case("logs", (), ("q", "ctrl+c", "ctrl+q"), lambda pilot: pilot.app._exit),
    "app.filter": Case("logs", (), ("slash",), lambda pilot: pilot.app.screen.query_one(FilterBar).has_focus),
    "list.back": Case("devices", ("d",), ("escape",), lambda pilot: not pane(pilot)),
    "list.describe": Case("devices", (), ("d",), pane),
    "list.maximise": Case("devices", (), ("plus",), whole),
    "list.tab_before": Case("streams", (), ("left_square_bracket",), says("Refusals  4/4")),
    "list.tab_after": Case("streams", (), ("right_square_bracket",), says("Events  2/4")),
    "list.detail_up": Case("devices", ("d", "right_curly_bracket"), ("left_curly_bracket",), says(" status      ● ")),
    "list.detail_down": Case(
        "devices", ("d",), ("right_curly_bracket",), lambda p: " status      ● " not in text_on(p)
    ),
    "list.logs": Case("devices", (), ("l",), on("logs")),
    "list.copy": Case("devices", (), ("y",), says("Copied 00001000")),
    "table.up": Case("devices", ("down", "down"), ("up", "k"), place(1)),
    "table.down": Case("devices", (), ("down", "j"), place(1)),
    "table.page_up": Case("devices", ("end",), ("pageup",), place(5)),
    "table.page_down": Case("devices", (), ("pagedown",), place(19)),
    "table.first": Case("devices", ("down", "down"), ("home", "g"), place(0)),
    "table.last": Case("devices", (), ("end", "G"), place(24)),
    "table.open": Case("devices", (), ("enter",), pane),
    "overview.next": Case("overview", (), ("tab", "right", "down", "j"), chosen(0)),
    "overview.before": Case("overview", ("tab", "tab"), ("shift+tab", "left", "up", "k"), chosen(0)),
    "overview.open": Case("overview", ("tab", "tab"), ("enter",), on("chain")),
    "overview.describe": Case("overview", (), ("d",), opened(TextDialog)),
    "overview.logs": Case("overview", (), ("l",), on("logs")),
    "chain.checkpoint": Case("chain", (), ("i",), opened(Form)),
    "chain.confirm": Case("chain", (), ("c",), opened(Form)),
    "store.verify": Case("store", (), ("v",), says("could not")),
    "store.reload": Case("store", (), ("R",), says("reading, 40 so far")),
    "streams.publish": Case("streams", (), ("t",), opened(Form)),
    "devices.enrol": Case("devices", (), ("n",), opened(Form)),
    "devices.suspend": Case("devices", (), ("s",), says("there is no link")),
    "devices.resume": Case("devices", (), ("r",), says("there is no link")),
    "devices.revoke": Case("devices", (), ("x",), says("there is no link")),
    "logs.pause": Case("logs", (), ("p",), says("paused")),
    "logs.level": Case("logs", (), ("L",), says("/!level=debug")),
    "logs.save": Case("logs", (), ("w",), says("60 lines are in")),
    "logs.node_level": Case("logs", (), ("N",), says("there is no link")),
    "settings.apply": Case("settings", (), ("a",), says("there is no link")),
    "settings.theme": Case("settings", (), ("T",), says("Theme light")),
    "filter.clear": Case("logs", ("slash", "z"), ("escape",), says("60/60")),
    "filter.keep": Case("logs", ("slash", "z"), ("enter",), lambda p: not p.app.screen.query_one(FilterBar).has_focus),
    "dialog.close": Case("devices", ("n",), ("escape",), on("devices")),
    "text.up": Case(
        "logs", ("question_mark", "down", "down"), ("up", "k"), lambda p: p.app.screen.query_one("#text").top == 1
    ),
    "text.down": Case("logs", ("question_mark",), ("down", "j"), lambda p: p.app.screen.query_one("#text").top == 1),
    "text.page_up": Case(
        "logs", ("question_mark", "pagedown"), ("pageup",), lambda p: p.app.screen.query_one("#text").top == 0
    ),
    "text.page_down": Case(
        "logs", ("question_mark",), ("pagedown", "space"), lambda p: p.app.screen.query_one("#text").top == 10
    ),
    "text.close": Case("logs", ("question_mark",), ("enter", "q", "question_mark"), on("logs")),
    "palette.up": Case("logs", ("colon", "down"), ("up",), lambda p: p.app.screen._chosen == 0),
    "palette.down": Case("logs", ("colon",), ("down", "tab"), lambda p: p.app.screen._chosen == 1),
    "palette.take": Case("overview", ("colon", "s", "t", "o", "r"), ("enter",), on("store")),
}


# Proved where there is a plan: test_a_long_plan_can_be_read_to_its_end_before_it_is_confirmed.
WITH_A_PLAN = {"confirm.page_up", "confirm.page_down"}


def test_no_binding_is_without_a_case() -> None:
    """A new binding needs one here, and a case that is left over goes."""
    assert set(CASES) | WITH_A_PLAN == {row.name for row in all_rows()}


@pytest.mark.parametrize("name", CASES)
@under_asyncio
async def test_a_key_does_what_it_says(name: str) -> None:
    """Each of the keys of a binding, from a fresh start."""
    case = CASES[name]
    for key in case.keys:
        async with shown(first=case.screen) as pilot:
            await press(pilot, *case.before)
            assert not case.check(pilot), f"{key}: it was so before"
            await press(pilot, key)
            await until(pilot, lambda: case.check(pilot))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saving writes into the directory one stands in."""
    monkeypatch.chdir(tmp_path)


async def typed(pilot: Pilot[int], text: str) -> None:
    names = {"-": "minus", ".": "full_stop", " ": "space"}
    await press(pilot, *(names.get(char, char) for char in text))


@under_asyncio
async def test_a_dangerous_order_wants_its_name(tmp_path: Path) -> None:
    """The button is dead until the name is typed; escape orders nothing; the node is asked once."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="devices") as pilot:
        await until(pilot, lambda: len(pilot.app.state.devices) == 25)
        await press(pilot, "down", "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        button = pilot.app.screen.query_one("#do")
        assert button.disabled
        await press(pilot, "escape")
        assert node.orders == []
        await press(pilot, "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await typed(pilot, "sensor-0")
        assert pilot.app.screen.query_one("#do").disabled
        await press(pilot, "enter")
        assert node.orders == []
        await typed(pilot, "1")
        assert not pilot.app.screen.query_one("#do").disabled
        await press(pilot, "enter")
        await until(pilot, lambda: "device.suspend is done" in text_on(pilot))
        assert [name for name, _ in node.orders] == ["device.suspend"]
        key = ("sensor-01", str(node.orders[0][1]["device"]))
        assert pilot.app.state.devices.row(key).status == "suspended"


@under_asyncio
async def test_a_name_nobody_can_type_is_typed_as_it_is_shown(tmp_path: Path) -> None:
    """A device called with control characters can be cut off too; markup in a plan stays letters."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="devices") as pilot:
        await until(pilot, lambda: len(pilot.app.state.devices) == 25)
        await press(pilot, "home", "x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await until(pilot, lambda: "[bold]no markup[/bold] \\x1b[31m" in text_on(pilot))
        pilot.app.screen.query_one("#typed").value = "gate\\x1b[31m-\\u202eevil"
        await press(pilot, "enter")
        await until(pilot, lambda: bool(node.orders))


@under_asyncio
async def test_enrolling_is_planned_by_the_node(tmp_path: Path) -> None:
    """What is wrong with the form is said in the node's words; what is right is confirmed and done."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="devices") as pilot:
        await until(pilot, lambda: len(pilot.app.state.devices) == 25)
        for key in ("ab", "ab" * 32):
            await press(pilot, "n")
            form = pilot.app.screen
            form.query_one("#name").value, form.query_one("#key").value = "pump-9", key
            form.query_one("#do").press()
            wanted = (lambda: "64 hex digits" in text_on(pilot)) if len(key) < 64 else opened(Confirm)
            await until(pilot, lambda wanted=wanted: wanted() if len(key) < 64 else wanted(pilot))  # noqa: B023
        await press(pilot, "enter")
        await until(pilot, lambda: bool(node.orders))
        assert node.orders[0][1] == {
            "name": "pump-9", "key": "ab" * 32, "roles": ["device"], "streams": [], "note": ""
        }  # fmt: skip


@under_asyncio
async def test_a_checkpoint_is_read_here_and_judged_by_the_node(tmp_path: Path) -> None:
    """A file that is none is said at once and nothing is asked; what is one is planned, shown and done."""
    (tmp_path / "checkpoint.json").write_text('{"signed": "so"}\n')
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="chain") as pilot:
        await until(pilot, lambda: "FOLLOWING" in text_on(pilot) and len(pilot.app.state.settings) > 0)
        for name in ("missing.json", "checkpoint.json"):
            await press(pilot, "i")
            form = pilot.app.screen
            form.query_one("#file").value = str(tmp_path / name)
            form.query_one("#do").press()
            if name == "missing.json":
                await until(pilot, lambda: "No such file" in text_on(pilot))
                assert not node.tokens
        await until(pilot, opened_on(pilot, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: bool(node.orders))
        assert node.orders == [("chain.checkpoint", {"document": '{"signed": "so"}'})]


@under_asyncio
async def test_a_hash_is_typed_and_confirmed(tmp_path: Path) -> None:
    """As people read it out, with or without 0x; leaving the form asks for nothing."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="chain") as pilot:
        await until(pilot, lambda: "FOLLOWING" in text_on(pilot) and len(pilot.app.state.settings) > 0)
        await press(pilot, "c", "escape", "i", "escape")
        assert not node.tokens
        await press(pilot, "c")
        pilot.app.screen.query_one("#hash").value = "0x" + "4e" * 32
        pilot.app.screen.query_one("#do").press()
        await until(pilot, opened_on(pilot, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: bool(node.orders))
        assert node.orders == [("chain.confirm", {"hash": "4e" * 32})]


def opened_on(pilot: Pilot[int], kind: type) -> Callable[[], bool]:
    return lambda: isinstance(pilot.app.screen, kind)


@under_asyncio
async def test_a_viewer_orders_nothing(tmp_path: Path) -> None:
    """Every verb says why it does nothing on the view socket, the node is not even asked; events have no content."""
    async with (
        recorded_node(tmp_path / "v.sock", access="ro") as node,
        attached(tmp_path / "v.sock", first="devices") as pilot,
    ):
        await until(pilot, lambda: len(pilot.app.state.devices) == 25)
        assert " ro " in text_on(pilot).split("\n")[0]
        for key in ("s", "r", "x", "n"):
            await press(pilot, key)
            await until(pilot, lambda: "viewers (ro)" in text_on(pilot))
        await press(pilot, "2")
        for key in ("i", "c"):
            await press(pilot, key)
            await until(pilot, lambda: "viewers (ro)" in text_on(pilot))
        assert not node.tokens
        await press(pilot, "4", "enter")
        await until(pilot, lambda: len(pilot.app.state.events) == 30)
        await until(pilot, lambda: "not shown here" in text_on(pilot))
        await press(pilot, "3")
        await until(pilot, lambda: len(pilot.app.state.pieces) == 40)
        await press(pilot, "v")
        await until(pilot, lambda: "gives no content" in text_on(pilot))


@under_asyncio
async def test_a_piece_is_hashed_on_both_sides(tmp_path: Path) -> None:
    """The node's word and our own; a node that hands out other bytes is found out."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="store") as pilot:
        await until(pilot, lambda: len(pilot.app.state.pieces) == 40)
        await press(pilot, "v")
        await until(pilot, lambda: "here: intact" in text_on(pilot))
        await until(pilot, lambda: "the node: intact" in text_on(pilot))
        await press(pilot, "down")
        cid = pilot.app.screen.table.row.cid
        content = {"cid": cid, "content_base64": "AAAA", "length": 3, "from": 0, "bytes": 3}
        node.overrides[f"/v1/pieces/{cid}/content"] = content
        await press(pilot, "v")
        await until(pilot, lambda: "other content" in text_on(pilot))


@under_asyncio
async def test_every_kind_of_piece_is_verified_from_where_it_is_held(tmp_path: Path) -> None:
    """Multiparts and DAG nodes too, each through its bucket; what has no piece of its own is not verified."""
    async with recorded_node(tmp_path / "c.sock") as node, attached(tmp_path / "c.sock", first="store") as pilot:
        await until(pilot, lambda: len(pilot.app.state.pieces) == 40)
        verdicts = pilot.app.state.verdicts
        for kind in ("multipart", "dag"):
            pilot.app.screen.filter_by(f"kind:{kind} bucket:7")
            await until(pilot, lambda kind=kind: pilot.app.screen.table.row.kind == kind)
            await press(pilot, "home", "v")
            cid = pilot.app.screen.table.row.cid
            await until(pilot, lambda cid=cid: [one[1] for one in verdicts.get(cid, ())] == [Tone.OK, Tone.OK])
            assert node.orders[-1] == ("piece.verify", {"cid": cid, "vault": "ab" * 32, "bucket": 7})
        await press(pilot, "right_square_bracket", "v")
        assert "enter shows those" in text_on(pilot)


@under_asyncio
async def test_enter_leads_from_a_bucket_to_its_pieces_and_from_a_name_to_what_it_stands_for(tmp_path: Path) -> None:
    """The names are those of the bucket under the cursor."""
    async with recorded_node(tmp_path / "c.sock"), attached(tmp_path / "c.sock", first="store") as pilot:
        await until(pilot, lambda: len(pilot.app.state.buckets) == 4)
        await press(pilot, "right_square_bracket", "down")
        await until(pilot, lambda: len(pilot.app.state.names) == 3)
        await press(pilot, "right_square_bracket", "enter")
        await until(pilot, lambda: "/cid=baear4i" in text_on(pilot))
        await press(pilot, "right_square_bracket", "down", "enter")
        await until(pilot, lambda: "/bucket=7" in text_on(pilot))
        await until(pilot, lambda: "of 40" in text_on(pilot))


@under_asyncio
async def test_enter_leads_from_a_stream_to_its_events_and_from_a_reason_to_its_refusals(tmp_path: Path) -> None:
    """The way from a figure to what is behind it."""
    async with recorded_node(tmp_path / "c.sock"), attached(tmp_path / "c.sock", first="streams") as pilot:
        await until(pilot, lambda: len(pilot.app.state.streams) == 12)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: len(pilot.app.state.events) == 30)
        assert pilot.app.state.events_of == "pump/3/pressure"
        await press(pilot, "right_square_bracket", "enter")
        await until(pilot, lambda: "/slug=bad-signature" in text_on(pilot))
        await until(pilot, lambda: "of 37" in text_on(pilot))


@under_asyncio
async def test_every_size_from_nothing_up_is_drawn() -> None:
    """Down to 40x10 it says what fits; below that it only does not fall over."""
    for size in ((40, 10), (10, 3), (1, 1), (300, 90)):
        async with shown(size=size) as pilot:
            if size == (40, 10):
                await until(pilot, lambda: "40x10: 8 of 40 rows fit" in text_on(pilot))
            for key in ("2", "3", "4", "full_stop", "9", "comma"):
                await press(pilot, key, "d", "question_mark", "escape")


@under_asyncio
async def test_resizing_while_it_runs_keeps_the_row() -> None:
    """From wide to tiny and back, with the cursor where it was."""
    async with shown(size=(140, 40), first="devices") as pilot:
        await press(pilot, *("down",) * 9)
        key = pilot.app.screen.table.cursor
        for size in ((40, 10), (80, 24), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert pilot.app.screen.table.cursor == key
            await until(pilot, lambda: "sensor-09" in text_on(pilot))


@under_asyncio
async def test_own_keys_replace_ours() -> None:
    """A key map of the operator's: the new key works, the old one does not, and help says so."""
    async with shown(own_keys={"screen.devices": "6", "list.describe": "i"}) as pilot:
        await press(pilot, "full_stop")
        assert isinstance(pilot.app.screen, OverviewScreen)
        await press(pilot, "6", "i")
        assert pane(pilot)
        await until(pilot, lambda: "i describe" in text_on(pilot))


@under_asyncio
async def test_nothing_is_ordered_over_a_lost_link() -> None:
    """The verb says why."""
    async with shown("disconnected", first="devices") as pilot:
        await press(pilot, "s")
        await until(pilot, lambda: "no link" in text_on(pilot))
        await press(pilot, "ctrl+r")
        assert pilot.app.worker._hurry.is_set()
        pilot.app.state.set_link(Link(Phase.LIVE, 0))


@under_asyncio
async def test_screens_share_one_filter_grammar() -> None:
    """The same words on every table."""
    for name, text, count in (("devices", "status=suspended", "1/1 of 25"), ("store", "!damaged=no", "0 of 40")):
        async with shown(first=name) as pilot:
            screen = pilot.app.screen
            assert isinstance(screen, ListScreen)
            screen.filter_by(text)
            await until(pilot, lambda count=count: count in text_on(pilot))


LONG = Plan(
    command="settings.apply", arguments={}, summary="Apply it.", danger=True, confirm="edge-07",
    consequences=[f"setting.{n}: 0 -> {n}" for n in range(30)],
)  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
@under_asyncio
async def test_a_long_plan_can_be_read_to_its_end_before_it_is_confirmed(size: tuple[int, int]) -> None:
    """What to type, the field and the buttons stay in sight; the rest is paged, and it is said that there is more."""
    async with shown(first="devices", size=size) as pilot:
        await pilot.app.push_screen(Confirm(LONG))
        await settle(pilot)
        for seen in ("danger", "Type edge-07", "Do it", "PgDn"):
            assert seen in text_on(pilot)
        assert "setting.29" not in text_on(pilot)
        await press(pilot, *["pagedown"] * 40)
        await until(pilot, lambda: "setting.29: 0 -> 29" in text_on(pilot))
        await until(pilot, lambda: "Type edge-07" in text_on(pilot))
        await press(pilot, *["pageup"] * 40)
        await until(pilot, lambda: "danger" in text_on(pilot))
        await pilot.resize_terminal(80, 60)
        await settle(pilot)
        assert "PgDn" not in text_on(pilot)
        await until(pilot, lambda: "setting.29" in text_on(pilot))
