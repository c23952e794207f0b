"""Screen 4: what comes in, what it says, and what was refused and why."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tui.details import describe_event, describe_reason, describe_refusal, describe_stream
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import EVENT_COLUMNS, REASON_COLUMNS, REFUSAL_COLUMNS, STREAM_COLUMNS

STREAMS = Tab(
    name="Streams",
    topic=Topic.STREAMS,
    listing=lambda state: state.streams,
    columns=STREAM_COLUMNS,
    describe=describe_stream,
    title_of=lambda row: row.stream,
    id_of=lambda row: row.stream,
    keys=("stream", "refusal", "live"),
    empty="No streams yet. The first event of a device makes one.",
)
EVENTS = Tab(
    name="Events",
    topic=Topic.EVENTS,
    listing=lambda state: state.events,
    columns=EVENT_COLUMNS,
    describe=describe_event,
    title_of=lambda row: f"event {row.offset}",
    id_of=lambda row: row.cid,
    keys=("offset", "key", "seq", "late", "type", "cid", "event"),
    empty="No events. Choose a stream with enter on the tab before.",
    tail=True,
)
REASONS = Tab(
    name="Reasons",
    topic=Topic.REFUSALS,
    listing=lambda state: state.reason_rows,
    columns=REASON_COLUMNS,
    describe=describe_reason,
    title_of=lambda row: row.slug,
    id_of=lambda row: row.slug,
    keys=("slug", "title"),
    empty="Nothing was refused since the node started.",
)
REFUSALS = Tab(
    name="Refusals",
    topic=Topic.REFUSALS,
    listing=lambda state: state.refusals,
    columns=REFUSAL_COLUMNS,
    describe=describe_refusal,
    title_of=lambda row: row.slug,
    id_of=lambda row: row.slug,
    keys=("slug", "status", "key", "peer", "door", "detail"),
    empty="Nothing was refused since the node started.",
    tail=True,
)


class StreamsScreen(ListScreen):
    """Streams with their rates, the newest events of one, refusals by reason and one by one."""

    NAME: ClassVar[str] = "streams"
    TITLE_TEXT: ClassVar[str] = "Streams"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.STREAMS, Topic.EVENTS, Topic.REFUSALS})
    TABS: ClassVar[tuple[Tab, ...]] = (STREAMS, EVENTS, REASONS, REFUSALS)
    LABELS: ClassVar[tuple[str, ...]] = (
        "table.open", "list.describe", "list.tab_after", "list.copy", "streams.publish", "list.logs",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "t",
            "publish",
            "test event",
            id="streams.publish",
            tooltip="Publish a test event, signed by the node's operator.",
        ),
    ]

    def chosen(self, row: Any) -> None:
        """Enter: a stream shows its events, a reason its refusals, anything else describes itself."""
        if self.tab is STREAMS and row is not None:
            self.node_app.look_at_stream(row.stream)
            self.action_tab(1)
        elif self.tab is REASONS and row is not None:
            self.action_tab(1)
            self.filter_by(f"slug={row.slug}")
        else:
            self.action_describe()

    def looked_at(self, row: Any) -> None:
        """The newest events stand beside a stream's figures."""
        if self.tab is STREAMS and self.has_class("described"):
            self.node_app.look_at_stream(row.stream)

    def action_publish(self) -> None:
        """Ask what to publish; the stream under the cursor is proposed."""
        row = self.table.row
        self.node_app.publish(row.stream if self.tab is STREAMS and row is not None else self.node_app.state.events_of)
