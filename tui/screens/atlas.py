"""Every screen and dialogue by the place it has in the key map."""

from typing import Any

from tui.screens.base import NodeScreen
from tui.screens.chain import ChainScreen
from tui.screens.devices import DevicesScreen
from tui.screens.dialogs import Confirm, Dialog, Palette, TextDialog
from tui.screens.listed import ListScreen
from tui.screens.logs import LogsScreen
from tui.screens.overview import OverviewScreen
from tui.screens.settings import SettingsScreen
from tui.screens.store import StoreScreen
from tui.screens.streams import StreamsScreen
from tui.widgets.filterbar import FilterBar
from tui.widgets.table import Table

SCREENS: tuple[type[NodeScreen], ...] = (
    OverviewScreen,
    ChainScreen,
    StoreScreen,
    StreamsScreen,
    DevicesScreen,
    LogsScreen,
    SettingsScreen,
)

# In the order of docs/keys.md; a binding stands under the first place that has it.
PLACES: tuple[tuple[str, type[Any]], ...] = (
    ("Tables", ListScreen),
    ("Rows", Table),
    ("Overview", OverviewScreen),
    ("Chain", ChainScreen),
    ("Store", StoreScreen),
    ("Streams", StreamsScreen),
    ("Devices", DevicesScreen),
    ("Logs", LogsScreen),
    ("Settings", SettingsScreen),
    ("Filter", FilterBar),
    ("Dialogues", Dialog),
    ("Texts", TextDialog),
    ("Confirm", Confirm),
    ("Palette", Palette),
)
