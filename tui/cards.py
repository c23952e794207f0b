"""The cards of the overview: what each says, at most 34 cells a line, so that two stand side by side on 80 (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from tui.chain_alerts import state_tone
from tui.chain_page import age
from tui.finality import finality_of
from tui.lines import Line, Span, Tone, cells_of_line, line, words
from tui.models import Listener, Node
from tui.models_chain import Chain
from tui.state import NodeState
from tui.theme import Glyphs, bar, history, mark, round_top
from tui.visible import fit
from tui.words import age_of, count_of, rate_of, short_count, size_of, span_of

CARD_CELLS, CARD_ROWS = 34, 4

HEALTH_TONES = {"healthy": Tone.OK, "degraded": Tone.WARN, "unready": Tone.BAD, "stopping": Tone.IDLE}
JOURNAL_TONES = {"writable": Tone.OK, "low": Tone.WARN, "read-only": Tone.BAD, "broken": Tone.BAD}
ROOM_TONES = {
    "running": Tone.OK, "waiting": Tone.IDLE, "starting": Tone.IDLE, "degraded": Tone.WARN, "restarting": Tone.WARN,
    "down": Tone.BAD, "stopping": Tone.IDLE, "stopped": Tone.IDLE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A title, the screen behind it, and its lines."""

    title: str
    screen: str
    lines: Sequence[Line]


def cards_of(state: NodeState, now_s: float, glyphs: Glyphs) -> list[Card]:
    """Every card, the most wanted first; the chain has one when one is followed."""
    node = state.node
    if node is None:
        return []
    now_ms = state.node_now_ms(now_s)
    return [
        Card("Health", "logs", _health(node, glyphs)),
        *([Card("Chain", "chain", _chain(state.chain, now_ms, glyphs))] if _followed(state.chain) else []),
        Card("Events", "streams", _events(node, tuple(state.rates), glyphs)),
        Card("Journal", "logs", _journal(node, tuple(state.commits), glyphs)),
        Card("Store", "store", _store(node, glyphs)),
        Card("Devices", "devices", _devices(node, glyphs)),
        Card("Refusals", "streams", _refusals(state, now_ms)),
        Card("Doors", "settings", _doors(node, glyphs)),
        Card("Process", "logs", _process(node, glyphs)),
        Card("Settings", "settings", _settings(node, now_ms)),
    ]


def _state(text: str, tones: dict[str, Tone], glyphs: Glyphs) -> Span:
    return mark(tones.get(text, Tone.WARN), words(text or "unknown", cells=12).text, glyphs)


def _health(node: Node, glyphs: Glyphs) -> list[Line]:
    unwell = [room for room in node.rooms if ROOM_TONES.get(room.state) is not Tone.OK]
    running = len(node.rooms) - len(unwell)
    head = line(_state(node.health.state, HEALTH_TONES, glyphs), f"  up {span_of(node.uptime_s)}")
    clock = Tone.OK if node.clock.trusted else Tone.WARN
    lines = [
        head,
        line(Span("rooms ", Tone.DIM), f"{running} of {len(node.rooms)} running"),
        line(Span("clock ", Tone.DIM), mark(clock, words(node.clock.quality_name, cells=20).text, glyphs)),
    ]
    if not unwell:
        lines.append(line(Span("loop  ", Tone.DIM), f"{_ms(node.loop.lateness_ms)} ms late"))
    for room in unwell[:1]:
        glyph = mark(ROOM_TONES.get(room.state, Tone.WARN), words(room.name, cells=14).text, glyphs)
        more = f" +{len(unwell) - 1}" if len(unwell) > 1 else ""
        lines.append(line(glyph, words(f" {room.state}", cells=12), more))
    return lines


def _followed(chain: Chain | None) -> TypeGuard[Chain]:
    return chain is not None and not chain.off


