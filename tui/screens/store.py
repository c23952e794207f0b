"""Screen 3: the pieces, where they lie, and whether they are what they were."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tui.details import describe_piece
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import PIECE_COLUMNS

PIECES = Tab(
    name="Pieces",
    topic=Topic.PIECES,
    listing=lambda state: state.pieces,
    columns=PIECE_COLUMNS,
    describe=describe_piece,
    title_of=lambda row: row.cid,
    id_of=lambda row: row.cid,
    keys=("cid", "damaged", "segment"),
    empty="No pieces yet. edge-node piece put stores one.",
)


class StoreScreen(ListScreen):
    """Pieces by CID; `v` has the node hash one again and hashes it here too."""

    NAME: ClassVar[str] = "store"
    TITLE_TEXT: ClassVar[str] = "Store"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.PIECES, Topic.DETAIL})
    TABS: ClassVar[tuple[Tab, ...]] = (PIECES,)
    LABELS: ClassVar[tuple[str, ...]] = ("list.describe", "store.verify", "list.copy", "list.logs", "list.maximise")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "verify", id="store.verify", tooltip="Hash the piece again, in the node and here."),
        Binding("R", "reload", "reload", id="store.reload", tooltip="Read the list of pieces again."),
    ]

    def on_mount(self) -> None:
        """The list is read when it is looked at first."""
        super().on_mount()
        self.node_app.worker.want_pieces()

    def looked_at(self, row: Any) -> None:
        """Where it lies and whose it is."""
        if self.node_app.state.detail_of != row.cid:
            self.node_app.look_at_piece(row.cid)

    def action_verify(self) -> None:
        """Hash it again."""
        row = self.table.row
        if row is not None:
            self.node_app.verify(row.cid, row.bytes)

    def action_reload(self) -> None:
        """Read the list again."""
        self.node_app.worker.want_pieces()
        self.redraw()
