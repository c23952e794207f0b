"""The app: one picture, one worker, the screens, and everything that is said or asked on their behalf."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from textual.app import App
from textual.binding import Binding, BindingType

from edge_node.base.errors import EdgeNodeError
from edge_node.client.control import patience_s
from tui.checkpoint_file import CheckpointUnreadable, read_checkpoint
from tui.door import OpenDoor
from tui.help import help_lines
from tui.keys import KeyRow, bindings_of, rows_of, shown_key
from tui.lines import Line, Tone, line, wrapped
from tui.link import Worker
from tui.models import Piece
from tui.overview import alert_line, alerts_now
from tui.screens.atlas import PLACES, SCREENS
from tui.screens.base import NodeScreen
from tui.screens.dialogs import BLOCK_HASH, CHECKPOINT, ENROL, Confirm, Entry, Field, Form, Palette, TextDialog
from tui.screens.logs import LogsScreen
from tui.state import VERIFY, NodeState, Phase, Topic
from tui.styles import textual_theme
from tui.theme import THEMES, UNICODE, Colours, Glyphs, mark
from tui.verify import ContentWithheld, content_holds
from tui.visible import visible
from tui.widgets.keyline import KeyLine
from tui.widgets.strip import StatusStrip
from tui.words import size_of

REPAINT_S = 0.25  # at most four repaints a second: what a slow ssh line carries
CLIPBOARD_MAX = 4_096


class NodeApp(App[int]):
    """`open_door` opens the way to the node; None shows only what `state` holds."""

    TITLE = "edge-node"
    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: $background; color: $foreground; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('overview')", "overview", id="screen.overview", tooltip="How the node is, on one page."),
        Binding("2", "go('chain')", "chain", id="screen.chain", tooltip="What is proved of the chain, and by whom."),
        Binding("3", "go('store')", "store", id="screen.store", tooltip="The buckets and pieces it keeps."),
        Binding("4", "go('streams')", "streams", id="screen.streams", tooltip="What comes in, and what was refused."),
        Binding("full_stop", "go('devices')", "devices", id="screen.devices", tooltip="Who may send; cut one off."),
        Binding("9", "go('logs')", "logs", id="screen.logs", tooltip="The node's log."),
        Binding("comma", "go('settings')", "settings", id="screen.settings", tooltip="What is in force, and why."),
        Binding("colon,ctrl+p", "palette", "go to", id="app.palette", tooltip="Find a screen, verb or stream by name."),
        Binding("question_mark,f1", "help", "help", id="app.help", tooltip="This help."),
        Binding("ctrl+r", "hurry", "retry", id="app.retry", tooltip="Try the link again now."),
        Binding("q,ctrl+c,ctrl+q", "quit", "quit", id="app.quit", tooltip="Leave. The node goes on."),
    ]

    def __init__(
        self,
        state: NodeState,
        open_door: OpenDoor | None = None,
        *,
        glyphs: Glyphs = UNICODE,
        theme: str = "dark",
        own_keys: Mapping[str, str] | None = None,
        now_s: Callable[[], float] = time.monotonic,
        first: str = "overview",
    ) -> None:
        super().__init__()
        self.state, self.glyphs, self.now_s = state, glyphs, now_s
        self.worker = Worker(state, open_door or _no_door, now_s)
        self._connects = open_door is not None
        self._own_keys = dict(own_keys or {})
        self._first = first
        self._changed: set[Topic] = set()
        self._painted_at_s = -REPAINT_S
        self._paint_due = False
        self._wanted_piece = ""
        self._reason_said = ""
        self._views: dict[str, NodeScreen] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for colours in THEMES.values():
            self.register_theme(textual_theme(colours))
        self.theme = theme

    @property
    def colours(self) -> Colours:
        """The theme in force."""
        return THEMES.get(self.theme, THEMES["dark"])

    # Life

    def on_mount(self) -> None:
        """Own keys, the first screen, the link."""
        if self._own_keys:
            self.set_keymap(self._own_keys)
        self.state.watch(self.take_note)
        self.go(self._first)
        if self._connects:
            self.start(self.worker.run())
            self.set_interval(1.0, self._tick)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the screens until it ends or the app does."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        try:
            task.result()
        except Exception as error:  # noqa: BLE001  Textual draws the traceback of the exception being handled
            self._handle_exception(error)

    async def on_unmount(self) -> None:
        """The link goes with the app."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take_note(self, topic: Topic) -> None:
        """Something changed: paint it, four times a second at most."""
        if topic is Topic.LINK:
            self._say_why()
        self._changed.add(topic)
        if self._paint_due or not self.is_running:
            return
        self._paint_due = True
        wait_s = self._painted_at_s + REPAINT_S - self.now_s()
        self.set_timer(max(0.01, min(REPAINT_S, wait_s)), self.paint)

    def _say_why(self) -> None:
        """A link that was lost says why, once for every reason."""
        link = self.state.link
        reason = f"{link.reason} {link.remedy}".strip() if link.phase is Phase.LOST else ""
        if reason and reason != self._reason_said and self.is_running:
            self.complain(reason)
        view = self._view_on_top()
        if link.phase is Phase.LIVE and self._reason_said and view is not None:
            view.query_one(KeyLine).hush()
        self._reason_said = reason or ("" if link.phase is Phase.LIVE else self._reason_said)

    def paint(self) -> None:
        """Have the screen on top take what changed."""
        changed, self._changed = self._changed, set()
        self._paint_due, self._painted_at_s = False, self.now_s()
        for screen in self.screen_stack:
            if isinstance(screen, NodeScreen) and screen.is_mounted:
                screen.changed(changed)

    def _tick(self) -> None:
        """Once a second: ages grow and the countdown falls, also when the node is silent."""
        screen = self._view_on_top()
        if screen is None:
            return
        if self.state.stale:
            screen.query_one(StatusStrip).redraw()

    def _view_on_top(self) -> NodeScreen | None:
        found = [screen for screen in self.screen_stack if isinstance(screen, NodeScreen) and screen.is_mounted]
        return found[-1] if found else None

    # Going about

    def go(self, name: str) -> None:
        """Show a screen."""
        view = self._views.get(name)
        if view is None:
            kind = next(kind for kind in SCREENS if name == kind.NAME)
            view = self._views[name] = kind()
            self.install_screen(view, name)
        if self.screen is not view:
            self.switch_screen(view) if self._view_on_top() is not None else self.push_screen(view)

    def action_go(self, name: str) -> None:
        """The key of a screen."""
        self.go(name)

    def key_rows(self) -> list[KeyRow]:
        """Every binding there is, with the operator's own keys."""
        return rows_of((("Everywhere", NodeApp), *PLACES), self._own_keys)

    def key_of(self, binding: Binding) -> str:
        """The first key of a binding as it is shown."""
        return shown_key(self._own_keys.get(binding.id or "", binding.key)).split(" ")[0]

    def action_help(self) -> None:
        """Every key there is, this screen's first."""
        place = getattr(self.screen, "TITLE_TEXT", "Everywhere")
        rows, glyphs = self.key_rows(), self.glyphs
        self.push_screen(TextDialog("Help", lambda cells: help_lines(rows, place, cells, glyphs)))

    def show_alerts(self) -> None:
        """Every alert with why it matters and what to do."""
        self.push_screen(TextDialog("Alerts", self._alert_lines))

    def _alert_lines(self, cells: int) -> list[Line]:
        now_ms = self.state.node_now_ms(self.now_s())
        lines: list[Line] = []
        for alert, since_ms in alerts_now(self.state, self.now_s()):
            lines += [alert_line(alert._replace(why="", todo=""), since_ms, now_ms, cells, self.glyphs)]
            lines += [line("  ", *row) for row in wrapped(alert.why, cells - 2) if alert.why]
            lines += [line("  ", *row) for row in wrapped(alert.todo, cells - 2, Tone.DIM)] + [line()]
        return lines or [line(mark(Tone.OK, "nothing needs you", self.glyphs))]

    def show_logs(self, wanted: str) -> None:
        """The log, filtered."""
        self.go("logs")
        view = self._views["logs"]
        assert isinstance(view, LogsScreen)
        self.call_after_refresh(view.filter_by, wanted)

    def action_palette(self) -> None:
        """Find a screen, a verb or a stream."""
        if not isinstance(self.screen, NodeScreen):
            return
        self.push_screen(Palette(self._entries(self.screen)), self._take)

    def _entries(self, screen: NodeScreen) -> list[Entry]:
        about = {binding.id: f"{binding.tooltip} ({self.key_of(binding)})" for binding in bindings_of(NodeApp)}
        kinds = [Entry(kind.NAME, about[f"screen.{kind.NAME}"], f"app.go('{kind.NAME}')") for kind in SCREENS]
        verbs = [
            Entry(binding.description, f"{binding.tooltip} ({self.key_of(binding)})", f"screen.{binding.action}")
            for binding in screen.bindings_here()
            if binding.description and not (binding.id or "").startswith(("app.", "screen.", "list.detail"))
        ]
        themes = [Entry(f"theme {name}", "colours of this program", f"app.use_theme('{name}')") for name in THEMES]
        node = [Entry("stop node", "end the node, after confirming", "app.order_named('node.stop')")]
        streams = [
            Entry(row.stream, "stream", f"app.stream({number})")
            for number, row in enumerate(self.state.streams.window(0, 200))
        ]
        return [*kinds, *verbs, *streams, *themes, *node, Entry("quit", "leave; the node goes on", "app.quit")]

    async def _take(self, action: str | None) -> None:
        if action is None:
            return
        where, _, call = action.partition(".")
        await self.run_action(call if where == "app" else action, self if where == "app" else self.screen)

    def action_stream(self, number: int) -> None:
        """The palette's stream of this number."""
        rows = self.state.streams.window(number, 1)
        if rows:
            self.go("streams")
            self.look_at_stream(rows[0].stream)

    def action_use_theme(self, name: str) -> None:
        """Other colours."""
        self.theme = name
        self.paint_all()

    def next_theme(self) -> None:
        """The next of the themes."""
        names = list(THEMES)
        self.action_use_theme(names[(names.index(self.theme) + 1) % len(names)])
        self.say(f"Theme {self.theme}")

    def paint_all(self) -> None:
        """Everything anew."""
        for screen in self.screen_stack:
            if isinstance(screen, NodeScreen) and screen.is_mounted:
                screen.redraw()

    def action_hurry(self) -> None:
        """Try the link again now."""
        if self.state.link.phase is Phase.LOST:
            self.worker.hurry()
        else:
            self.say("The link is up.")

    # Saying

    def say(self, text: str, tone: Tone = Tone.OK) -> None:
        """A message in the key line for a few seconds."""
        view = self._view_on_top()
        if view is not None:
            view.query_one(KeyLine).say(text, tone)

    def complain(self, text: str) -> None:
        """The same, about something that did not go as wanted."""
        self.say(text, Tone.BAD)

    def complain_of(self, error: EdgeNodeError) -> None:
        """An error in its own words, with its remedy."""
        self.complain(f"{error} {error.remedy}".strip())

    def copy(self, text: str) -> None:
        """To the clipboard of the operator's own terminal (OSC 52), safe and short."""
        safe = visible(text[:CLIPBOARD_MAX])
        self.copy_to_clipboard(safe)
        self.say(f"Copied {visible(text, 60)}")

    # Asking

    def look_at_stream(self, stream: str) -> None:
        """Show the newest events of a stream."""
        if self.state.events_of != stream:
            self.state.set_events(stream, [], 0)
        self.worker.want_events(stream)

    def look_at_piece(self, cid: str) -> None:
        """Show what is known of a piece, once the cursor rests on it."""
        self._wanted_piece = cid
        self.set_timer(0.15, lambda: self._ask_for_piece(cid))

    def _ask_for_piece(self, cid: str) -> None:
        if self._wanted_piece == cid:
            self.worker.want_piece(cid)

    def enrol(self) -> None:
        """Ask for a new device."""
        if self._may_order():
            self.push_screen(Form("Enrol a device", ENROL), self._enrol_with)

    def _enrol_with(self, values: Mapping[str, str] | None) -> None:
        if values is None:
            return
        lists = {
            name: [part.strip() for part in values[name].split(",") if part.strip()] for name in ("roles", "streams")
        }
        self.order("device.enrol", {**values, **lists})

    def give_checkpoint(self) -> None:
        """Ask for a signed checkpoint's file; the node's plan says what it would change."""
        if self._may_order():
            self.push_screen(Form("Import a checkpoint", CHECKPOINT), self._import_checkpoint)

    def _import_checkpoint(self, values: Mapping[str, str] | None) -> None:
        if values is None:
            return
        try:
            document = read_checkpoint(Path(values["file"]))
        except CheckpointUnreadable as error:
            self.complain_of(error)
        else:
            self.order("chain.checkpoint", {"document": document})

    def confirm_block(self) -> None:
        """Ask for a block hash that the operator learned from people, not from an endpoint."""
        if self._may_order():
            self.push_screen(Form("Confirm a block", BLOCK_HASH), self._confirm_block)

    def _confirm_block(self, values: Mapping[str, str] | None) -> None:
        if values is not None:
            self.order("chain.confirm", {"hash": values["hash"].removeprefix("0x")})

    def publish(self, stream: str) -> None:
        """Ask for a test event and its stream."""
        if self._may_order():
            fields = (
                Field("stream", "stream", "site/temperature", stream),
                Field("data", "data", "any JSON without fractions", '{"test": true}'),
            )
            self.push_screen(Form("Publish a test event", fields), self._publish_with)

    def _publish_with(self, values: Mapping[str, str] | None) -> None:
        if values is None:
            return
        try:
            data = msgspec.json.decode(values["data"])
        except msgspec.DecodeError as error:
            self.complain(f"The data is no JSON: {error}")
        else:
            self.order("stream.publish", {"stream": values["stream"], "data": data})

    def action_order_named(self, command: str) -> None:
        """An order without arguments, from the palette."""
        self.order(command, {})

    def order(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Plan a command, show the plan, have it done when it is confirmed."""
        if self._may_order():
            self.start(self._order(command, arguments))

    def _may_order(self) -> bool:
        if self.state.stale:
            self.complain("There is no link to the node: nothing can be ordered now.")
            return False
        if self.state.read_only:
            self.complain("This socket is for viewers (ro): open the control socket to change anything.")
            return False
        return True

    async def _order(self, command: str, arguments: Mapping[str, Any]) -> None:
        try:
            planned = await self.worker.plan(command, arguments)
        except (EdgeNodeError, msgspec.ValidationError, OSError) as error:
            self._complain_of_any(error)
            return
        await self.push_screen(
            Confirm(planned.plan),
            lambda agreed: (
                self.start(self._execute(command, planned.token)) if agreed else self.say("Nothing was done.")
            ),
        )

    async def _execute(self, command: str, token: str) -> None:
        try:
            result = await self.worker.execute(command, token)
        except (EdgeNodeError, msgspec.ValidationError, OSError) as error:
            self._complain_of_any(error)
        else:
            self.say(f"{command} is done{_told(result)}")

    def _complain_of_any(self, error: Exception) -> None:
        if isinstance(error, EdgeNodeError):
            self.complain_of(error)
        else:
            self.complain(f"{type(error).__name__}: {error}")

    # Verifying

    def verify(self, piece: Piece) -> None:
        """Have a piece hashed by the node and hash it here."""
        if self.state.stale:
            self.complain("There is no link to the node: nothing can be verified now.")
        elif self.state.verdicts.get(piece.cid, [("", Tone.OK, "")])[0][1] is Tone.IDLE:
            self.say("It is being verified.")
        else:
            self.start(self._verify(piece))

    async def _verify(self, piece: Piece) -> None:
        state, cid, size, scope = self.state, piece.cid, piece.bytes, scope_of(piece)
        verdicts = state.verdicts[cid] = [("here", Tone.IDLE, "hashing"), ("the node", Tone.IDLE, "asked")]

        def note(place: int, who: str, tone: Tone, verdict: str) -> None:
            verdicts[place] = (who, tone, verdict)
            state.tell(Topic.DETAIL)

        note(1, "the node", *await self._verified_by_node(cid, size, scope))

        def progress(done: int) -> None:
            note(0, "here", Tone.IDLE, f"{size_of(done)} of {size_of(size)}")

        note(0, "here", *await self._verified_here(cid, size, progress, scope))
        self.say("; ".join(f"{who}: {verdict}" for who, _, verdict in verdicts), verdicts[0][1])

    async def _verified_by_node(self, cid: str, size: int, scope: Mapping[str, str | int]) -> tuple[Tone, str]:
        if self.state.read_only:
            return Tone.WARN, "not asked: this socket is for viewers"
        try:
            planned = await self.worker.plan(VERIFY, {"cid": cid, **scope})
            result = await self.worker.execute(VERIFY, planned.token, answer_s=patience_s(size))
        except (EdgeNodeError, OSError, msgspec.ValidationError) as error:
            return Tone.BAD, f"could not: {error}"
        intact = result.get("intact") is True
        self.state.note_damage(cid, damaged=not intact)
        if intact:
            return Tone.OK, f"intact, {result.get('took_ms', '?')} ms"
        return Tone.BAD, f"damaged: {result.get('reason', '')}"

    async def _verified_here(
        self, cid: str, size: int, progress: Callable[[int], None], scope: Mapping[str, str | int]
    ) -> tuple[Tone, str]:
        if self.state.read_only:
            return Tone.WARN, f"not hashed: {ContentWithheld()}"
        try:
            holds = await content_holds(self.worker.door, cid, size, progress, scope)
        except ContentWithheld as error:
            return Tone.WARN, f"not hashed: {error}"
        except (EdgeNodeError, OSError, ValueError, TypeError, base64.binascii.Error) as error:  # type: ignore[attr-defined]
            return Tone.BAD, f"could not: {error}"
        return (Tone.OK, "intact, hashed on this side") if holds else (Tone.BAD, "other content than the CID names")


def scope_of(piece: Piece) -> dict[str, str | int]:
    """From where a piece is read: the first who holds it; nothing of an older node, which then finds one itself."""
    if not piece.references:
        return {}
    first = piece.references[0]
    return {"vault": first.vault} | ({} if first.bucket is None else {"bucket": first.bucket})


def _told(result: Mapping[str, Any]) -> str:
    """The plain values of a result on one line."""
    parts = [f"{name} {value}" for name, value in result.items() if isinstance(value, str | int) and value is not True]
    return f": {', '.join(parts)}" if parts else "."


async def _no_door() -> Any:
    await asyncio.Event().wait()