def _chain(chain: Chain, now_ms: int, glyphs: Glyphs) -> list[Line]:
    final, shown = chain.finalized, finality_of(chain.history, now_ms, 20)
    state = mark(state_tone(chain.state), words(chain.state or "unknown", cells=16).text, glyphs)
    provisional = (Span("  "), mark(Tone.WARN, "provisional", glyphs)) if chain.provisional else ()
    height = count_of(final.number) if final else "none proved yet"
    top = round_top(shown.blocks_shown)
    usable = sum(one.verdict == "usable" for one in chain.endpoints)
    return [
        line(state, *provisional),
        line(Span("final ", Tone.DIM), height, Span(f"  {age(chain, now_ms)} old" if final else "", Tone.DIM)),
        line(Span(history(shown.blocks, top, 20, glyphs), Tone.OK), Span(f" top {short_count(top)}", Tone.DIM)),
        line(Span("ends  ", Tone.DIM), f"{short_count(usable)} of {short_count(len(chain.endpoints))} usable"),
    ]


def _events(node: Node, rates: tuple[float, ...], glyphs: Glyphs) -> list[Line]:
    events = node.events
    full = events.queue_max > 0 and events.waiting > events.queue_max // 2
    return [
        line(Span("rate ", Tone.DIM), f"{rate_of(events.events_per_s)}  {size_of(events.bytes_per_s)}/s"),
        _columns(rates, rate_of, glyphs),
        line(
            Span("kept ", Tone.DIM),
            f"{_number(events.events)} in {_number(events.streams)} stream{'s' * (events.streams != 1)}",
        ),
        line(
            Span("wait ", Tone.DIM),
            mark(Tone.WARN if full else Tone.OK, f"{_number(events.waiting)} of {_number(events.queue_max)}", glyphs),
        ),
    ]


def _columns(values: tuple[float, ...], name: Callable[[float], str], glyphs: Glyphs) -> Line:
    """A history over a baseline of zero, and what a full column stands for."""
    top = round_top(values)
    return line(Span(history(values, top, 20, glyphs), Tone.OK), Span(f" top {name(top)}", Tone.DIM))


def _journal(node: Node, commits: tuple[float, ...], glyphs: Glyphs) -> list[Line]:
    journal = node.journal
    half, tail = _ms(journal.commit.p50_ms), _ms(journal.commit.p99_ms)
    damaged = mark(Tone.BAD, f"{short_count(journal.damages)} damaged", glyphs) if journal.damages else None
    files = sum(segments.files for segments in journal.segments)
    return [
        line(
            _state(journal.state, JOURNAL_TONES, glyphs),
            Span("  queue ", Tone.DIM),
            short_count(journal.queued_records),
        ),
        line(Span("commit ", Tone.DIM), f"p50 {half}  p99 {tail} ms"),
        _columns(commits, lambda top: f"{short_count(top)} ms", glyphs),
        line(Span("kept   ", Tone.DIM), f"{short_count(files)} files  ", damaged or Span("none damaged", Tone.DIM)),
    ]


def _store(node: Node, glyphs: Glyphs) -> list[Line]:
    disk = node.disk
    used = max(0, disk.total_bytes - disk.free_bytes)
    share = round(100 * used / disk.total_bytes) if disk.total_bytes else 0
    tone = Tone.WARN if share >= 95 else Tone.OK
    return [
        line(Span("pieces ", Tone.DIM), f"{_number(node.pieces.pieces)}  {size_of(node.pieces.bytes)}"),
        line(Span("events ", Tone.DIM), size_of(node.events.bytes)),
        line(Span(bar(used, disk.total_bytes, 22, glyphs), tone), f" {share}% used"),
        line(Span("disk   ", Tone.DIM), f"{size_of(disk.free_bytes)} free of {size_of(disk.total_bytes)}"),
    ]


