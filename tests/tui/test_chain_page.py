"""The head of the Chain screen, in words and in figures."""

import msgspec
import pytest

from tests.tui import scene
from tests.tui.scene import CHAINS, NOW_MS
from tui.chain_page import chain_head, plot
from tui.lines import Line, Tone, cells_of_line, text_of
from tui.models_chain import Chain
from tui.theme import ASCII, UNICODE

SIZES = [(80, 13), (80, 8), (40, 5), (140, 20), (12, 3), (3, 1)]


def chain(kind: str, **changes: object) -> Chain:
    return msgspec.convert({**scene.chain(kind), **changes}, Chain)


def head(document: Chain | None, size: tuple[int, int] = (80, 13), now_ms: int = NOW_MS) -> list[Line]:
    return chain_head(document, now_ms, size, UNICODE)


def text(lines: list[Line]) -> str:
    return "\n".join(map(text_of, lines))


@pytest.mark.parametrize("kind", CHAINS)
def test_the_state_its_reason_and_what_to_do_come_first(kind: str) -> None:
    """In capitals, before any figure, in a frame of the state's tone; the reason is never left out."""
    lines = head(chain(kind))
    state, reason, remedy = CHAINS[kind]
    assert state.upper() in text_of(lines[1])
    said = " ".join(text(lines).replace("│", " ").split())
    assert reason in said
    assert remedy in said
    assert said.index(reason) < said.index("finalized") if kind != "off" else "[chain]" in said
    assert lines[0][0].tone is lines[1][1].tone


def test_where_the_node_says_no_remedy_the_screen_does() -> None:
    """In the states that need somebody; one that is well needs nothing done."""
    assert "do Give a newer checkpoint" in text(head(chain("needs-checkpoint", remedy="")))
    assert "do " not in text(head(chain("following", remedy="")))


def test_a_reason_that_goes_on_says_so() -> None:
    """Two rows at 80x13; nothing is cut without its sign."""
    lines = head(chain("stalled", reason="word " * 100, remedy="other " * 100))
    assert text_of(lines[3]).rstrip(" │").endswith("word …")
    assert text_of(lines[5]).rstrip(" │").endswith("other …")
    assert "…" not in text(head(chain("stalled")))[:700].split("finalized")[0]


def test_finality_is_told_with_its_age_and_its_set() -> None:
    """The age grows with the node's clock, from the slot's time or, without one, from when it was proved."""
    assert "12,481,730  4s old  set 9,211, 60 voters  4e4e4e4e4e4e…" in text(head(chain("following")))
    assert "12,481,730  1m old" in text(head(chain("following"), now_ms=NOW_MS + 60_000))
    final = {**scene.chain()["finalized"], "slot_ms": None, "verified_ms": NOW_MS - 9_000}
    assert "12,481,730  9s old" in text(head(chain("following", finalized=final)))
    assert "none is proved yet" in text(head(chain("no-anchor")))


def test_the_best_head_is_marked_as_what_it_is() -> None:
    """Somebody's claim: it never stands there without that word."""
    [row] = [spans for spans in head(chain("following")) if text_of(spans).startswith(" best")]
    assert "12,481,733, 3 ahead  UNVERIFIED claim" in text_of(row)
    assert [span.tone for span in row if "UNVERIFIED" in span.text] == [Tone.WARN]
    assert "UNVERIFIED" in text(head(chain("following", finalized=None)))
    assert "no endpoint claims more than is proved" in text(head(chain("following", best=12_481_730)))
    assert "no endpoint claims one" in text(head(chain("no-anchor")))


def test_what_is_provisional_has_its_banner() -> None:
    """And what ends it; without it there is none."""
    assert "▲ PROVISIONAL asleep for 5 days" in text(head(chain("following", provisional="asleep for 5 days")))
    assert "do Give a checkpoint (2, i)" in text(head(chain("following", provisional="asleep for 5 days")))
    assert "PROVISIONAL" not in text(head(chain("following")))


def test_whether_it_may_write_is_said() -> None:
    """A mark with a word, at the right edge."""
    assert "● may write" in text(head(chain("following")))
    assert "○ writes nothing" in text(head(chain("stalled")))


def test_a_chain_that_is_off_says_how_it_is_turned_on() -> None:
    """As lines to write into the settings; a node that told nothing is not called off."""
    said = text(head(chain("off")))
    for wanted in ("○ OFF", "[chain]", "network = ", "spec_file = ", "checkpoint_file = "):
        assert wanted in said
    assert "not told yet" in text(head(None))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_it_never_takes_more_than_its_room(kind: str, size: tuple[int, int], glyphs: object) -> None:
    """In rows; and in cells wherever there are as many as a frame needs."""
    long = "a reason of an endpoint \u202e without end " * 50
    for document in (chain(kind), chain(kind, reason=long, remedy=long, provisional=long, network="n" * 500)):
        lines = chain_head(document, NOW_MS, size, glyphs)  # type: ignore[arg-type]
        assert len(lines) <= size[1]
        assert size[0] < 40 or all(cells_of_line(spans) <= size[0] for spans in lines)


def test_the_plot_takes_what_the_words_leave() -> None:
    """Several rows of columns, one of waits, one that says how long a column is; fewer where there is less room."""
    history = chain("following").history
    for rows in range(1, 12):
        lines = plot(history, NOW_MS, (80, rows), UNICODE)
        assert len(lines) == rows
        assert text_of(lines[0]).startswith(" final ")
        assert ("a column" in text(lines)) == (rows >= 2)
        assert (" wait " in text(lines)) == (rows >= 3)
    assert plot(history, NOW_MS, (80, 0), UNICODE) == plot(history, NOW_MS, (20, 9), UNICODE) == []


def test_finality_that_stands_still_leaves_the_right_of_the_plot_empty() -> None:
    """Four minutes of nothing are eight columns of half a minute, over a wait that grows."""
    lines = plot(chain("stalled").history, NOW_MS, (80, 6), UNICODE)
    columns = text_of(lines[3])[12:70]
    assert columns.rstrip() == columns[: len(columns) - 7].rstrip()
    assert "▄" in text_of(lines[4])[66:70]
