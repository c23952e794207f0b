"""Settings: one frozen tree, read from TOML and the environment, every value with its source."""

from edge_node.settings.address import ListenAddress, parse_listen
from edge_node.settings.errors import SettingsError
from edge_node.settings.load import load
from edge_node.settings.resolve import Loaded
from edge_node.settings.source import Origin, Source
from edge_node.settings.template import template
from edge_node.settings.tree import (
    ClockSettings,
    ControlSettings,
    HttpSettings,
    IngestSettings,
    JournalSettings,
    LogSettings,
    NodeSettings,
    Reload,
    Section,
    Settings,
    StoreSettings,
    SubscriptionSettings,
    TrustSettings,
)

__all__ = [
    "ClockSettings",
    "ControlSettings",
    "HttpSettings",
    "IngestSettings",
    "JournalSettings",
    "ListenAddress",
    "Loaded",
    "LogSettings",
    "NodeSettings",
    "Origin",
    "Reload",
    "Section",
    "Settings",
    "SettingsError",
    "Source",
    "StoreSettings",
    "SubscriptionSettings",
    "TrustSettings",
    "load",
    "parse_listen",
    "template",
]