def _devices(node: Node, glyphs: Glyphs) -> list[Line]:
    devices = node.devices
    return [
        line(mark(Tone.OK if devices.active else Tone.IDLE, f"{_number(devices.active)} active", glyphs)),
        line(Span("seen today ", Tone.DIM), _number(devices.seen_today)),
        line(mark(Tone.WARN if devices.suspended else Tone.IDLE, f"{_number(devices.suspended)} suspended", glyphs)),
        line(mark(Tone.IDLE, f"{_number(devices.revoked)} revoked", glyphs)),
    ]


def _refusals(state: NodeState, now_ms: int) -> list[Line]:
    assert state.node is not None
    lines = [
        line(f"{_number(state.refused_total)}", Span(" since start  ", Tone.DIM), rate_of(state.node.refusals.per_s))
    ]
    for reason in state.reasons[:3]:
        age = Span(f"  {age_of(reason.last_ms, now_ms)}", Tone.DIM)
        lines.append(line(fit(words(reason.slug, cells=20).text, 20), f"{short_count(reason.count):>6}", age))
    if len(lines) == 1:
        lines.append(line(Span("nothing was refused" if not state.refused_total else "", Tone.DIM)))
    return lines


def _doors(node: Node, glyphs: Glyphs) -> list[Line]:
    """Doors to the network first; where not all have a line, the last says how many have none.

    Doors of several pairs go by the same names: then each says what its pair is.
    """
    doors = sorted(node.doors, key=lambda door: door.kind == "unix")
    several = len({door.name for door in doors}) < len(doors)
    shown = doors if len(doors) <= CARD_ROWS else doors[: CARD_ROWS - 1]
    lines = [_door(door, glyphs, several=several) for door in shown]
    if len(doors) > len(shown):
        rest = doors[len(shown) :]
        connections = short_count(sum(door.connections for door in rest))
        lines.append(line(Span(f"{glyphs.ellipsis} {len(rest)} more doors, {connections} open", Tone.DIM)))
    return lines


def _door(door: Listener, glyphs: Glyphs, *, several: bool) -> Line:
    connections = Span(f" {short_count(door.connections)}", Tone.DIM)
    if several and door.mode:
        name = mark(Tone.OK, words(door.name, cells=5).text.ljust(5), glyphs)
        left = CARD_CELLS - cells_of_line((name, Span(" "), connections))
        return line(name, " ", words(f"{door.address} {door.mode}", cells=left), connections)
    name = mark(Tone.OK, words(door.name, cells=7).text.ljust(7), glyphs)
    if door.kind == "unix":
        return line(name, f" {short_count(door.connections)} open")
    return line(name, " ", words(door.address, cells=19), connections)


def _process(node: Node, glyphs: Glyphs) -> list[Line]:
    process = node.process
    return [
        line(Span("cpu    ", Tone.DIM), f"{short_count(100 * process.cpu_share)}% of a core"),
        line(Span("memory ", Tone.DIM), size_of(process.rss_bytes)),
        line(Span("files  ", Tone.DIM), f"{short_count(process.open_files)} of {short_count(process.open_files_max)}"),
        line(
            Span("pid    ", Tone.DIM),
            f"{node.pid}  {short_count(process.threads)} thread{'s' * (process.threads != 1)}",
        ),
    ]


def _settings(node: Node, now_ms: int) -> list[Line]:
    pending = node.settings.pending
    return [
        line(Span("applied ", Tone.DIM), f"{age_of(node.settings.applied_ms, now_ms)} ago"),
        line(
            Span("pending ", Tone.DIM),
            f"{short_count(pending)} wait{'s' * (pending == 1)} for a restart" if pending else "none",
        ),
        line(Span("log     ", Tone.DIM), words(node.log.level, cells=10)),
        line(Span("version ", Tone.DIM), words(node.version, cells=20)),
    ]


def _number(value: int) -> str:
    """In full while it is short enough for a card."""
    return count_of(value) if abs(value) < 10_000_000 else short_count(value)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 99.95 else short_count(value)
