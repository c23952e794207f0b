"""What the composition hands over: the level that can be changed, and bytes of the present day."""

import structlog

from edge_node.base.log import set_level
from edge_node.control.house import LevelDesk
from edge_node.settings import LogSettings, Settings
from edge_node.store.usage import DAY_MS
from tests.control.house import house_of
from tests.gateway.rig import CLOCK, Site


def test_the_level_follows_operator_and_settings() -> None:
    """Whoever spoke last."""
    desk = LevelDesk("info")
    try:
        desk.set("error")
        assert (desk.level, structlog.get_logger().is_enabled_for(20)) == ("error", False)
        desk.follow(Settings(log=LogSettings(level="debug")))
        assert (desk.level, structlog.get_logger().is_enabled_for(10)) == ("debug", True)
    finally:
        set_level("info")


async def test_bytes_today_end_with_the_day(site: Site) -> None:
    """What was counted yesterday is not today's."""
    async with house_of(site) as house:
        device = house.roster.find("device")
        house.quota.day = CLOCK.now_ms() // DAY_MS
        house.quota.keys[device.key] = 5
        assert house.bytes_today(device) == 5
        house.quota.day -= 1
        assert house.bytes_today(device) == 0
        assert house.operator_key == site.paths.operator_key
