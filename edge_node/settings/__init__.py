"""Settings: one frozen tree, read from TOML and the environment, every value with its source."""

from edge_node.settings.address import ListenAddress, parse_listen
from edge_node.settings.errors import SettingsError
from edge_node.settings.load import load
from edge_node.settings.resolve import Loaded
from edge_node.settings.retention import FOR_EVER, RetentionPolicy, RetentionRule, choose_policy, parse_rules
from edge_node.settings.source import Origin, Source
from edge_node.settings.template import template
from edge_node.settings.tree import (
    ChainSettings,
    ClockSettings,
    ControlSettings,
    DdcSettings,
    GrpcSettings,
    HttpSettings,
    IngestSettings,
    JournalSettings,
    LogSettings,
    NodeSettings,
    Reload,
    RetentionSettings,
    Section,
    Settings,
    StoreSettings,
    SubscriptionSettings,
    TrustSettings,
)

__all__ = [
    "FOR_EVER",
    "ChainSettings",
    "ClockSettings",
    "ControlSettings",
    "DdcSettings",
    "GrpcSettings",
    "HttpSettings",
    "IngestSettings",
    "JournalSettings",
    "ListenAddress",
    "Loaded",
    "LogSettings",
    "NodeSettings",
    "Origin",
    "Reload",
    "RetentionPolicy",
    "RetentionRule",
    "RetentionSettings",
    "Section",
    "Settings",
    "SettingsError",
    "Source",
    "StoreSettings",
    "SubscriptionSettings",
    "TrustSettings",
    "choose_policy",
    "load",
    "parse_listen",
    "parse_rules",
    "template",
]
