"""Settings: one frozen tree, read from TOML and the environment, every value with its source."""

from edge_node.settings.tree import (
    ClockSettings,
    HttpSettings,
    IngestSettings,
    JournalSettings,
    LogSettings,
    NodeSettings,
    Reload,
    Section,
    Settings,
    StoreSettings,
    TrustSettings,
)

__all__ = [
    "ClockSettings",
    "HttpSettings",
    "IngestSettings",
    "JournalSettings",
    "LogSettings",
    "NodeSettings",
    "Reload",
    "Section",
    "Settings",
    "StoreSettings",
    "TrustSettings",
]
