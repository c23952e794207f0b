"""The rooms behind the doors."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, VaultId
from edge_node.journal import open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.node.rooms import Rooms, build_rooms, make_clock
from edge_node.offline import make_node
from edge_node.paths import Paths
from edge_node.settings import ClockSettings, NodeSettings, Settings
from edge_node.trust.keystore import read_key_file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a node that was made a moment ago."""
    made = Settings(node=NodeSettings(data_dir=str(tmp_path / "data")))
    make_node(made, make_clock(made.clock), os.urandom, {})
    return made


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[Rooms]:
    """Its rooms, over an open journal."""
    clock, paths = make_clock(settings.clock), Paths(Path(settings.node.data_dir))
    journal = open_journal(paths, settings.journal, NODE_KINDS, random=os.urandom, clock=clock)
    try:
        yield await build_rooms(settings, paths, clock, node_key(paths), journal)
    finally:
        await journal.flush_and_close()


def node_key(paths: Paths) -> PublicKey:
    """The node's public key."""
    with read_key_file(paths.node_key) as key:
        return key.public


async def test_they_stand_on_what_the_log_holds(settings: Settings) -> None:
    """The operator that `init` enrolled is known; the vault is the node's own; nothing runs or is damaged."""
    async with built(settings) as rooms:
        assert [device.name for device in rooms.devices.list()] == ["operator"]
        assert rooms.vault == VaultId(rooms.node_key)
        assert rooms.ingest.waiting == 0
        assert rooms.losses.condition() == ""
        assert rooms.ingest.tail is rooms.subscriptions.tail


async def test_they_follow_settings_that_change(settings: Settings) -> None:
    """Each takes its section; the clock takes the operator's word."""
    new = msgspec.structs.replace(
        settings,
        clock=ClockSettings(quality="precise"),
        subscriptions=msgspec.structs.replace(settings.subscriptions, open_max=7),
    )
    async with built(settings) as rooms:
        for follow in rooms.followers():
            follow(new)
        assert rooms.clock.quality() is ClockQuality.PRECISE
        assert rooms.subscriptions.settings.open_max == 7


def test_the_operator_s_word_about_the_clock_wins() -> None:
    """Each setting is its quality; auto asks the kernel."""
    for name, quality in (("unsynced", 0), ("manual", 1), ("network", 2), ("precise", 3)):
        assert make_clock(ClockSettings(quality=name)).quality() == quality  # type: ignore[arg-type]
    assert make_clock(ClockSettings()).quality() in (ClockQuality.UNSYNCED, ClockQuality.NETWORK)
