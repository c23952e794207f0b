"""Screen `,`: what is in force, why, and what waits for a restart."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.details import describe_setting
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import SETTING_COLUMNS

SETTINGS = Tab(
    name="Settings",
    topic=Topic.SETTINGS,
    listing=lambda state: state.settings,
    columns=SETTING_COLUMNS,
    describe=describe_setting,
    title_of=lambda row: row.name,
    id_of=lambda row: row.name,
    keys=("name", "value", "origin", "reload", "pending", "about"),
    empty="The node has not told its settings yet.",
)


class SettingsScreen(ListScreen):
    """Every setting with its source; `a` has the node read its file again, after showing what would change."""

    NAME: ClassVar[str] = "settings"
    TITLE_TEXT: ClassVar[str] = "Settings"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.SETTINGS})
    TABS: ClassVar[tuple[Tab, ...]] = (SETTINGS,)
    LABELS: ClassVar[tuple[str, ...]] = ("list.describe", "settings.apply", "settings.theme", "list.copy")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply", "apply file", id="settings.apply", tooltip="Have the node read its settings file again."),
        Binding("T", "theme", "theme", id="settings.theme", tooltip="The next colour theme of this program."),
    ]

    def action_apply(self) -> None:
        """Plan it; the plan is the difference."""
        self.node_app.order("settings.apply", {})

    def action_theme(self) -> None:
        """The next theme."""
        self.node_app.next_theme()
