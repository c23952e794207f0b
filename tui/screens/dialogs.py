"""What opens on top of a screen: texts, the palette, a plan to confirm, a form to fill in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from tui.filters import in_order
from tui.lines import Line, Span, Tone, fit_line, line, words, wrapped
from tui.theme import mark
from tui.visible import visible
from tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from edge_node.client.control import Plan
    from tui.app import NodeApp

Result = TypeVar("Result")


class Text(Sheet):
    """Lines in a dialogue, scrolled when they are more than there is room for."""

    FADES: ClassVar[bool] = False
    GROUND: ClassVar[str] = "panel"

    def __init__(self, source: Callable[[int], Iterable[Line]], *, id: str = "text") -> None:  # noqa: A002
        super().__init__(id=id)
        self.source = source
        self.top = 0

    @property
    def shows_cursor(self) -> bool:
        """A list marks its row, a text has none."""
        return self.selected is not None

    def move(self, rows: int) -> None:
        """Some rows further."""
        self.top = max(0, self.top + rows)
        self.redraw()

    def draw(self, cells: int, rows: int) -> list[Line]:
        """The window over the lines."""
        lines = list(self.source(cells))
        self.top = max(0, min(self.top, len(lines) - rows))
        return lines[self.top : self.top + rows]


class Dialog(ModalScreen[Result]):
    """A framed box in the middle; escape closes it."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > #box { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
        border: round $accent; padding: 0 1; border-title-color: $foreground; }
    Dialog.ascii > #box { border: ascii $accent; }
    Dialog Input, Dialog Input:focus { border: none; height: 1; padding: 0; background: $boost; }
    Dialog #buttons { height: 1; width: 1fr; align-horizontal: right; }
    Dialog Button { margin: 0 0 0 2; }
    Dialog Button:focus { text-style: bold reverse; }
    Dialog Input:focus { background: $primary 25%; }
    Dialog Input > .input--placeholder { color: $secondary; }
    Dialog Text { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "close", id="dialog.close", tooltip="Close without doing anything."),
    ]
    TITLE_TEXT: str = ""

    @property
    def node_app(self) -> NodeApp:
        """The app, by its type."""
        return cast("NodeApp", self.app)

    def inside(self) -> ComposeResult:
        """What stands in the box."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The box."""
        self.set_class(self.node_app.glyphs.ellipsis.isascii(), "ascii")
        with Vertical(id="box") as box:
            box.border_title = self.TITLE_TEXT
            yield from self.inside()

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)


