"""The head of the Chain screen: the state with its reason, what is proved, what is claimed, the plot (pure)."""

from collections.abc import Sequence

from tui.chain_alerts import PROVISIONAL_REMEDY, REMEDIES, state_tone
from tui.finality import finality_of
from tui.lines import Line, Span, Tone, ends, fit_line, line, text_of, words, wrapped
from tui.models_chain import Chain, FinalBlock, Runtime
from tui.theme import Glyphs, columns, framed, history, mark, round_top
from tui.words import age_of, clock_of, count_of, short_count, span_of

NAME_CELLS = 11
ENDS_CELLS = 10  # at the right of the plot: what a full column stands for
HASH_DIGITS = 12
BARS_MAX = 12
HOW_TO_TURN_ON = (
    "In the settings file, then start the node again:",
    "  [chain]",
    '  network = "cere-mainnet"                    one that came with the release,',
    '  spec_file = "/path/spec.json"               or the description of another',
    '  checkpoint_file = "/path/checkpoint.json"   where the proof begins',
)


def chain_head(chain: Chain | None, now_ms: int, size: tuple[int, int], glyphs: Glyphs) -> list[Line]:
    """At most `rows` lines for `cells`; the plot takes what the words leave, so that all of it keeps its height."""
    cells, rows = size
    if chain is None:
        return framed("Chain", [line(mark(Tone.IDLE, "not told yet", glyphs))], cells, glyphs)[:rows]
    box = _box(chain, now_ms, cells, rows, glyphs)
    if chain.off:
        return [*box, *(line(" ", *row) for text in HOW_TO_TURN_ON for row in _kept(text, cells - 2))][:rows]
    lines = [*box, *_facts(chain, now_ms, cells, glyphs)]
    return [*lines, *plot(chain.history, now_ms, (cells, rows - len(lines)), glyphs)][:rows]


def _kept(text: str, cells: int) -> list[Line]:
    """A line of ours as it is spaced where it fits, else wrapped."""
    return [line(Span(text, Tone.DIM))] if len(text) <= cells else wrapped(text, cells, Tone.DIM)


