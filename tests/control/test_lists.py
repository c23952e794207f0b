"""Callers and settings of a node's rooms, page by page."""

import pytest

from edge_node.base.ids import PublicKey
from edge_node.control.errors import BadParameter
from edge_node.control.lists import Lists
from tests.control.house import house_of
from tests.gateway.rig import ENROLLED, Site, key_of


async def test_devices_come_in_pages_that_miss_nobody(site: Site) -> None:
    """Each once, in one order whatever the size of a page; by status and by part of a name too."""
    async with house_of(site) as house:
        lists, whole = Lists(house), (await Lists(house).devices({}))["devices"]
        assert {one["key"] for one in whole} >= {key_of(name).public.hex() for name, *_ in ENROLLED}
        assert len({one["key"] for one in whole}) == len(whole)
        found, after = [], ""
        while True:
            page = await lists.devices({"limit": "2", **({"after": after} if after else {})})
            found += page["devices"]
            if not (after := page["next"]):
                break
        assert found == whole
        assert {one["status"] for one in (await lists.devices({"status": "suspended"}))["devices"]} == {"suspended"}
        named = (await lists.devices({"filter": whole[0]["name"]}))["devices"]
        assert whole[0] in named
        with pytest.raises(BadParameter):
            await lists.devices({"after": "nonsense"})


async def test_known_devices_keep_their_order_and_strangers_are_left_out(site: Site) -> None:
    """The rows that the feed repeats are those of the list."""
    async with house_of(site) as house:
        lists, key = Lists(house), key_of("device").public
        [row] = lists.devices_known([PublicKey(bytes(32)), key])
        assert lists.device(key.hex()) == {"device": row}


async def test_settings_are_listed_whole(site: Site) -> None:
    """One row a field, by its full name."""
    async with house_of(site) as house:
        rows = Lists(house).settings()["settings"]
        assert {"http.listen", "ddc.mode"} <= {row["name"] for row in rows}
