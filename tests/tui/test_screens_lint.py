"""A lint over all screens as text: nothing clipped without saying so, every state with a word, every key in help."""

import re

import pytest

from tests.tui.rig import press, shown, text_on, under_asyncio
from tests.tui.scene import HEALTHS, NOW_S, picture
from tui.cards import CARD_CELLS, cards_of
from tui.help import help_lines
from tui.keydoc import all_rows, render
from tui.lines import cells_of_line, text_of
from tui.screens.atlas import SCREENS
from tui.theme import ASCII, UNICODE
from tui.visible import cells_of, visible
from tui.widgets.keyline import key_line

NAMES = [screen.NAME for screen in SCREENS]
# A mark, a blank, and a word or figure behind it; the cursor, a rule's end and an empty bar are no marks.
MARK = re.compile(r"[●▲✖○](?! [\w+])")


@pytest.mark.parametrize("health", HEALTHS)
def test_no_line_of_a_card_is_too_wide(health: str) -> None:
    """34 cells: two cards stand side by side on 80."""
    for card in cards_of(picture(health), NOW_S, UNICODE):
        for spans in card.lines:
            assert cells_of_line(spans) <= CARD_CELLS, (card.title, text_of(spans))


def test_a_chain_has_a_card_where_one_is_followed() -> None:
    """Not where it is off, nor of an older node; its figures hold the highest block there can be."""
    import msgspec

    from tests.tui import scene
    from tui.models_chain import Chain

    state = picture("healthy")
    highest = scene.chain("needs-checkpoint") | {"provisional": "why", "since_ms": 1}
    highest["finalized"] |= {"number": 2**32 - 1, "slot_ms": 1, "verified_ms": 1}
    for document, wanted in ((highest, True), (scene.chain("off"), False), (None, False)):
        state.chain = None if document is None else msgspec.convert(document, Chain)
        cards = [card for card in cards_of(state, NOW_S, UNICODE) if card.title == "Chain"]
        assert bool(cards) == wanted
        for spans in (spans for card in cards for spans in card.lines):
            assert cells_of_line(spans) <= CARD_CELLS, text_of(spans)


def test_cards_hold_the_largest_figures() -> None:
    """Figures of a large node do not widen a line either."""
    import msgspec

    from tests.tui import scene
    from tui.models import Node

    def grown(value: object) -> object:
        if isinstance(value, dict):
            return {name: grown(part) for name, part in value.items()}
        if isinstance(value, list):
            return [grown(part) for part in value]
        return 4 * 10**9 if isinstance(value, int) and not isinstance(value, bool) and value < 10**12 else value

    state = picture("degraded")
    document = grown(scene.node("degraded"))
    document["name"] = "n" * 63
    state.set_node(msgspec.convert(document, Node, strict=False), NOW_S)
    for card in cards_of(state, NOW_S, UNICODE):
        for spans in card.lines:
            assert cells_of_line(spans) <= CARD_CELLS, (card.title, text_of(spans))


def test_doors_of_several_pairs_say_which_they_are() -> None:
    """Their names are the same; address and mode are not, and no line is too wide."""
    import msgspec

    from tests.tui import scene
    from tui.models import Node

    document = scene.node("healthy")
    document["doors"] = [
        {"name": "grpc", "kind": "tcp", "address": f"127.0.0.1:4{number}001", "mode": mode, "connections": 3}
        for number, mode in enumerate(("full", "storage", "cache", "storage"))
    ]
    state = picture("healthy")
    state.set_node(msgspec.convert(document, Node, strict=False), NOW_S)
    [card] = [one for one in cards_of(state, NOW_S, UNICODE) if one.title == "Doors"]
    shown = [text_of(spans) for spans in card.lines]
    for text, address, mode in zip(shown, range(4), ("full", "storage", "cache", "storage"), strict=True):
        assert f"127.0.0.1:4{address}001 {mode} 3" in text
        assert cells_of(text) <= CARD_CELLS


@pytest.mark.parametrize("health", HEALTHS)
@pytest.mark.parametrize("name", NAMES)
@under_asyncio
async def test_a_screen_is_clean(name: str, health: str) -> None:
    """At 80x24: exact width, no clipped title, every mark with its word, nothing a terminal would obey."""
    async with shown(health, first=name) as pilot:
        await press(pilot, "d")
        text = text_on(pilot)
        for row in text.split("\n"):
            assert cells_of(row) == 80
            assert visible(row) == row
            assert not MARK.search(row), row
        if name != "overview":
            rule = 1 + (pilot.app.screen.query_one("#head").size.height if name == "chain" else 0)
            assert pilot.app.screen.tab.name in text.split("\n")[rule]


@under_asyncio
async def test_ascii_is_ascii() -> None:
    """For a serial console not one character is left that it could not draw."""
    for name in NAMES:
        async with shown("degraded", first=name, glyphs=ASCII) as pilot:
            await press(pilot, "d")
            assert text_on(pilot).isascii()


def test_every_binding_is_in_the_help() -> None:
    """With what it does, whatever screen it is asked on."""
    rows = all_rows()
    for place in dict.fromkeys(row.place for row in rows):
        text = " ".join(" ".join(text_of(spans).split()) for spans in help_lines(rows, place, 70, UNICODE))
        for row in rows:
            assert row.about, row.name
            assert f"{row.keys} {row.about}" in text, (place, row)


def test_the_key_map_is_not_stale() -> None:
    """docs/keys.md is what the bindings say: `python -m tui.keydoc > docs/keys.md`."""
    from pathlib import Path

    assert (Path(__file__).parents[2] / "docs/keys.md").read_text() == render(all_rows())


def test_no_key_means_two_things_at_once() -> None:
    """Within one place a key has one meaning; the app's own keys are not taken by screens."""
    rows = all_rows()
    for place in dict.fromkeys(row.place for row in rows):
        keys = [key for row in rows if row.place == place for key in row.keys.split(" ")]
        assert len(keys) == len(set(keys)), place
    everywhere = {key for row in rows if row.place in {"Everywhere", "Tables"} for key in row.keys.split(" ")}
    for row in rows:
        if row.place in {"Chain", "Store", "Streams", "Devices", "Logs", "Settings", "Rows"}:
            assert not everywhere & set(row.keys.split(" ")), row


@under_asyncio
async def test_the_key_line_fits_eighty_cells() -> None:
    """Every label of a screen is there at 80 columns, help and quit always."""
    for kind in SCREENS:
        async with shown(first=kind.NAME) as pilot:
            last = text_on(pilot).split("\n")[-1]
            assert "? help q quit" in last
            missing = [label for key, label in pilot.app.screen.labels() if f"{key} {label}" not in last]
            assert missing in ([], ["go to"], ["filter", "go to"]), (kind.NAME, missing)


def test_a_narrow_key_line_keeps_help_and_quit() -> None:
    """Down to a few cells."""
    keys = [("d", "describe"), ("v", "verify")]
    assert text_of(key_line(keys, 30)).split() == ["d", "describe", "?", "help", "q", "quit"]
    assert text_of(key_line(keys, 8)) == "? q"