def _box(chain: Chain, now_ms: int, cells: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """The state first, in capitals and in a frame of its colour: it is what must be seen from across the room."""
    tone, room, each = state_tone(chain.state), cells - 4, 1 if rows < 10 else 2 if rows < 16 else 3
    said = line(mark(tone, words(chain.state.upper() or "UNKNOWN", cells=24).text, glyphs))
    if chain.since_ms:
        said = (*said, Span(f"  for {age_of(chain.since_ms, now_ms)}", Tone.DIM))
    lines = [ends(said, _writes(chain, glyphs), room), *_within(chain.reason, room, each, glyphs)]
    if todo := chain.remedy or REMEDIES.get(chain.state, ""):
        lines += _after("do ", todo, room, each, glyphs)
    if chain.provisional:
        lines.append(line(mark(Tone.WARN, "PROVISIONAL", glyphs), " ", words(chain.provisional)))
        lines += _after("do ", PROVISIONAL_REMEDY, room, each, glyphs)
    return framed(_title(chain), lines, cells, glyphs, edge=tone)


def _within(text: str, cells: int, rows: int, glyphs: Glyphs, tone: Tone = Tone.PLAIN) -> list[Line]:
    """At most so many lines; a text that goes on says so."""
    lines = wrapped(text, cells, tone, rows_max=rows + 1)
    if len(lines) <= rows:
        return lines
    last = text_of(lines[rows - 1])[: max(0, cells - 1 - len(glyphs.ellipsis))]
    return [*lines[: rows - 1], line(Span(f"{last} {glyphs.ellipsis}", tone))]


def _after(name: str, text: str, cells: int, rows: int, glyphs: Glyphs) -> list[Line]:
    lines = _within(text, cells - len(name), rows, glyphs, Tone.DIM)
    return [line(Span(name if not row else " " * len(name), Tone.KEY), *spans) for row, spans in enumerate(lines)]


def _title(chain: Chain) -> str:
    if chain.off or not chain.network:
        return "Chain"
    genesis = f", genesis {words(chain.genesis, cells=64).text[:HASH_DIGITS]}" if chain.genesis else ""
    return f"Chain {words(chain.network, cells=24).text}{genesis}"


def _writes(chain: Chain, glyphs: Glyphs) -> Line:
    if chain.off:
        return ()
    return line(mark(Tone.OK, "may write", glyphs) if chain.writes else mark(Tone.IDLE, "writes nothing", glyphs))


def _facts(chain: Chain, now_ms: int, cells: int, glyphs: Glyphs) -> list[Line]:
    final = chain.finalized
    lines = [_finalized(chain, final, now_ms, glyphs), _best(chain, final), _followed(chain, glyphs)]
    if chain.runtime is not None:
        lines.append(_runtime(chain.runtime, glyphs))
    return [fit_line(line(" ", *spans), cells, ellipsis=glyphs.ellipsis) for spans in lines]


def _finalized(chain: Chain, final: FinalBlock | None, now_ms: int, glyphs: Glyphs) -> Line:
    if final is None:
        return line(_name("finalized"), Span("none is proved yet", Tone.DIM))
    return line(
        _name("finalized"), Span(count_of(final.number), Tone.HEAD), f"  {age(chain, now_ms)} old",
        Span(f"  set {count_of(final.set_id)}, {count_of(final.voters)} voters", Tone.PLAIN),
        Span(f"  {words(final.hash, cells=64).text[:HASH_DIGITS]}{glyphs.ellipsis}", Tone.DIM),
    )  # fmt: skip


def _best(chain: Chain, final: FinalBlock | None) -> Line:
    if chain.best is None:
        return line(_name("best"), Span("no endpoint claims one", Tone.DIM))
    if final is not None and chain.best <= final.number:  # what is claimed was asked for some seconds ago
        return line(_name("best"), Span("no endpoint claims more than is proved", Tone.DIM))
    ahead = f", {count_of(chain.best - final.number)} ahead" if final is not None else ""
    return line(_name("best"), Span(f"{count_of(chain.best)}{ahead}", Tone.DIM), Span("  UNVERIFIED claim", Tone.WARN))


def _followed(chain: Chain, glyphs: Glyphs) -> Line:
    refused = f"{count_of(chain.refused)} refused"
    return line(
        _name("proved"), f"{count_of(chain.hand_offs)} hand-offs  {count_of(chain.verified)} proofs  ",
        mark(Tone.WARN, refused, glyphs) if chain.refused else Span(refused, Tone.DIM),
    )  # fmt: skip


def _runtime(runtime: Runtime, glyphs: Glyphs) -> Line:
    if runtime.spec_version is None:
        return line(_name("runtime"), Span("not proved yet", Tone.DIM))
    version = Span(count_of(runtime.spec_version), Tone.HEAD)
    if runtime.why:
        return line(
            _name("runtime"), version, "  ", mark(Tone.WARN, "nothing is written: its metadata is not pinned", glyphs)
        )
    return line(_name("runtime"), version, Span("  its metadata is pinned", Tone.DIM))


def _name(text: str) -> Span:
    return Span(text.ljust(NAME_CELLS), Tone.DIM)


def age(chain: Chain, now_ms: int) -> str:
    """How old the finalized block is, in words; `-` without one."""
    age_ms = chain.age_ms(now_ms)
    return "-" if age_ms is None else span_of(age_ms / 1_000)


def plot(points: Sequence[tuple[int, int]], now_ms: int, size: tuple[int, int], glyphs: Glyphs) -> list[Line]:
    """Blocks that became final by step of time over a baseline of zero, below them the longest wait in each step."""
    cells, rows = size
    room = cells - 2 - NAME_CELLS - ENDS_CELLS
    if rows < 1 or room < 8:
        return []
    shown = finality_of(points, now_ms, room)
    bars, top = max(1, min(BARS_MAX, rows - 2)), round_top(shown.blocks_shown)
    lines = columns(shown.blocks, top, room, bars, glyphs)
    named = [
        line(" ", _name(name), Span(text, Tone.OK), Span(note, Tone.DIM))
        for name, text, note in zip(
            ["final", *[""] * bars], lines, [f" top {short_count(top)}", *[""] * bars], strict=False
        )
    ]
    if rows >= 3:
        longest = round_top(tuple(wait / 1_000 for wait in shown.waits_ms))
        waits = history(tuple(wait / 1_000 for wait in shown.waits_ms), longest, room, glyphs)
        named.append(line(" ", _name("wait"), Span(waits, Tone.WARN), Span(f" top {span_of(longest)}", Tone.DIM)))
    if rows >= 2:
        named.append(line(" ", _name(""), *_axis(shown.step_ms, len(shown.blocks), now_ms, room)))
    return named[:rows]


def _axis(step_ms: int, count: int, now_ms: int, room: int) -> Line:
    """When the first column was, and how long one lasts."""
    left = "" if not count else f"{clock_of((now_ms // step_ms - count + 1) * step_ms)}Z".rjust(room - count + 9)
    right = f"{span_of(step_ms / 1_000)} a column, now at the right"
    if len(left) + len(right) + 2 > room:
        return line(Span(right.rjust(room), Tone.DIM))
    return ends(line(Span(left, Tone.DIM)), line(Span(right, Tone.DIM)), room)
