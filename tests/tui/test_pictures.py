"""Snapshots: every screen in every state at two sizes, text and styles, row by row.

A picture is a text file: the screen as it stands, then for each row its runs of style. A change shows in a diff; the
same picture for eyes is written beside it on request:

    EDGE_NODE_PICTURES=write  pytest tests/tui/test_pictures.py     takes the present pictures for right
    EDGE_NODE_PICTURES=svg    pytest tests/tui/test_pictures.py     writes SVG files to $EDGE_NODE_PICTURES_DIR

A changed picture is committed only by somebody who looked at it.
"""

import os
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.tui.rig import press, runs_on, settle, shown, text_on, under_asyncio
from tests.tui.scene import CHAIN_OF, CHAINS, HEALTHS, chain, events, piece
from tui.models import Event
from tui.models_chain import Chain
from tui.screens.atlas import SCREENS
from tui.theme import ASCII

PICTURES = Path(__file__).parent / "pictures"
SIZES = ((80, 24), (140, 40))
NAMES = [screen.NAME for screen in SCREENS]


def described(pilot: Pilot[int]) -> str:
    """Text and styles of the whole screen; styles are numbered in their order and named at the end."""
    numbers: dict[str, int] = {}
    rows = []
    for runs in runs_on(pilot):
        rows.append(" ".join(f"{cells}:{numbers.setdefault(style, len(numbers))}" for cells, style in runs))
    names = [f"{number} = {style}" for style, number in numbers.items()]
    return "\n".join([text_on(pilot), "--- cells:style of each row", *rows, "--- styles", *names, ""])


def compare(name: str, pilot: Pilot[int]) -> None:
    """The picture as it is against the one that was looked at."""
    path, mode = PICTURES / f"{name}.txt", os.environ.get("EDGE_NODE_PICTURES", "")
    if mode == "svg":
        folder = Path(os.environ["EDGE_NODE_PICTURES_DIR"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.svg").write_text(pilot.app.export_screenshot())
    if mode == "write":
        PICTURES.mkdir(exist_ok=True)
        path.write_text(described(pilot))
    assert described(pilot) == path.read_text(), f"{name} looks different: see the module's docstring"


@pytest.mark.parametrize("health", HEALTHS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", NAMES)
@under_asyncio
async def test_a_screen_looks_as_it_did(name: str, size: tuple[int, int], health: str) -> None:
    """Healthy, degraded and disconnected."""
    async with shown(health, size=size, first=name) as pilot:
        state = pilot.app.state
        state.loading.clear()
        first = state.pieces.window(0, 1)[0].cid
        state.set_detail(first, piece(first))
        state.set_events("fence/gate", [msgspec.convert(row, Event) for row in events("fence/gate")["events"]], 30)
        pilot.app.paint_all()
        await settle(pilot)
        compare(f"{name}-{health}-{size[0]}x{size[1]}", pilot)


SIGNS = {"=": "equals_sign", ":": "colon"}
OTHERS = {
    "help": ("overview", ("question_mark",), {}),
    "palette": ("streams", ("colon", "p", "u", "m", "p"), {}),
    "alerts": ("overview", ("d",), {}),
    "enrol": ("devices", ("n",), {}),
    "filter": ("logs", ("slash", *"level=warning"), {}),
    "described": ("devices", ("down", "d"), {}),
    "maximised": ("logs", ("plus",), {}),
    "viewer": ("devices", ("s",), {"access": "ro"}),
    "ascii": ("overview", (), {"glyphs": ASCII}),
    "ascii-devices": ("devices", ("d",), {"glyphs": ASCII}),
    "buckets": ("store", ("right_square_bracket", "down", "d"), {}),
    "names": ("store", ("right_square_bracket", "right_square_bracket", "d"), {}),
    "store-filter": ("store", ("slash", *"bucket:7", "space", *"kind:dag"), {}),
    "store-ascii": ("store", ("right_square_bracket",), {"glyphs": ASCII}),
    "chain-described": ("chain", ("d",), {}),
    "chain-ascii": ("chain", (), {"glyphs": ASCII}),
    "chain-contrast": ("chain", (), {"theme": "contrast"}),
    "checkpoint": ("chain", ("i",), {}),
    "light": ("overview", (), {"theme": "light"}),
    "contrast": ("devices", (), {"theme": "contrast"}),
}


@pytest.mark.parametrize("name", OTHERS)
@under_asyncio
async def test_what_opens_looks_as_it_did(name: str) -> None:
    """Dialogues, filters, themes and the ASCII set, in trouble, at 80x24."""
    screen, keys, how = OTHERS[name]
    async with shown("degraded", first=screen, **how) as pilot:
        pilot.app.state.loading.clear()
        await press(pilot, *(SIGNS.get(key, key) for key in keys))
        compare(f"other-{name}", pilot)


@pytest.mark.parametrize("kind", sorted(set(CHAINS) - set(CHAIN_OF.values())))
@under_asyncio
async def test_every_state_of_the_chain_looks_as_it_did(kind: str) -> None:
    """Off, begun, on the way, in need and halted: the words first, whatever they leave to the plot."""
    async with shown(first="chain") as pilot:
        pilot.app.state.set_chain(msgspec.convert(chain(kind), Chain))
        pilot.app.paint_all()
        await settle(pilot)
        compare(f"chain-{kind}", pilot)


@under_asyncio
async def test_nothing_known_yet_looks_as_it_did() -> None:
    """A node that never answered: the reason and what to do, on every screen the same way."""
    from tests.tui.scene import NOW_S
    from tui.app import NodeApp
    from tui.state import Link, NodeState, Phase

    state = NodeState()
    state.via = "uds"
    state.set_link(Link(Phase.LOST, NOW_S, "No such file or directory: /run/c.sock", "Start the node.", NOW_S + 4, 1))
    app = NodeApp(state, now_s=lambda: NOW_S)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        compare("other-nothing", pilot)


def test_no_picture_is_left_over() -> None:
    """A picture nobody compares with is no proof."""
    wanted = {f"{name}-{health}-{cells}x{rows}" for name in NAMES for health in HEALTHS for cells, rows in SIZES}
    wanted |= {f"chain-{kind}" for kind in set(CHAINS) - set(CHAIN_OF.values())}
    wanted |= {f"other-{name}" for name in (*OTHERS, "nothing")}
    assert {path.stem for path in PICTURES.glob("*.txt")} == wanted