class TextDialog(Dialog[None]):
    """A text to read: help, alerts."""

    DEFAULT_CSS = "TextDialog > #box { height: 90%; width: 96%; } TextDialog Text { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", id="text.up", tooltip="One line up."),
        Binding("down,j", "scroll(1)", "down", id="text.down", tooltip="One line down."),
        Binding("pageup", "scroll(-10)", "page up", id="text.page_up", tooltip="Ten lines up."),
        Binding("pagedown,space", "scroll(10)", "page down", id="text.page_down", tooltip="Ten lines down."),
        Binding("enter,q,question_mark", "cancel", "close", id="text.close", tooltip="Close it."),
    ]

    def __init__(self, title: str, source: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._source = source

    def inside(self) -> ComposeResult:
        """The text."""
        yield Text(self._source)

    def action_scroll(self, rows: int) -> None:
        """Up or down."""
        self.query_one(Text).move(rows)


class Entry(NamedTuple):
    """A line of the palette: what it is called, what it says of itself, what it does."""

    name: str
    about: str
    action: str


class Palette(Dialog[str]):
    """Type a few letters of what you want, enter does it."""

    DEFAULT_CSS = "Palette > #box { height: 80%; } Palette Text { height: 1fr; margin: 1 0 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", id="palette.up", tooltip="The line before.", priority=True),
        Binding("down,tab", "move(1)", "down", id="palette.down", tooltip="The next line.", priority=True),
        Binding("enter", "take", "do", id="palette.take", tooltip="Do it.", priority=True),
    ]
    TITLE_TEXT = "Go to or do"

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._entries = entries
        self._found = list(entries)
        self._chosen = 0

    def inside(self) -> ComposeResult:
        """The field and the lines that fit what is typed."""
        field = Input(placeholder="a screen, a verb, or a stream", id="wanted", compact=True, max_length=80)
        field.cursor_blink = False
        yield field
        yield Text(self._lines)

    def on_mount(self) -> None:
        """Typing starts at once."""
        self.query_one(Input).focus()

    def _lines(self, cells: int) -> Iterable[Line]:
        if not self._found:
            return [line(Span("Nothing is called so.", Tone.DIM))]
        glyphs = self.node_app.glyphs
        name_cells = min(30, cells // 2)
        return [
            line(
                Span(glyphs.cursor if number == self._chosen else " ", Tone.KEY),
                *fit_line(line(words(entry.name)), name_cells, ellipsis=glyphs.ellipsis),
                "  ",
                words(entry.about, Tone.DIM),
            )
            for number, entry in enumerate(self._found)
        ]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        wanted = event.value.strip().casefold().removeprefix(":")
        self._found = found_for(wanted, self._entries)
        self._chosen = 0
        self._draw()

    def _draw(self) -> None:
        text = self.query_one(Text)
        text.selected = None
        rows = max(1, text.size.height)
        text.top = max(0, self._chosen - rows + 1)
        text.selected = self._chosen - text.top
        text.redraw()

    def action_move(self, step: int) -> None:
        """Another line."""
        if self._found:
            self._chosen = (self._chosen + step) % len(self._found)
            self._draw()

    def action_take(self) -> None:
        """The chosen line's action."""
        self.dismiss(self._found[self._chosen].action if self._found else None)


def found_for(wanted: str, entries: Sequence[Entry]) -> list[Entry]:
    """Entries that hold the letters in their order; those that begin with them first, then those that contain them."""

    def rank(entry: Entry) -> int:
        name = entry.name.casefold()
        return 0 if name.startswith(wanted) else 1 if wanted in name else 2

    fitting = [entry for entry in entries if in_order(wanted, f"{entry.name} {entry.about}".casefold())]
    return sorted(fitting, key=rank)


class Confirm(Dialog[bool]):
    """A plan in the node's own words. A dangerous one wants a name typed before its button can be pressed."""

    DEFAULT_CSS = """
    Confirm #wanted { height: 1; margin: 1 0 0 0; }
    Confirm #typed { margin: 1 0 1 0; }
    Confirm.danger > #box { border: round $error; }
    Confirm.danger.ascii > #box { border: ascii $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", "page up", id="confirm.page_up", tooltip="The plan's page before."),
        Binding("pagedown", "page(1)", "page down", id="confirm.page_down", tooltip="The plan's next page."),
    ]
    TITLE_TEXT = "Confirm"
    AROUND_ROWS = 5  # frame, what is wanted, buttons; three more with a field

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan

    def _lines(self, cells: int) -> list[Line]:
        plan = self._plan
        glyph = mark(Tone.BAD, "danger", self.node_app.glyphs) if plan.danger else None
        lines = [line(glyph)] if glyph else []
        lines += wrapped(plan.summary, cells, Tone.HEAD)
        for consequence in plan.consequences[:100]:
            first, *rest = wrapped(consequence, cells - 2)
            lines += [line(Span(f"{self.node_app.glyphs.dot} ", Tone.DIM), *first), *(line("  ", *row) for row in rest)]
        return lines

    def _wanted(self, cells: int) -> list[Line]:
        """What to do now; never scrolled away."""
        word = self._plan.confirm
        if word is None:
            return [line(Span("The plan holds for 60 seconds; esc leaves.", Tone.DIM))]
        return [line("Type ", words(word, Tone.KEY, cells=cells - 24), " to go on; esc leaves.")]

    def inside(self) -> ComposeResult:
        """The plan, the field if a name is wanted, the buttons."""
        yield Text(self._lines)
        yield Text(self._wanted, id="wanted")
        if self._plan.confirm is not None:
            field = Input(id="typed", compact=True, max_length=200)
            field.cursor_blink = False
            yield field
        with Horizontal(id="buttons"):
            yield Button("Leave it", id="leave", compact=True)
            button = Button("Do it", id="do", compact=True, disabled=self._plan.confirm is not None)
            button.variant = "error" if self._plan.danger else "primary"
            yield button

    def on_mount(self) -> None:
        """The focus is where the hand must go first, never on the dangerous button."""
        self.set_class(self._plan.danger, "danger")
        wanted = "#typed" if self._plan.confirm is not None else "#leave" if self._plan.danger else "#do"
        self.query_one(wanted).focus()

    def on_resize(self, event: events.Resize) -> None:
        """The text is as high as it is long, or as there is room for beside what must stay in sight."""
        rows = len(self._lines(min(72, event.size.width - 4)))
        room = max(1, event.size.height - self.AROUND_ROWS - 3 * (self._plan.confirm is not None))
        self.query_one("#text").styles.height = min(rows, room)
        self.query_one("#box").border_subtitle = "PgDn: the rest" if rows > room else None

    def action_page(self, pages: int) -> None:
        """The text by its own height, one line kept."""
        text = self.query_one("#text", Text)
        text.move(pages * max(1, text.size.height - 1))

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#do", Button).disabled = not self._agrees(event.value)

    def _agrees(self, typed: str) -> bool:
        """The name as it is, or as it is shown where it holds what nobody can type."""
        wanted = self._plan.confirm or ""
        return typed in {wanted, visible(wanted)}

    @on(Input.Submitted, "#typed")
    def _submitted(self) -> None:
        if not self.query_one("#do", Button).disabled:
            self.dismiss(True)  # noqa: FBT003  the result of the dialogue

    @on(Button.Pressed, "#do")
    def _do(self) -> None:
        self.dismiss(True)  # noqa: FBT003

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(False)  # noqa: FBT003


class Field(NamedTuple):
    """A line of a form."""

    name: str
    label: str
    hint: str
    value: str = ""


ENROL = (
    Field("name", "name", "what people call it: pump-3"),
    Field("key", "key", "its public key, 64 hex digits"),
    Field("roles", "roles", "device, reader, writer or operator", "device"),
    Field("streams", "streams", "beginnings, with commas; empty: all"),
    Field("note", "note", "anything"),
)
CHECKPOINT = (Field("file", "file", "a signed file of this machine: /media/usb/checkpoint.json"),)
BLOCK_HASH = (Field("hash", "hash", "64 hex digits, as somebody you trust reads them out"),)


class Form(Dialog[Mapping[str, str]]):
    """A few fields and a button that plans; the node checks what was written."""

    DEFAULT_CSS = """
    Form .row { height: 1; margin: 0 0 1 0; }
    Form .row > Text { width: 10; height: 1; }
    Form .row > Input { width: 1fr; }
    """

    def __init__(self, title: str, fields: Sequence[Field]) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._fields = fields

    def inside(self) -> ComposeResult:
        """A row per field."""
        for field in self._fields:
            with Horizontal(classes="row"):
                yield Text(lambda _, label=field.label: [line(Span(label, Tone.DIM))], id=f"label-{field.name}")  # type: ignore[misc]
                entry = Input(field.value, placeholder=field.hint, id=field.name, compact=True, max_length=400)
                entry.cursor_blink = False
                yield entry
        with Horizontal(id="buttons"):
            yield Button("Leave it", id="leave", compact=True)
            yield Button("Show the plan", id="do", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Typing starts in the first field."""
        self.query_one(f"#{self._fields[0].name}").focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.focus_next()

    @on(Button.Pressed, "#do")
    def _do(self) -> None:
        self.dismiss({field.name: self.query_one(f"#{field.name}", Input).value.strip() for field in self._fields})

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
