"""Screen 3: pieces, buckets and names; where a piece lies, who holds it, and whether it is what it was."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tui.details import describe_bucket, describe_name, describe_piece
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import BUCKET_COLUMNS, NAME_COLUMNS, PIECE_COLUMNS
from tui.widgets.filterbar import FilterBar

PIECES = Tab(
    name="Pieces",
    topic=Topic.PIECES,
    listing=lambda state: state.pieces,
    columns=PIECE_COLUMNS,
    describe=describe_piece,
    title_of=lambda row: row.cid,
    id_of=lambda row: row.cid,
    keys=("cid", "kind", "bucket", "owner", "damaged", "segment"),
    empty="No pieces yet. edge-node piece put stores one.",
)
BUCKETS = Tab(
    name="Buckets",
    topic=Topic.BUCKETS,
    listing=lambda state: state.buckets,
    columns=BUCKET_COLUMNS,
    describe=describe_bucket,
    title_of=lambda row: f"bucket {row.bucket}",
    id_of=lambda row: str(row.bucket),
    keys=("bucket", "owner", "access", "authority"),
    empty="No buckets. A rule in ddc.buckets makes one known, such as: 7 owner=node public",
)
NAMES = Tab(
    name="Names",
    topic=Topic.NAMES,
    listing=lambda state: state.names,
    columns=NAME_COLUMNS,
    describe=describe_name,
    title_of=lambda row: row.name,
    id_of=lambda row: row.cid,
    keys=("name", "cid", "signer"),
    empty="No names. They are those of the bucket under the cursor on the tab before.",
)


class StoreScreen(ListScreen):
    """Pieces by CID with their buckets; `v` has the node hash one again and hashes it here too."""

    NAME: ClassVar[str] = "store"
    TITLE_TEXT: ClassVar[str] = "Store"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.PIECES, Topic.BUCKETS, Topic.NAMES, Topic.DETAIL})
    TABS: ClassVar[tuple[Tab, ...]] = (PIECES, BUCKETS, NAMES)
    LABELS: ClassVar[tuple[str, ...]] = (
        "list.describe", "store.verify", "list.tab_after", "list.copy", "list.logs", "list.maximise",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "verify", id="store.verify", tooltip="Hash the piece again, in the node and here."),
        Binding("R", "reload", "reload", id="store.reload", tooltip="Read the lists of pieces and buckets again."),
    ]

    def on_mount(self) -> None:
        """The lists are read when they are looked at first."""
        super().on_mount()
        self.node_app.worker.want_pieces()

    def chosen(self, row: Any) -> None:
        """Enter: a bucket shows its pieces, a name the piece it stands for, a piece describes itself."""
        if row is None or self.tab is PIECES:
            self.action_describe()
            return
        wanted = f"bucket={row.bucket}" if self.tab is BUCKETS else f"cid={row.cid}"
        self.action_tab(self.TABS.index(PIECES) - self.TABS.index(self.tab))
        self.query_one(FilterBar).value = wanted  # or what it held for the tab before would be taken for typed later
        self.filter_by(wanted)

    def looked_at(self, row: Any) -> None:
        """Where a piece lies and whose it is; the names of a bucket."""
        state = self.node_app.state
        if self.tab is PIECES and state.detail_of != row.cid:
            self.node_app.look_at_piece(row.cid)
        elif self.tab is BUCKETS and state.names_of != row.bucket:
            self.node_app.worker.want_names(row.bucket)

    def action_verify(self) -> None:
        """Hash it again."""
        row = self.table.row
        if self.tab is not PIECES:
            self.node_app.say("Pieces are verified: enter shows those of this row.")
        elif row is not None:
            self.node_app.verify(row)

    def action_reload(self) -> None:
        """Read the lists again, and the names that are shown."""
        self.node_app.worker.want_pieces()
        if (bucket := self.node_app.state.names_of) is not None:
            self.node_app.worker.want_names(bucket)
        self.redraw()
